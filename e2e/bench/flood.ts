import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { createDownloads } from '../../browser/downloads.ts';
import { attachPageLink } from '../../browser/page-link.ts';
import { startPageServer } from '../../browser/page-server.ts';
import { chatRow } from '../fixtures/steps.ts';
import { ACCOUNT, startBenchCore } from './core.ts';
import { launchChromium, recordFrames, showFrames } from './frames.ts';

/*
 * The page under a flood: somebody writes, and changes between two conversations, once with nothing else to do and once while a lane floods core with
 * words of a stranger and of a friend, reactions, receipts and typing. Core runs as it is shipped, in this process, the lane in a thread, and
 * the page in Chromium over the browser shell's own server.
 */

/** What the flooding lane is told. */
export type Flood = {
  readonly account: string;
  /** Things that come, of all kinds together. */
  readonly of: number;
  /** 0: begin; 1: it is over. */
  readonly signs: Int32Array;
};

const FLOOD = Number(process.env['BENCH_FLOOD'] ?? 100_000);
const WARM_MS = 4_000;
const IDLE_MS = 8_000;
/** Between two keys, and keys in one conversation. */
const KEY_MS = 60;
const KEYS = 12;

/** Writes into one conversation, then into the other, until it is enough. */
async function writeAndSwitch(page: Page, enough: () => boolean): Promise<void> {
  for (let turn = 0; !enough(); turn += 1) {
    await chatRow(page, turn % 2 === 0 ? 'Bob' : 'Alice')
      .first()
      .click();
    const composer = page.getByTestId('composer');
    await composer.click();
    for (let key = 0; key < KEYS && !enough(); key += 1) {
      await page.keyboard.press('abcdefghijkl'.charAt(key));
      await page.waitForTimeout(KEY_MS);
    }
  }
}

const signs = new Int32Array(new SharedArrayBuffer(8));
const given: Flood = { account: ACCOUNT, of: FLOOD, signs };
const lane = new URL('flood-lane.ts', import.meta.url);
const { core, folder, close } = await startBenchCore({
  network: 'email',
  address: 'me@example.org',
  lane,
  given,
});
const run = join(folder, 'run');
await mkdir(run, { mode: 0o700 });
const server = await startPageServer({
  page: join(import.meta.dirname, '../../out/page'),
  run,
  downloads: createDownloads(run),
  attach: (socket) =>
    void attachPageLink(socket, { toCore: (pipe) => core.attachPage(pipe), openLink: () => false }),
});
const browser = await launchChromium();
try {
  const page = await browser.newPage({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
  await page.goto(await server.enter());
  await chatRow(page, 'Alice').waitFor();
  // What is opened for the first time takes longer than ever after, flood or not.
  const warmAt = performance.now() + WARM_MS;
  await writeAndSwitch(page, () => performance.now() > warmAt);
  const idleEndsAt = performance.now() + IDLE_MS;
  const idle = await recordFrames(page, () => writeAndSwitch(page, () => performance.now() > idleEndsAt));
  const startedAt = performance.now();
  Atomics.store(signs, 0, 1);
  Atomics.notify(signs, 0);
  const busy = await recordFrames(page, () => writeAndSwitch(page, () => Atomics.load(signs, 1) === 1));
  showFrames(idle, busy, `a flood of ${FLOOD} comes in`, performance.now() - startedAt);
} finally {
  await browser.close();
  await server.close();
  await close();
}
