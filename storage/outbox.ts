import { textOnly } from '../shared/contract/content.ts';
import { PlainsealError } from '../shared/errors.ts';
import type { AccountId, ConversationId, Millis, NetworkKey, OutboxId } from '../shared/ids.ts';
import type { HoldReason } from '../shared/label/facts.ts';
import type { Label } from '../shared/label/label.ts';
import type { Intent, OutboxItem, OutboxState } from '../shared/lane/intent.ts';
import { decodeFrame, encodeFrame } from '../shared/wire/codec.ts';
import { artifactsOf, dropArtifactBytes } from './artifacts.ts';
import type { Database } from './database.ts';

/** What waits for what: all that is said in a conversation, in its order; and receipts, for which nobody waits, by themselves. */
export type Queue = 'said' | 'receipts';

/** The queue an intent is written into. */
export const queueOf = (intent: Intent): Queue => (intent.what.kind === 'receipt' ? 'receipts' : 'said');

/** An intent and where it stands. */
export interface Outgoing {
  readonly id: OutboxId;
  readonly account: AccountId;
  readonly conversation: ConversationId | null;
  readonly queue: Queue;
  readonly message: number | null;
  readonly intent: Intent;
  /** The label its sender saw; null for what the protocol sends by itself. */
  readonly seenLabel: Label | null;
  readonly state: OutboxState;
  readonly hold: HoldReason | null;
  readonly attempts: number;
  readonly notBefore: Millis;
}

const columns =
  'id, account, conversation, queue, message, intent, seen_label, state, hold, attempts, not_before AS notBefore';

type Row = Omit<Outgoing, 'intent' | 'seenLabel'> & {
  readonly intent: Uint8Array;
  readonly seen_label: string | null;
};

function read(row: Row): Outgoing {
  const { seen_label: seen, intent, ...rest } = row;
  return {
    ...rest,
    intent: decodeFrame(intent) as Intent,
    seenLabel: seen === null ? null : (JSON.parse(seen) as Label),
  };
}

/** Writes an intent at the end of its conversation's queue. */
export function addIntent(
  db: Database,
  item: {
    readonly id: OutboxId;
    readonly account: AccountId;
    readonly message: number | null;
    readonly intent: Intent;
    readonly seenLabel: Label | null;
    readonly hold: HoldReason | null;
  },
): void {
  db.run(
    `INSERT INTO outbox (id, seq, account, conversation, queue, written_at, message, intent, seen_label, state, hold, message_key)
     VALUES (?, (SELECT coalesce(max(seq), 0) + 1 FROM outbox WHERE conversation IS ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    item.id,
    item.intent.conversation,
    item.account,
    item.intent.conversation,
    queueOf(item.intent),
    item.intent.sentAt,
    item.message,
    encodeFrame(item.intent),
    item.seenLabel && JSON.stringify(item.seenLabel),
    item.hold === null ? 'queued' : 'held',
    item.hold,
    messageOf(item.intent),
  );
}

/** The message whose words an intent holds beside it, or that it has others delete. */
function messageOf({ what }: Intent): NetworkKey | null {
  if (what.kind === 'delete') return what.target;
  return what.kind === 'protocol' ? (what.of ?? null) : null;
}

/** What the protocol sent by itself is kept for so long once it is over: a lane may still say something of it. */
export const QUIET_KEPT_MS = 7 * 24 * 60 * 60 * 1_000;
/** Swept beyond what comes, so that there are ever fewer. */
const SWEEP = 8;

/** Forgets receipts and the like that are over and old, a few more than have `come`: who causes them would fill the database else. */
export function sweepQuiet(db: Database, now: Millis, come: number): void {
  db.run(
    `DELETE FROM outbox WHERE id IN (
       SELECT id FROM outbox INDEXED BY outbox_over WHERE message IS NULL AND seen_label IS NULL
         AND (state = 'sent' OR state = 'failed' OR state = 'cancelled') AND written_at < ?
       ORDER BY written_at LIMIT ?)`,
    now - QUIET_KEPT_MS,
    come + SWEEP,
  );
}

/** One item, or null. */
export function findOutgoing(db: Database, id: OutboxId): Outgoing | null {
  const row = db.get<Row>(`SELECT ${columns} FROM outbox WHERE id = ?`, id);
  return row ? read(row) : null;
}

export interface QueueHead {
  readonly id: OutboxId;
  readonly conversation: ConversationId | null;
  readonly queue: Queue;
  readonly state: OutboxState;
  readonly notBefore: Millis;
}

/**
 * What is open, by an index that has nothing else: of a conversation all that was ever sent would be looked at. In words of that index, and without
 * `IN`, for which SQLite makes a table each time.
 */
const open =
  "FROM outbox INDEXED BY outbox_open WHERE state <> 'sent' AND state <> 'failed' AND state <> 'cancelled'";
const openOf = `${open} AND account = ?`;
const openIn = `${open} AND account = (SELECT account FROM conversation WHERE id = :conversation) AND conversation = :conversation`;

const said = `${openOf} AND conversation = ? AND queue = 'said'`;
type InAccount = { readonly id: ConversationId; readonly account: AccountId };

/** Whether anything is open of what is said in a conversation. */
export function hasOpen(db: Database, { account, id }: InAccount): boolean {
  return db.get(`SELECT 1 ${said} LIMIT 1`, account, id) !== undefined;
}

/** What is open of a conversation, oldest first; receipts as well. */
export function openItems(db: Database, conversation: ConversationId): readonly Outgoing[] {
  return db.all<Row>(`SELECT ${columns} ${openIn} ORDER BY seq`, { conversation }).map(read);
}

/**
 * The head of every queue of an account that has something open: of what is said in each conversation, and of its receipts, the oldest item that
 * is queued, sealed or held (`held` blocks what follows; what was sent, failed or cancelled does not), and of what the protocol itself
 * sends the oldest that is due, else the one due first. Bounded by what is open, never by history.
 */
export function queueHeads(db: Database, account: AccountId, now: Millis): readonly QueueHead[] {
  const heads = db.all<QueueHead>(
    `SELECT id, conversation, queue, state, not_before AS notBefore, min(seq) ${openOf}
     AND conversation IS NOT NULL GROUP BY conversation, queue`,
    account,
  );
  const own = db.get<QueueHead>(
    `SELECT id, conversation, queue, state, not_before AS notBefore ${openOf} AND state <> 'held' AND conversation IS NULL
     ORDER BY max(not_before, ?), seq LIMIT 1`,
    account,
    now,
  );
  return own ? [...heads, own] : heads;
}

/** What is open of an account, with what the protocol itself sends. */
export function openItemsOf(db: Database, account: AccountId): readonly Outgoing[] {
  return db.all<Row>(`SELECT ${columns} ${openOf} ORDER BY seq`, account).map(read);
}

/** The held items of a conversation, oldest first. */
export function heldItems(db: Database, conversation: ConversationId): readonly Outgoing[] {
  return db
    .all<Row>(`SELECT ${columns} ${openIn} AND state = 'held' ORDER BY seq`, { conversation })
    .map(read);
}

/** Why the oldest held item of a conversation is held; null where none is. Asked with every forecast. */
export function firstHold(db: Database, { account, id }: InAccount): HoldReason | null {
  const row = db.get<{ readonly hold: HoldReason | null }>(
    `SELECT hold ${said} AND state = 'held' ORDER BY seq LIMIT 1`,
    account,
    id,
  );
  return row?.hold ?? null;
}

/** The rowid of the oldest held message of a conversation; null where none is. */
export function firstHeldMessage(db: Database, { account, id }: InAccount): number | null {
  const row = db.get<{ readonly message: number }>(
    `SELECT message ${said} AND state = 'held' AND message IS NOT NULL ORDER BY seq LIMIT 1`,
    account,
    id,
  );
  return row?.message ?? null;
}

/** Words of a quoted message a lane gets to see, in UTF-16 units. */
const QUOTED_LENGTH = 300;

/** The words of the message an item answers; null when it answers none, or that is not in the conversation any more. */
function quotedBy(db: Database, { account, conversation, intent }: Outgoing): string | null {
  const quote = intent.what.kind === 'content' ? intent.what.content.quote : undefined;
  if (quote === undefined || conversation === null) return null;
  const row = db.get<{ readonly content: string }>(
    "SELECT content FROM message WHERE account = ? AND key = ? AND conversation = ? AND kind = 'message' AND deleted = 0",
    account,
    quote,
    conversation,
  );
  const { text = '' } = row ? (JSON.parse(row.content) as { readonly text?: string }) : {};
  return text === '' ? null : text.slice(0, QUOTED_LENGTH).toWellFormed();
}

/** What a lane gets to perform. */
export function outboxItem(db: Database, item: Outgoing): OutboxItem {
  const quoted = quotedBy(db, item);
  return {
    id: item.id,
    intent: item.intent,
    state: item.state,
    artifacts: artifactsOf(db, item.id),
    attempts: item.attempts,
    ...(quoted === null ? {} : { quoted }),
  };
}

/** Moves an item on. */
export function setOutboxState(
  db: Database,
  id: OutboxId,
  state: OutboxState,
  hold: HoldReason | null = null,
): void {
  const done = db.run('UPDATE outbox SET state = ?, hold = ?, not_before = 0 WHERE id = ?', state, hold, id);
  if (done.changes !== 1) throw new PlainsealError('not-found', 'no such outbox item');
}

/** A held item goes on, under the label the person has now seen. */
export function releaseItem(db: Database, id: OutboxId, seen: Label): void {
  db.run(
    "UPDATE outbox SET state = 'queued', hold = NULL, not_before = 0, seen_label = ? WHERE id = ? AND state = 'held'",
    JSON.stringify(seen),
    id,
  );
}

/**
 * A failed item is tried again: the same intent, at its old place. What was sealed and may have reached somebody goes again as
 * the same bytes; only where none are left is it sealed anew. Returns where it stands now.
 */
export function retryItem(db: Database, id: OutboxId): 'queued' | 'sealed' {
  const stored = db.get(
    'SELECT 1 FROM artifact WHERE outbox = ? AND (bytes IS NOT NULL OR file IS NOT NULL)',
    id,
  );
  const state = stored ? 'sealed' : 'queued';
  db.run(
    "UPDATE outbox SET state = ?, attempts = 0, not_before = 0 WHERE id = ? AND state = 'failed'",
    state,
    id,
  );
  return state;
}

/** Counts an attempt that came to nothing; the next not before `notBefore`. */
export function postpone(db: Database, id: OutboxId, notBefore: Millis): void {
  db.run('UPDATE outbox SET attempts = attempts + 1, not_before = ? WHERE id = ?', notBefore, id);
}

/** Whatever waits for its time may be tried now: the network came back. */
export function hurry(db: Database, account: AccountId): void {
  db.run(
    `UPDATE outbox SET not_before = 0 WHERE id IN (SELECT id ${openOf} AND state <> 'held' AND not_before > 0)`,
    account,
  );
}

/**
 * The message of an item was deleted: the item says no longer what it said, holds no bytes, and is not sent, or sent again.
 * For whom it was sealed stays known.
 */
export function emptyItem(db: Database, id: OutboxId): void {
  const item = findOutgoing(db, id);
  if (!item) return;
  emptyIntent(db, item);
  dropArtifactBytes(db, id);
  db.run("UPDATE outbox SET state = 'cancelled', hold = NULL WHERE id = ?", id);
}

/** A message was deleted, or is over: what my other devices were still to be told of it is not sent. */
export function dropTold(db: Database, message: number): void {
  const told = db
    .all<Row>(
      `SELECT ${columns} FROM outbox INDEXED BY outbox_told
     WHERE account = (SELECT account FROM message WHERE id = :message) AND message_key = (SELECT key FROM message WHERE id = :message)`,
      { message },
    )
    .map(read);
  // That others delete it too is still to be asked.
  for (const { id, intent } of told) if (intent.what.kind !== 'delete') emptyItem(db, id);
}

/** Where it stands that others are asked to delete a message of mine; null where nobody is. What earlier versions asked is not found. */
export function deletionState(db: Database, account: AccountId, message: NetworkKey): OutboxState | null {
  const named = db.all<Row>(
    `SELECT ${columns} FROM outbox INDEXED BY outbox_told WHERE account = ? AND message_key = ?`,
    account,
    message,
  );
  return named.map(read).find(({ intent }) => intent.what.kind === 'delete')?.state ?? null;
}

/** What an item was to say is needed no more: what kind of thing it was stays, the words and bytes of it go. */
export function emptyIntent(db: Database, { id, intent }: Pick<Outgoing, 'id' | 'intent'>): void {
  const what = withoutWords(intent.what);
  if (what)
    db.run(
      'UPDATE outbox SET intent = ?, message_key = NULL WHERE id = ?',
      encodeFrame({ ...intent, what }),
      id,
    );
}

/** Null where it holds none. */
function withoutWords(what: Intent['what']): Intent['what'] | null {
  if (what.kind === 'content' || what.kind === 'edit') return { ...what, content: textOnly('') };
  return what.kind === 'protocol' ? { ...what, data: new Uint8Array() } : null;
}
