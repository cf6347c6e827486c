import { createWriter } from '../../networks/email/test/writer.ts';
import { createWorld, ME } from '../crash/world.ts';
import { launchInBrowser } from '../fixtures/app.ts';
import { makeProfileFolder } from '../fixtures/plainseal.ts';
import { chatRow } from '../fixtures/steps.ts';
import { getToKnow } from '../crash/acquaintance.ts';
import { launchChromium, scrollHistory, showFrames } from './frames.ts';
import { writeHistory } from './history.ts';
import { makeTexts, writeMails } from '../crash/mails.ts';

/*
 * The page while mail is being caught up: scrolling through a long conversation, once with nothing else to do and once while mails come in, half of
 * them into that very conversation. Same page, same session, same script.
 */

const MAILS = Number(process.env['BENCH_MAILS'] ?? 1_000);
const HISTORY = Number(process.env['BENCH_HISTORY'] ?? 10_000);
const IDLE_MS = 8_000;
const DRAIN_LIMIT_MS = 180_000;

const writer = await createWriter('writer@example.org', 'Wanda');
const stranger = await createWriter('stranger@example.org', 'Stranger');
const world = await createWorld((page, server, account) => getToKnow(writer, { page, server, account }));
const folder = await makeProfileFolder(world.server.ca);
const browser = await launchChromium();
try {
  const { server, profile, met } = world;
  writeHistory(profile, met.conversation, HISTORY);
  const { texts } = makeTexts(MAILS);
  const mails = [
    ...(await writeMails(
      writer,
      met.me,
      texts.filter((_, at) => at % 2 === 0),
    )),
    ...(await writeMails(
      stranger,
      met.me,
      texts.filter((_, at) => at % 2 === 1),
    )),
  ];
  await server.clearRecord();
  const app = await launchInBrowser(browser)({ ...folder, profile });
  try {
    const { page } = app;
    await server.waitForCommand({ address: ME, text: 'IDLE' }, DRAIN_LIMIT_MS);
    await chatRow(page, 'Wanda').click();
    await page.getByTestId('message').last().waitFor();

    const idleEndsAt = performance.now() + IDLE_MS;
    const idle = await scrollHistory(page, () => performance.now() > idleEndsAt);

    // Away and back: all mails are there when the connection is.
    await server.goOffline();
    await server.deliverMany(ME, mails);
    await server.clearRecord();
    await server.goOnline();
    await server.waitForCommand({ address: ME, text: 'UID FETCH' }, DRAIN_LIMIT_MS);
    let drained = false;
    const draining = server
      .waitForCommand({ address: ME, text: 'IDLE' }, DRAIN_LIMIT_MS)
      .finally(() => (drained = true));
    const startedAt = performance.now();
    const busy = await scrollHistory(page, () => drained);
    await draining;
    showFrames(idle, busy, `${MAILS} mails come in`, performance.now() - startedAt);
  } finally {
    await app.stop();
  }
} finally {
  await browser.close();
  await world.close();
  await folder.remove();
}
