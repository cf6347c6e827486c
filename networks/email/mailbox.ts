import { emptyCommit } from '../../shared/lane/commit.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import type { Work } from '../../shared/lane/state.ts';
import type { Self } from './account-record.ts';
import { createBody, type Body } from './body.ts';
import type { Inbox, MailHeader } from './connection.ts';
import { addLedger, createLedger, type Ledger } from './ledger.ts';
import { commit } from './perform.ts';
import { receive } from './receive.ts';
import { arrival, setAside, type Arrival, type Receiving } from './receiving.ts';
import { readCursor, readMailRecord, writeCursor, type Cursor } from './records.ts';
import type { LearnedKeys } from './signer.ts';
import { triage, type Wanted } from './triage.ts';

/** Mails of one commit at most. */
export const BATCH_MAILS = 50;
/** Headers asked for at once. */
const HEADER_WINDOW = 200;
/** Bytes of bodies fetched at once, so that a batch of large mails does not fill the memory. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** Mails opened ahead of their turn: enough to keep a second processor busy, few enough for the memory when each is as large as it may be. */
const AHEAD_MAILS = 8;
const CONFLICT_TRIES = 5;
/** An arrival date may be earlier than ours by this much and still count as after the account was added. */
const SINCE_SLACK_MS = 24 * 60 * 60 * 1000;

/** What reading the mailbox needs of the lane. */
export interface Reading {
  readonly context: LaneContext;
  readonly self: () => Promise<Self>;
  readonly settle: Receiving['settle'];
  readonly learned: LearnedKeys;
  readonly dropCaches: () => void;
}

/** A commit could not be made: the disk is full, or core is gone. Reading starts over later. */
export class CommitFault extends Error {
  readonly why: 'conflict' | 'disk-full' | 'io' | 'held';
  constructor(why: CommitFault['why']) {
    super(`commit: ${why}`);
    this.name = 'CommitFault';
    this.why = why;
  }
}

/** One mail of a batch; its body as far as it was wanted. */
interface Fetched {
  readonly uid: number;
  readonly mail: Arrival;
  readonly old: boolean;
  /** It has ended two runs already: nothing of it is touched again. */
  readonly deadly: boolean;
  readonly body: Body | null;
  /** The body may hold a sealed message. */
  readonly sealed: boolean;
}

/**
 * Reads everything that is new in the INBOX, in order, and commits it batch by batch; the cursor moves in the same commit. While one batch is opened the
 * next one is fetched, unless the run before died: then one mail is touched at a time.
 * @throws ConnectError when the connection ends, CommitFault when core cannot commit.
 */
export async function drain(reading: Reading, inbox: Inbox, signal: AbortSignal): Promise<void> {
  const { context } = reading;
  const start = await startCursor(reading, inbox);
  const uids = await inbox.newerThan(start.uid);
  if (uids.length > 1) context.status({ kind: 'catching-up', left: uids.length });
  let left = uids.length;
  let next: Promise<readonly Fetched[]> | null = null;
  const batches = batchesOf(reading, inbox, uids);
  for (;;) {
    signal.throwIfAborted();
    const batch: readonly Fetched[] = await (next ?? batches.next());
    if (batch.length === 0) break;
    if (!context.careful) {
      // Opened ahead too, while the batch before is being committed.
      next = batches.next().then(async (fetched) => {
        await openAhead(reading, fetched.slice(0, AHEAD_MAILS));
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
    ? { uidValidity: inbox.uidValidity, uid: Math.max(0, inbox.uidNext - 1), since: context.now() }
    : { uidValidity: inbox.uidValidity, uid: 0, since: known.since };
}

/** After a run that died: marks what is touched next. True for what has ended two runs. */
async function isDeadly({ context }: Reading, what: string): Promise<boolean> {
  return context.careful && (await context.mark(what)) === 'quarantine';
}

/** Fetches in order: a window of headers, then bodies by the batch. */
function batchesOf(
  reading: Reading,
  inbox: Inbox,
  uids: readonly number[],
): { next(): Promise<readonly Fetched[]> } {
  const { careful } = reading.context;
  const size = careful ? 1 : BATCH_MAILS;
  let at = 0;
  let window: { readonly uid: number; readonly mail: Arrival }[] = [];
  return {
    async next() {
      if (window.length === 0 && at < uids.length) {
        const wanted = uids.slice(at, at + (careful ? 1 : HEADER_WINDOW));
        at += wanted.length;
        const [uid] = wanted;
        if (uid !== undefined && (await isDeadly(reading, `${inbox.uidValidity}:${uid}/header`)))
          return [deadly(uid, arrival(unread(uid), inbox.uidValidity))];
        for (const header of await inbox.headers(wanted)) {
          const mail = arrival(header, inbox.uidValidity);
          window.push({ uid: header.uid, mail });
        }
        // Every mail of the window vanished: go on with the next.
        if (window.length === 0) return at < uids.length ? this.next() : [];
      }
      const batch: typeof window = [];
      let bytes = 0;
      for (const one of window) {
        if (batch.length === size || (batch.length > 0 && bytes + one.mail.size > BATCH_BYTES)) break;
        bytes += one.mail.size;
        batch.push(one);
      }
      window = window.slice(batch.length);
      const [first] = batch;
      if (first && (await isDeadly(reading, first.mail.envelope))) return [deadly(first.uid, first.mail)];
      return fetchBodies(reading, inbox, batch);
    },
  };
}

/** A mail nothing is known of but where it lies. */
const unread = (uid: number): MailHeader => ({ uid, size: 0, arrivedAt: 0, header: new Uint8Array(0) });
const deadly = (uid: number, mail: Arrival): Fetched => ({
  uid,
  mail,
  old: false,
  deadly: true,
  body: null,
  sealed: false,
});

/** Decides on a scratch work which bodies are wanted, asks for credit, and fetches them. */
async function fetchBodies(
  reading: Reading,
  inbox: Inbox,
  batch: readonly { readonly uid: number; readonly mail: Arrival }[],
): Promise<readonly Fetched[]> {
  const { context } = reading;
  const since = (await readCursor(createWork(context.view)))?.since ?? 0;
  const scratch = createWork(context.view);
  const isOld = (mail: Arrival): boolean => mail.arrivedAt !== 0 && mail.arrivedAt + SINCE_SLACK_MS < since;
  const wanted = new Map<number, Wanted>();
  let size = 0;
  for (const { uid, mail } of batch) {
    if (isOld(mail)) continue;
    const receiving = await receivingOn(reading, scratch, createLedger());
    // A header that cannot be judged stops no other mail: its own turn sets it aside.
    const want = await triage(receiving, mail).catch(() => null);
    if (want === null) continue;
    wanted.set(uid, want);
    size += mail.size;
  }
  let bodies: ReadonlyMap<number, Uint8Array> = new Map();
  if (wanted.size > 0) {
    await context.credit(size);
    bodies = await inbox.bodies([...wanted.keys()]);
  }
  return batch.map(({ uid, mail }) => {
    const bytes = bodies.get(uid);
    const body = bytes === undefined ? null : createBody(bytes);
    const sealed = ['sealed', 'maybe-sealed'].includes(wanted.get(uid) ?? '');
    return { uid, mail, old: isOld(mail), deadly: false, body, sealed };
  });
}

/** Begins to open these, unless the run before died: then nothing is touched before its turn. */
async function openAhead(reading: Reading, mails: readonly Fetched[]): Promise<void> {
  if (reading.context.careful) return;
  const { keys } = await reading.self();
  for (const { body, sealed } of mails) if (sealed) body?.ahead(keys);
}

/** Asks core at once for what each mail of a batch will want to know; a read that fails is told when it is made. */
function askAhead(work: Work, batch: readonly Fetched[]): void {
  for (const { mail } of batch)
    if (mail.messageId !== null) readMailRecord(work, mail.messageId).catch(() => undefined);
}

async function receivingOn(reading: Reading, work: Work, ledger: Ledger): Promise<Receiving> {
  const { context, settle, learned } = reading;
  const self = await reading.self();
  return {
    account: context.account,
    self,
    work,
    ledger,
    now: context.now(),
    files: context.files,
    settle,
    learned,
  };
}

/** Opens a batch and commits it with the cursor. @throws CommitFault */
async function take(reading: Reading, inbox: Inbox, batch: readonly Fetched[]): Promise<void> {
  const { context } = reading;
  for (let attempt = 0; attempt < CONFLICT_TRIES; attempt++) {
    const work = createWork(context.view);
    const ledger = createLedger();
    askAhead(work, batch);
    for (const [at, fetched] of batch.entries()) {
      await openAhead(reading, batch.slice(at, at + AHEAD_MAILS));
      await takeOne(reading, work, ledger, fetched);
    }
    const cursor = await startCursor(reading, inbox);
    const uid = Math.max(cursor.uid, ...batch.map((fetched) => fetched.uid));
    await readCursor(work);
    writeCursor(work, { ...cursor, uid });
    ledger.inbound.push({ kind: 'cursor', name: 'INBOX', value: `${cursor.uidValidity}:${uid}` });
    const { changes, forecasts, inbound, enqueue } = ledger;
    // The cursor in this commit is the acknowledgement: the server is told nothing.
    await context.crashPoint('lane.before-acknowledge');
    const result = await commit(context, {
      ...emptyCommit,
      work: work.writes(),
      changes,
      forecasts,
      inbound,
      enqueue,
    });
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
async function takeOne(reading: Reading, work: Work, ledger: Ledger, fetched: Fetched): Promise<void> {
  const { context } = reading;
  const { mail, old, body } = fetched;
  if (old) return;
  const point = work.savepoint();
  const own = createLedger();
  const receiving = await receivingOn(reading, work, own);
  try {
    if (fetched.deadly) {
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
