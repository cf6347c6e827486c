import { createWork } from '../../shared/lane/work.ts';
import { createBody, type Body } from './body.ts';
import type { Inbox, MailHeader } from './connection.ts';
import { createLedger } from './ledger.ts';
import { receivingOn, type Reading } from './reading.ts';
import { arrival, type Arrival } from './receiving.ts';
import type { Cursor } from './records.ts';
import { triage, type Wanted } from './triage.ts';

/** Mails of one commit at most. */
const BATCH_MAILS = 50;
/** Headers asked for at once. */
const HEADER_WINDOW = 200;
/** Bytes of bodies fetched at once, so that a batch of large mails does not fill the memory. */
const BATCH_BYTES = 8 * 1024 * 1024;
/**
 * Mails opened ahead of their turn: enough to keep a second processor busy while a batch is committed, bounded for the memory, as what is sealed
 * may be compressed.
 */
const AHEAD_MAILS = 32;
const AHEAD_BYTES = 512 * 1024;
/** An arrival date may be earlier by this much and still count as after the account was added. */
const SINCE_SLACK_MS = 24 * 60 * 60 * 1000;

/** One mail of a batch; its body as far as it was wanted. */
export interface Fetched {
  readonly uid: number;
  readonly mail: Arrival;
  readonly old: boolean;
  /** It has ended two runs already: nothing of it is touched again. */
  readonly deadly: boolean;
  readonly body: Body | null;
  /** The body may hold a sealed message. */
  readonly sealed: boolean;
}

/** After a run that died: marks what is touched next. True for what has ended two runs. */
async function isDeadly({ context }: Reading, what: string): Promise<boolean> {
  return context.careful && (await context.mark(what)) === 'quarantine';
}

/** Fetches in order: a window of headers, then bodies by the batch. */
export function batchesOf(
  reading: Reading,
  inbox: Inbox,
  uids: readonly number[],
  cursor: Cursor,
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
      return fetchBodies(reading, inbox, batch, cursor);
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

/**
 * Whether a mail was here before the account. Asked only where the server has numbered everything anew: whatever else has a new number came after,
 * whatever any clock said or says.
 */
const isOld = ({ renumberedBelow = 0, since }: Cursor, uid: number, { arrivedAt }: Arrival): boolean =>
  uid < renumberedBelow && arrivedAt !== 0 && arrivedAt + SINCE_SLACK_MS < since;

/** Decides on a scratch work which bodies are wanted, asks for credit, and fetches them. */
async function fetchBodies(
  reading: Reading,
  inbox: Inbox,
  batch: readonly { readonly uid: number; readonly mail: Arrival }[],
  cursor: Cursor,
): Promise<readonly Fetched[]> {
  const { context } = reading;
  const scratch = createWork(context.view);
  const wanted = new Map<number, Wanted>();
  let size = 0;
  for (const { uid, mail } of batch) {
    if (isOld(cursor, uid, mail)) continue;
    const receiving = await receivingOn(reading, scratch, createLedger(), context.now());
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
    return { uid, mail, old: isOld(cursor, uid, mail), deadly: false, body, sealed };
  });
}

/** Begins to open the first of these, unless the run before died: then nothing is touched before its turn. */
export async function openAhead(reading: Reading, mails: readonly Fetched[]): Promise<void> {
  if (reading.context.careful) return;
  const { keys } = await reading.self();
  let bytes = 0;
  for (const { body, sealed } of mails.slice(0, AHEAD_MAILS)) {
    if (body === null || !sealed) continue;
    bytes += body.bytes.length;
    if (bytes > AHEAD_BYTES) return;
    body.ahead(keys);
  }
}
