import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { _electron, expect, test, type ElectronApplication, type Page } from '@playwright/test';
import { electronBinary } from './fixtures/electron-binary.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';

// What only a real Electron can show of electron/hardening.test.ts: that it does what the shell told it to.
const executablePath = electronBinary();
const root = join(import.meta.dirname, '..');

let folder: string;
let app: ElectronApplication;
let page: Page;
const launch = (): Promise<ElectronApplication> =>
  _electron.launch({
    ...(executablePath === null ? {} : { executablePath }),
    args: [root, '--test', `--profile=${join(folder, 'profile')}`],
  });

test.beforeEach(async () => {
  test.skip(executablePath === null, "Electron's binary is not installed (npx install-electron)");
  folder = await mkdtemp(join(tmpdir(), 'plainseal-hardening-'));
  app = await launch();
  page = await app.firstWindow();
  await page.waitForLoadState();
});
test.afterEach(async () => {
  if (executablePath === null) return;
  await app.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

test('the page is in the sandbox, without Node', async () => {
  expect(
    await page.evaluate(() =>
      ['require', 'process', 'module', 'Buffer'].filter((name) => name in globalThis),
    ),
  ).toEqual([]);
  // What Chromium says of its own process, not what was asked for.
  const sandboxed = await app.evaluate(({ app: electron }) =>
    electron
      .getAppMetrics()
      .filter(({ type }) => type === 'Tab')
      .map((metric) => metric.sandboxed),
  );
  if (process.platform !== 'linux') expect(sandboxed).toEqual([true]);
});

test('the page stays, opens nothing and is given nothing', async () => {
  const url = page.url();
  const outcome = await page.evaluate(async () => {
    const opened = window.open('https://example.org/') === null;
    location.href = 'https://example.org/';
    // The camera alone is asked about, in a dialog (electron/permission.ts); with a microphone it is not.
    const camera = await navigator.mediaDevices
      .getUserMedia({ video: true, audio: true })
      .catch((error: Error) => error.name);
    const place = await new Promise((resolve) =>
      navigator.geolocation.getCurrentPosition(
        () => resolve('given'),
        () => resolve('refused'),
      ),
    );
    return { opened, camera, place };
  });
  expect(outcome).toEqual({ opened: true, camera: 'NotAllowedError', place: 'refused' });
  expect(page.url()).toBe(url);
  expect(app.windows()).toHaveLength(1);
});

test('a page that crashed comes back', async () => {
  const loaded = page.waitForEvent('load');
  await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer(),
  );
  await loaded;
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('a second start on the same profile ends, and the first window has the focus', async () => {
  const second = await _electron
    .launch({
      ...(executablePath === null ? {} : { executablePath }),
      args: [root, '--test', `--profile=${join(folder, 'profile')}`, 'sgnl://linkdevice?uuid=x&pub_key=y'],
    })
    .catch(() => null);
  if (second) await second.waitForEvent('close');
  expect(app.windows()).toHaveLength(1);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('no crash dump is left', async () => {
  const dumps = await app.evaluate(({ app: electron }) => electron.getPath('crashDumps'));
  await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer(),
  );
  await page.waitForEvent('load');
  const files = existsSync(dumps) ? readdirSync(dumps, { recursive: true, encoding: 'utf8' }) : [];
  expect(files.filter((file) => file.endsWith('.dmp'))).toEqual([]);
});
