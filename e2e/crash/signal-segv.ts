import { readdir, readFile } from 'node:fs/promises';
import { createWriter } from '../../networks/email/test/writer.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { getToKnow } from './acquaintance.ts';
import { makeTexts, writeMails } from './mails.ts';
import type { Page } from './page.ts';
import type { Random } from './random.ts';
import { addSignal } from './signal-world.ts';
import { balanced, createTraffic, inWords } from './traffic.ts';
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
const EACH = 12;
const BACK_WITHIN_MS = 2_000;
const DEADLINE_MS = 120_000;

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

    const arriving = until(page, async () => (await mailsIn()) - before >= IN_BEFORE);
    const talking = traffic.talk(page, { mine: EACH, theirs: EACH, files: false, spreadMs: 500, random });
    await world.server.deliverMany(ME, mails);
    await arriving;
    const pid = await laneProcess();
    const back = page.next(
      'lane',
      (told) => told.account === signal.account && told.status.kind === 'online',
    );
    const inThen = (await mailsIn()) - before;
    const killedAt = performance.now();
    process.kill(pid, 'SIGSEGV');
    await back;
    const backMs = performance.now() - killedAt;
    const inAfter = (await mailsIn()) - before;
    await talking;
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
    await changed;
  }
}

/** The one process lane of this program, which the shell forks (proc(5)). */
async function laneProcess(): Promise<number> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // The name of a program is in brackets and may hold anything; the parent is the second field after it.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (parent !== process.pid) continue;
    const words = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (words.includes('worker/lane/process')) found.push(pid);
  }
  const [pid] = found;
  if (pid === undefined || found.length > 1) throw new Error(`${found.length} lanes run as a process`);
  return pid;
}
