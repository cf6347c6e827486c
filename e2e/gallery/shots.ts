import { mkdir } from 'node:fs/promises';
import { matchesGlob } from 'node:path';
import { chromium } from '@playwright/test';
import { serveGallery } from './serve.ts';

/** Pictures of the gallery, to be looked at: `node e2e/gallery/shots.ts FOLDER [name…]`; a name may be a pattern, as `label-*-dark`. */
const small = { width: 900, height: 640 } as const;
type Shot = {
  readonly query: string;
  readonly size?: { readonly width: number; readonly height: number };
  /** What the person's system asks for. */
  readonly media?: {
    readonly contrast?: 'more';
    readonly forcedColors?: 'active';
    readonly colorScheme?: 'dark';
  };
};

/** A conversation for each state of the label. */
const labelStates = [
  'priya',
  'alice',
  'cave',
  'hartmann',
  'kenji',
  'jonas',
  'fell',
  'nokey',
  'allotment',
  'stranger',
];
const labelMedia = {
  light: {},
  dark: { colorScheme: 'dark' },
  contrast: { contrast: 'more' },
  'contrast-dark': { contrast: 'more', colorScheme: 'dark' },
  forced: { forcedColors: 'active' },
  'forced-dark': { forcedColors: 'active', colorScheme: 'dark' },
} as const;
/** `label-NAME-MEDIUM`: every state in light, dark, high contrast and the system's own colours. */
const labels: Readonly<Record<string, Shot>> = Object.fromEntries(
  labelStates.flatMap((name) =>
    Object.entries(labelMedia).map(([medium, media]) => [
      `label-${name}-${medium}`,
      { query: `chat=${name}`, size: small, media },
    ]),
  ),
);
const shots: Readonly<Record<string, Shot>> = {
  inbox: { query: 'chat=alice' },
  'inbox-dark': { query: 'chat=alice&theme=dark' },
  'inbox-900': { query: 'chat=alice', size: small },
  'inbox-200': { query: 'chat=alice&text=200' },
  'list-200': { query: 'text=200' },
  'list-narrow': { query: '', size: { width: 520, height: 800 } },
  stopped: { query: 'chat=jonas' },
  'stopped-dark': { query: 'chat=jonas&theme=dark' },
  'stopped-900': { query: 'chat=jonas', size: small },
  'stopped-200': { query: 'chat=jonas&text=200' },
  group: { query: 'chat=allotment' },
  provider: { query: 'chat=hartmann' },
  'provider-dark': { query: 'chat=hartmann&theme=dark' },
  unknown: { query: 'chat=kenji' },
  request: { query: 'chat=stranger' },
  fell: { query: 'chat=fell' },
  below: { query: 'chat=below' },
  'below-dark': { query: 'chat=below&theme=dark' },
  'held-below': { query: 'chat=held-below' },
  'held-below-dark': { query: 'chat=held-below&theme=dark' },
  report: { query: 'chat=stranger&sheet=report', size: { width: 1280, height: 1300 } },
  'report-dark': {
    query: 'chat=stranger&sheet=report&theme=dark',
    size: { width: 1280, height: 1300 },
  },
  nokey: { query: 'chat=nokey' },
  flat: { query: 'chat=flat' },
  hostile: { query: 'chat=hostile' },
  'look-alike': { query: 'chat=look-alike' },
  fatima: { query: 'chat=fatima' },
  night: { query: 'chat=night' },
  priya: { query: 'chat=priya' },
  empty: { query: 'chat=empty' },
  welcome: { query: 'new' },
  'welcome-dark': { query: 'new&theme=dark' },
  'welcome-200': { query: 'new&text=200' },
  settings: { query: 'chat=alice&sheet=settings' },
  palette: { query: 'chat=alice&sheet=palette' },
  'new-chat': { query: 'chat=alice&sheet=new-chat' },
  account: { query: 'chat=alice&sheet=account' },
  'sign-in': { query: 'chat=alice&sheet=sign-in' },
  relays: { query: 'chat=alice&sheet=relays' },
  'relays-dark-narrow': { query: 'chat=alice&sheet=relays&theme=dark', size: { width: 520, height: 900 } },
  add: { query: 'sheet=add', size: { width: 1280, height: 1500 } },
  'add-dark': { query: 'sheet=add&theme=dark', size: { width: 1280, height: 1500 } },
  'add-narrow': { query: 'sheet=add', size: { width: 520, height: 1900 } },
  person: { query: 'chat=marek&sheet=contact', size: { width: 1280, height: 1500 } },
  'person-dark': { query: 'chat=marek&sheet=contact&theme=dark', size: { width: 1280, height: 1500 } },
  'person-narrow': { query: 'chat=marek&sheet=contact', size: { width: 520, height: 1600 } },
  merge: { query: 'chat=alice&sheet=merge' },
  'merge-dark': { query: 'chat=alice&sheet=merge&theme=dark' },
  apart: { query: 'chat=marek&sheet=apart' },
  'apart-dark': { query: 'chat=marek&sheet=apart&theme=dark' },
  block: { query: 'chat=marek&sheet=block' },
  'block-dark': { query: 'chat=marek&sheet=block&theme=dark' },
  'second-way': { query: 'chat=second-way' },
  'writing-over': { query: 'chat=marek' },
  tells: { query: 'chat=alice&sheet=tells' },
  'settings-tall': { query: 'chat=alice&sheet=settings', size: { width: 1280, height: 1500 } },
  'settings-tall-dark': {
    query: 'chat=alice&sheet=settings&theme=dark',
    size: { width: 1280, height: 1500 },
  },
  changed: { query: 'sheet=email&changed', size: { width: 1280, height: 1100 } },
  'sees-openpgp': { query: 'chat=alice&sheet=who-sees' },
  'sees-openpgp-dark': { query: 'chat=alice&sheet=who-sees&theme=dark' },
  'sees-plain': { query: 'chat=hartmann&sheet=who-sees' },
  'sees-signal': { query: 'chat=priya&sheet=who-sees' },
  'sees-mls': { query: 'chat=cave&sheet=who-sees' },
  'sees-unknown': { query: 'chat=kenji&sheet=who-sees' },
  'sees-200': { query: 'chat=priya&sheet=who-sees&text=200' },
  'sees-narrow': { query: 'chat=priya&sheet=who-sees', size: { width: 520, height: 800 } },
  signal: { query: 'sheet=signal' },
  'signal-dark': { query: 'sheet=signal&theme=dark' },
  'signal-200': { query: 'sheet=signal&text=200' },
  'signal-narrow': { query: 'sheet=signal', size: { width: 520, height: 800 } },
  'link-again': { query: 'chat=priya&linked&sheet=link-again' },
  'new-group': { query: 'chat=wen&sheet=new-group' },
  pseudo: { query: 'chat=alice&locale=pseudo' },
  ...labels,
};

const [folder = 'out/shots', ...names] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const site = await serveGallery();
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  for (const [name, { query, size, media }] of Object.entries(shots)) {
    if (names.length > 0 && !names.some((wanted) => matchesGlob(name, wanted))) continue;
    const page = await browser.newPage({ viewport: size ?? { width: 1280, height: 800 } });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        process.stdout.write(`${name}: ${message.text()}\n`);
    });
    page.on('pageerror', (error) => process.stdout.write(`${name}: ${error.stack ?? error.message}\n`));
    if (media) await page.emulateMedia(media);
    await page.goto(`${site.url}?${query}`);
    await page.locator('main').first().waitFor({ state: 'attached' });
    await page.evaluate(() => document.fonts.ready);
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: `${folder}/${name}.png` });
    await page.close();
  }
} finally {
  await browser.close();
  await site.close();
}
