import { chatWith } from '../crash/signal-link.ts';
import { launchInBrowser } from '../fixtures/app.ts';
import { makeProfileFolder } from '../fixtures/plainseal.ts';
import { chatRow } from '../fixtures/steps.ts';
import { launchChromium, scrollHistory, showFrames } from './frames.ts';
import { writeHistory } from './history.ts';
import { linkDevice } from './signal-device.ts';

/*
 * The page while Signal's messages come in: as `scroll.ts`, with messages of two people at Signal's mock server, half of them into the conversation
 * that is open. They are in when both have been told that all of theirs arrived.
 */

const MESSAGES = Number(process.env['BENCH_MESSAGES'] ?? 1_000);
const HISTORY = Number(process.env['BENCH_HISTORY'] ?? 10_000);
const IDLE_MS = 8_000;

const device = await linkDevice(2);
const folder = await makeProfileFolder('', device.server.environment);
const browser = await launchChromium();
try {
  const { server, people, linked, profile } = device;
  const [open] = people;
  if (!open) throw new Error('nobody');
  const shell = await device.open();
  const conversation = await chatWith(shell.page, open);
  await shell.close();
  writeHistory(profile, conversation, HISTORY);
  const app = await launchInBrowser(browser)({ ...folder, profile });
  try {
    const { page } = app;
    await chatRow(page, open.name).click();
    await page.getByTestId('message').last().waitFor();

    const idleEndsAt = performance.now() + IDLE_MS;
    const idle = await scrollHistory(page, () => performance.now() > idleEndsAt);

    const startedAt = performance.now();
    const from = Date.now() - MESSAGES;
    let drained = false;
    const toldAll = Promise.all(people.map((person) => told(person, from))).finally(() => (drained = true));
    const accounts = people.map(({ id }) => id);
    await server.call('queueTexts', { accounts, device: linked.id, count: MESSAGES, sealed: true, from });
    const busy = await scrollHistory(page, () => drained);
    await toldAll;
    showFrames(idle, busy, `${MESSAGES} messages of Signal come in`, performance.now() - startedAt);
  } finally {
    await app.stop();
  }

  /** Resolves once receipts have named all that somebody sent from a time on. */
  async function told(person: (typeof people)[number], since: number): Promise<void> {
    const named = new Set<number>();
    while (named.size < MESSAGES / people.length) {
      const { receipt } = await server.next(person, 'receipt');
      for (const at of receipt?.of ?? []) if (at >= since) named.add(at);
    }
  }
} finally {
  await browser.close();
  await device.close();
  await folder.remove();
}
