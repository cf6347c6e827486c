import { createWriter } from '../../networks/email/test/writer.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { getToKnow } from './acquaintance.ts';
import { laneProcess } from './lane-process.ts';
import { makeTexts, writeMails } from './mails.ts';
import type { Page } from './page.ts';
import type { Random } from './random.ts';
import { addSignal } from './signal-world.ts';
import { balanced, createTraffic, inWords, pause } from './traffic.ts';
import { judge, told, isClean } from './verdict.ts';
import { createWorld, ME } from './world.ts';

/** What a death of native code in the Signal lane did to mail and to Signal. */
export interface Segfault {
  /** From the signal to the lane being online again, ms. */
  readonly backMs: number;
  /** Mails that were not in the database yet when the lane died, and those that came in while it was gone. */
  readonly mailsOpen: number;
  readonly mailsMeanwhile: number;
  readonly fault: string | null;
}

const MAILS = 400;
/** The lane dies once so many mails are in. */
const IN_BEFORE = 20;
/** Messages each side says before the death, again while the lane is gone, and again when it is back. */
const EACH = 5;
const SPREAD_MS = 500;
const BACK_WITHIN_MS = 2_000;
const DEADLINE_MS = 120_000;
/** Looks again at least this often, in ms. */
const LOOK_MS = 1_000;

/** Ends the process of the Signal lane with SIGSEGV while mails arrive and both sides talk on Signal. */
export async function segfaultSignal(random: Random): Promise<Segfault> {
  const writer = await createWriter('writer@example.org');
  const world = await createWorld((page, server, account) => getToKnow(writer, { page, server, account }));
  const signal = await addSignal(world.profile, world.server.ca);
  const shell = await signal.open([]);
  try {
    const { page } = shell;
    await page.online();
    const traffic = createTraffic(signal.conversation, signal.peer);
    const { texts } = makeTexts(MAILS);
    const mails = await writeMails(writer, world.met.me, texts);
    const mailsIn = mailCount(page, world.met.conversation);
    const before = await mailsIn();

    const talk = (): Promise<void> =>
      traffic.talk(page, { mine: EACH, theirs: EACH, files: false, spreadMs: SPREAD_MS, random });
    const disturbed: string[] = [];
    page.hear('lane', ({ account, status: { kind } }) => {
      if (account === world.account && kind !== 'online' && kind !== 'catching-up') disturbed.push(kind);
    });

    const arriving = until(page, async () => (await mailsIn()) - before >= IN_BEFORE);
    const said = [talk()];
    await world.server.deliverMany(ME, mails);
    await arriving;
    const pid = await laneProcess();
    const back = page.next(
      'lane',
      ({ account, status }) => account === signal.account && status.kind === 'online',
    );
    const inThen = (await mailsIn()) - before;
    const killedAt = performance.now();
    process.kill(pid, 'SIGSEGV');
    said.push(talk());
    await back;
    const backMs = performance.now() - killedAt;
    const inAfter = (await mailsIn()) - before;
    said.push(talk());
    await Promise.all(said);
    const books = await traffic.settle(page);
    await until(page, async () => (await mailsIn()) - before >= MAILS);
    const rows = await page.history(world.met.conversation);
    const shown = rows.flatMap((row) => (row.kind === 'message' && !row.author.me ? [row.content.text] : []));
    const wanted = new Set(texts);
    // Mails may stand in another order than they were written in: they all carry the same second.
    const verdict = {
      ...judge(
        texts,
        shown.filter((text) => wanted.has(text)),
      ),
      reordered: 0,
    };
    const faults = [
      ...(isClean(verdict) ? [] : [`mails: ${told(verdict)}`]),
      ...(balanced(books) ? [] : [inWords(books)]),
      ...(MAILS - inThen >= 100 ? [] : [`only ${MAILS - inThen} mails were still to come`]),
      ...(disturbed.length === 0 ? [] : [`the lane of e-mail was ${disturbed.join(', ')}`]),
      ...(inAfter > inThen ? [] : ['no mail came in while the lane was gone']),
      ...(backMs <= BACK_WITHIN_MS ? [] : [`back after ${Math.round(backMs)} ms`]),
    ];
    const fault = faults.length === 0 ? null : faults.join('; ');
    return { backMs, mailsOpen: MAILS - inThen, mailsMeanwhile: inAfter - inThen, fault };
  } finally {
    await shell.kill();
    await signal.close();
    await world.close();
  }
}

/** Counts the unread mails of a conversation. */
function mailCount(page: Page, conversation: ConversationId): () => Promise<number> {
  return async () => (await page.call('conversation.get', { conversation })).unread;
}

/** Looks at each change, until it holds. @throws Error after two minutes. */
async function until(page: Page, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const changed = page.next('changed');
    if (await holds()) return;
    if (Date.now() > deadline) throw new Error('what was waited for never came');
    await Promise.race([changed, pause(LOOK_MS)]);
  }
}
