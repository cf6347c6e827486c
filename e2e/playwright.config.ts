import { defineConfig } from '@playwright/test';
import { findChromium } from '../browser/chromium.ts';
import { offlineSwitches } from '../browser/window.ts';

const executablePath = findChromium();

/** Two workers, each with servers and profiles of its own; no second tries: a test that passes only sometimes has found something. */
export default defineConfig({
  testDir: '.',
  // One for all: a path in that of storage/ leads to declarations, which cannot be run.
  tsconfig: './tsconfig.json',
  testMatch: '*.spec.ts',
  workers: 2,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env.CI),
  outputDir: '../test-results',
  reporter: 'list',
  use: {
    // Without pictures of each step, which cost more than the steps.
    trace: { mode: 'retain-on-failure', screenshots: false },
    launchOptions: {
      ...(executablePath === null ? {} : { executablePath }),
      // Chromium does not start as root with its sandbox; only the test runner ever leaves it out.
      args: [...offlineSwitches, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
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
        'groups.spec.ts',
        'attacks.spec.ts',
        'check.spec.ts',
      ],
    },
  ],
});
