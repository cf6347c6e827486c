import type { Millis } from '../../shared/ids.ts';
import { isRefused } from '../../shared/lane/commit.ts';
import { createWork } from '../../shared/lane/work.ts';
import type { Work } from '../../shared/lane/state.ts';
import { batchesOf, openAhead, type Fetched } from './batches.ts';
import type { Inbox } from './connection.ts';
import { beginHere } from './cursor-begin.ts';
import { addLedger, commitOf, createLedger, type Ledger } from './ledger.ts';
import { commit } from './perform.ts';
import { receivingOn, type Reading } from './reading.ts';
import { receive } from './receive.ts';
import { setAside } from './receiving.ts';
import { readCursor, readMailRecord, writeCursor, type Cursor } from './records.ts';
import { triage } from './triage.ts';

const CONFLICT_TRIES = 5;

/** A commit could not be made: the disk is full, or core is gone. Reading starts over later. */
export class CommitFault extends Error {
  readonly why: 'conflict' | 'disk-full' | 'io' | 'held';
  constructor(why: CommitFault['why']) {
    super(`commit: ${why}`);
    this.name = 'CommitFault';
    this.why = why;
  }
}

/**
 * Reads everything that is new in the INBOX, in order, and commits it batch by batch; the cursor moves in the same commit. While one batch is opened
 * the next one is fetched, unless the run before died: then one mail is touched at a time.
 * @throws ConnectError when the connection ends, CommitFault when core cannot commit.
 */
export async function drain(reading: Reading, inbox: Inbox, signal: AbortSignal): Promise<void> {
  const { context } = reading;
  const start = await startCursor(reading, inbox);
  const uids = await inbox.newerThan(start.uid);
  if (uids.length > 1) context.status({ kind: 'catching-up', left: uids.length });
  let left = uids.length;
  let next: Promise<readonly Fetched[]> | null = null;
  const batches = batchesOf(reading, inbox, uids, start);
  for (;;) {
    signal.throwIfAborted();
    const batch: readonly Fetched[] = await (next ?? batches.next());
    if (batch.length === 0) break;
    if (!context.careful) {
      // Opened ahead too, while the batch before is being committed.
      next = batches.next().then(async (fetched) => {
        await openAhead(reading, fetched);
        return fetched;
      });
      // A failure while the batch before is being committed is reported when its turn comes.
      next.catch(() => undefined);
    }
    await take(reading, inbox, batch);
    left -= batch.length;
    if (uids.length > 1) context.status({ kind: 'catching-up', left: Math.max(0, left) });
  }
}

/** The committed cursor, or a new one where there is none or the server has numbered its mails anew. */
async function startCursor(reading: Reading, inbox: Inbox): Promise<Cursor> {
  const { context } = reading;
  const known = await readCursor(createWork(context.view));
  if (known?.uidValidity === inbox.uidValidity) return known;
  // Without a cursor reading begins with what comes from now on; anew numbered mailboxes are read from their beginning, as the mails
  // that are known already are recognised by their Message-IDs.
  return known === null
    ? beginHere(inbox, context.now())
    : {
        uidValidity: inbox.uidValidity,
        uid: 0,
        since: known.since,
        renumberedBelow: inbox.uidNext,
      };
}

/** Asks core at once for what each mail of a batch will want to know; a read that fails is told when it is made. */
function askAhead(work: Work, batch: readonly Fetched[]): void {
  for (const { mail } of batch)
    if (mail.messageId !== null) readMailRecord(work, mail.messageId).catch(() => undefined);
}

/**
 * Opens a batch and commits it with the cursor. Where core refuses what a batch makes each mail is taken alone, and the one that is refused by itself
 * is set aside: reading would begin with it again and again, and nothing behind it would ever come. @throws CommitFault
 */
async function take(reading: Reading, inbox: Inbox, batch: readonly Fetched[]): Promise<void> {
  try {
    await takeTogether(reading, inbox, batch);
  } catch (error) {
    if (!isRefused(error)) throw error;
    reading.context.log('commit-refused', { kind: error.kind, mails: batch.length });
    reading.dropCaches();
    if (batch.length > 1) for (const one of batch) await take(reading, inbox, [one]);
    else await takeTogether(reading, inbox, batch, true);
  }
}

/**
 * `refused`: core refuses what the batch makes, so nothing of it is opened.
 * @throws CommitFault, and what core throws where it refuses the commit.
 */
async function takeTogether(
  reading: Reading,
  inbox: Inbox,
  batch: readonly Fetched[],
  refused = false,
): Promise<void> {
  const { context } = reading;
  for (let attempt = 0; attempt < CONFLICT_TRIES; attempt++) {
    const work = createWork(context.view);
    const ledger = createLedger();
    askAhead(work, batch);
    // One moment for the whole batch: what it is judged by is judged once.
    const now = context.now();
    for (const [at, fetched] of batch.entries()) {
      await openAhead(reading, batch.slice(at));
      await takeOne(reading, work, ledger, fetched, { now, refused });
    }
    const cursor = await startCursor(reading, inbox);
    const uid = Math.max(cursor.uid, ...batch.map((fetched) => fetched.uid));
    await readCursor(work);
    writeCursor(work, { ...cursor, uid });
    ledger.inbound.push({ kind: 'cursor', name: 'INBOX', value: `${cursor.uidValidity}:${uid}` });
    // The cursor in this commit is the acknowledgement: the server is told nothing.
    await context.crashPoint('lane.before-acknowledge');
    const result = await commit(context, commitOf(work, ledger));
    if (result.ok) {
      await context.crashPoint('lane.after-acknowledge');
      for (const run of ledger.after) run();
      return;
    }
    reading.dropCaches();
    if (result.why !== 'conflict') throw new CommitFault(result.why);
  }
  throw new CommitFault('conflict');
}

/** One mail: whatever goes wrong with it, its writes are dropped and it is set aside; the others of the batch stand. */
async function takeOne(
  reading: Reading,
  work: Work,
  ledger: Ledger,
  fetched: Fetched,
  { now, refused }: { readonly now: Millis; readonly refused: boolean },
): Promise<void> {
  const { context } = reading;
  const { mail, old, body } = fetched;
  if (old) return;
  const point = work.savepoint();
  const own = createLedger();
  const receiving = await receivingOn(reading, work, own, now);
  try {
    if (refused) {
      // Its Message-ID may be what core refuses.
      await setAside(receiving, { ...mail, messageId: null }, 'refused-by-core', 'not-opened');
    } else if (fetched.deadly) {
      await setAside(receiving, mail, 'ended-the-program', 'not-opened');
    } else {
      const wanted = await triage(receiving, mail);
      if (wanted !== null && body !== null) await receive(receiving, mail, wanted, body);
      // Wanted, but gone from the server before its body was fetched: there is nothing left to open.
      else if (wanted !== null) own.inbound.push({ kind: 'consumed', envelope: mail.envelope });
    }
    addLedger(ledger, own);
    point.keep();
  } catch (error) {
    point.drop();
    reading.learned.clear();
    context.log('mail-fault', { kind: error instanceof Error ? error.name : 'unknown' });
    const aside = createLedger();
    await setAside({ ...receiving, ledger: aside }, mail, 'fault', 'not-opened');
    addLedger(ledger, aside);
  }
}
