import { defineConfig } from '@playwright/test';
import { findChromium } from '../browser/chromium.ts';
import { offlineSwitches } from '../browser/window.ts';

const executablePath = findChromium();

/**
 * What Chromium leaves out: all that Playwright 1.65 leaves out (its `chromiumSwitches.ts`), since of several such switches the last alone
 * counts; and what draws Chromium's own address field in two pages of their own for each window, and keeps a process ready that
 * nobody asked for. Those took a third of all that Chromium took.
 */
const withoutFeatures = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'TcpPortRandomizationWin',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
  'msForceBrowserSignIn',
  'msEdgeUpdateLaunchServicesPreferredVersion',
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'SpareRendererForSitePerProcess',
];

/** Two workers, each with servers and profiles of its own; no second tries: a test that passes only sometimes has found something. */
export default defineConfig({
  testDir: '.',
  // One for all: a path in that of storage/ leads to declarations, which cannot be run.
  tsconfig: './tsconfig.json',
  testMatch: '*.spec.ts',
  workers: 2,
  // Tests of one file may run side by side: no worker is left alone with a long file at the end.
  fullyParallel: true,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env.CI),
  outputDir: '../test-results',
  reporter: 'list',
  use: {
    // Without pictures and copies of the page at each step, which cost more than the steps; `--trace on` has them.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: false },
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(executablePath === null ? {} : { executablePath }),
      // Chromium does not start as root with its sandbox; only the test runner ever leaves it out.
      args: [
        ...offlineSwitches,
        `--disable-features=${withoutFeatures.join(',')}`,
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
    },
  },
  projects: [
    { name: 'browser', testIgnore: 'hardening.spec.ts' },
    // Electron has one window; what is about the build or the page alone needs no shell twice.
    {
      name: 'electron',
      testIgnore: [
        'second-tab.spec.ts',
        'build.spec.ts',
        'axe.spec.ts',
        'gallery.spec.ts',
        'focus.spec.ts',
        'groups.spec.ts',
        'attacks.spec.ts',
        'check.spec.ts',
      ],
    },
  ],
});
