import type { Content } from '../shared/contract/content.ts';
import type { SendState } from '../shared/contract/conversation.ts';
import type {
  AccountId,
  ConversationId,
  FileId,
  MessageId,
  Millis,
  NetworkKey,
  OutboxId,
  PeerId,
} from '../shared/ids.ts';
import type { Evidence } from '../shared/label/evidence.ts';
import type { Label } from '../shared/label/label.ts';
import type { FailureCode } from '../shared/lane/intent.ts';
import type { Database } from './database.ts';
import { endOf, stayOf, type Expires } from './expiry.ts';
import { forgetBytesOf } from './inbound.ts';
import { dropTold, emptyItem } from './outbox.ts';
import { forgetWords, indexNew, indexWords, wordsOf } from './search.ts';

/** A message as core decides over it; lists read more columns in queries/. */
export interface Message {
  readonly id: number;
  readonly conversation: ConversationId;
  readonly account: AccountId;
  readonly key: NetworkKey;
  readonly kind: 'message' | 'note';
  /** Null: me, or a note. */
  readonly author: PeerId | null;
  readonly sentAt: Millis;
  readonly content: string;
  readonly deleted: boolean;
  readonly sendState: SendState | null;
  readonly outbox: OutboxId | null;
}

const columns =
  'id, conversation, account, key, kind, author, sent_at AS sentAt, content, deleted, send_state AS sendState, outbox';

type Found = Omit<Message, 'deleted'> & { readonly deleted: number };
const read = (row: Found | undefined): Message | null =>
  row ? { ...row, deleted: row.deleted === 1 } : null;

/** Rowids carry the time: now × 1024, so that 1024 messages of one millisecond keep their order without touching the next. */
export const ROWIDS_PER_MS = 1024;

export const messageId = (rowid: number): MessageId => String(rowid) as MessageId;
/** The rowid of a MessageId; one that is no number names no message. */
export const rowidOf = (id: MessageId): number => (/^\d{1,16}$/.test(id) ? Number(id) : -1);

/** The rowid of the next message: never below the newest, whatever the clock does. */
export function nextRowid(db: Database, now: Millis): number {
  const last = db.get<{ readonly id: number | null }>('SELECT max(id) AS id FROM message')?.id ?? 0;
  return Math.max(Math.floor(now) * ROWIDS_PER_MS, last + 1);
}

/** By rowid. */
export function findMessage(db: Database, id: number): Message | null {
  return read(db.get<Found>(`SELECT ${columns} FROM message WHERE id = ?`, id));
}

/** By the network's own name. */
export function findMessageByKey(db: Database, account: AccountId, key: NetworkKey): Message | null {
  return read(db.get<Found>(`SELECT ${columns} FROM message WHERE account = ? AND key = ?`, account, key));
}

export type NewMessage = {
  readonly conversation: ConversationId;
  readonly account: AccountId;
  readonly key: NetworkKey;
  readonly author: PeerId | null;
  readonly sentAt: Millis;
  readonly content: Content;
  readonly evidence: Evidence | null;
  readonly label: Label | null;
  /** Mine, written here: its intent. Null for what came from the network. */
  readonly sending: { readonly outbox: OutboxId; readonly state: SendState } | null;
  /** It goes by itself. */
  readonly expires?: Expires | null;
};

/** Adds a message with its search words and files. Null when its key is there already: the same message, delivered twice. */
export function addMessage(db: Database, message: NewMessage, now: Millis): number | null {
  const id = nextRowid(db, now);
  const words = wordsOf(searchText(db, message.content));
  const added = db.run(
    `INSERT INTO message (id, conversation, account, key, kind, author, sent_at, received_at, content, words, evidence, label,
       quote, send_state, send_state_at, outbox, expires_after_ms, expires_at)
     VALUES (?, ?, ?, ?, 'message', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, key) DO NOTHING`,
    id,
    message.conversation,
    message.account,
    message.key,
    message.author,
    message.sentAt,
    now,
    JSON.stringify(message.content),
    words,
    message.evidence && JSON.stringify(message.evidence),
    message.label && JSON.stringify(message.label),
    message.content.quote ?? null,
    message.sending?.state ?? null,
    message.sending ? now : null,
    message.sending?.outbox ?? null,
    message.expires ? stayOf(message.expires.afterMs) : null,
    message.expires ? endOf(message.expires, now) : null,
  );
  if (added.changes === 0) return null;
  linkFiles(db, id, message.content.files);
  indexNew(db, id, words);
  return id;
}

/** Replaces what a message says; what it said before is kept as a revision. */
export function editMessage(
  db: Database,
  message: Message,
  edit: {
    readonly content: Content;
    /** What the new words were protected by: the row's label is theirs from now on. */
    readonly evidence: Evidence;
    readonly label: Label;
    readonly at: Millis;
  },
): void {
  db.run(
    `INSERT INTO revision (message, at, content, evidence)
     SELECT id, coalesce(edited_at, received_at), content, evidence FROM message WHERE id = ? ON CONFLICT DO NOTHING`,
    message.id,
  );
  db.run(
    'UPDATE message SET content = ?, evidence = ?, label = ?, edited_at = ? WHERE id = ?',
    JSON.stringify(edit.content),
    JSON.stringify(edit.evidence),
    JSON.stringify(edit.label),
    edit.at,
    message.id,
  );
  db.run('DELETE FROM message_file WHERE message = ?', message.id);
  linkFiles(db, message.id, edit.content.files);
  indexWords(db, message.id, wordsOf(searchText(db, edit.content)));
}

/**
 * Empties a message: text, words, files, revisions, reactions and evidence go, what its item would say if it were sent once
 * more, and what is kept of it elsewhere; the row stays, so that a second delivery does not bring it back.
 */
export function deleteMessage(db: Database, id: number): void {
  forgetWords(db, id);
  emptySettled(db, id);
  forgetBytesOf(db, id);
  dropTold(db, id);
  forgetFiles(db, id);
  db.run('DELETE FROM revision WHERE message = ?', id);
  db.run('DELETE FROM reaction WHERE message = ?', id);
  db.run(
    `UPDATE message SET content = '{"text":"","ranges":[],"files":[]}', evidence = NULL, quote = NULL, deleted = 1 WHERE id = ?`,
    id,
  );
}

/** The item of a message that has nothing to do any more says no longer what it said. */
function emptySettled(db: Database, id: number): void {
  const item = db.get<{ readonly id: OutboxId }>(
    `SELECT id FROM outbox WHERE id = (SELECT outbox FROM message WHERE id = ?) AND state IN ('sent', 'failed', 'cancelled')`,
    id,
  );
  if (item) emptyItem(db, item.id);
}

/** Removes a message with everything of it; of its item stays that it was. */
export function removeMessage(
  db: Database,
  message: { readonly id: number; readonly outbox: OutboxId | null },
): void {
  if (message.outbox) emptyItem(db, message.outbox);
  forgetBytesOf(db, message.id);
  dropTold(db, message.id);
  removeRow(db, message.id);
}

function removeRow(db: Database, id: number): void {
  forgetWords(db, id);
  forgetFiles(db, id);
  db.run('DELETE FROM message WHERE id = ?', id);
}

/** What was sealed here: the facts it went out under and the label they give. */
export function setEvidence(db: Database, id: number, evidence: Evidence, label: Label): void {
  db.run(
    'UPDATE message SET evidence = ?, label = ? WHERE id = ?',
    JSON.stringify(evidence),
    JSON.stringify(label),
    id,
  );
}

/** Where a message of mine stands. A later receipt never falls back to an earlier one. */
export function setSendState(
  db: Database,
  id: number,
  state: SendState,
  at: Millis,
  failure: FailureCode | null = null,
): void {
  db.run(
    `UPDATE message SET send_state = :state, send_state_at = :at, failure = :failure,
       accepted_at = CASE WHEN :state = 'sent' THEN coalesce(accepted_at, :at) ELSE accepted_at END,
       read_at = CASE WHEN :state = 'read' THEN coalesce(read_at, :at) ELSE read_at END
     WHERE id = :id`,
    { id, state, at, failure },
  );
}

/** Takes the files out of a message. One that nothing else names loses its key: its bytes mean nothing from then on. */
function forgetFiles(db: Database, message: number): void {
  const files = db.all<{ readonly file: FileId }>('SELECT file FROM message_file WHERE message = ?', message);
  db.run('DELETE FROM message_file WHERE message = ?', message);
  for (const { file } of files)
    db.run(
      `DELETE FROM file WHERE id = ? AND NOT EXISTS (SELECT 1 FROM message_file WHERE message_file.file = file.id)
         AND NOT EXISTS (SELECT 1 FROM artifact WHERE artifact.file = file.id)`,
      file,
    );
}

function linkFiles(db: Database, id: number, files: readonly FileId[]): void {
  for (const [position, file] of files.entries())
    db.run(
      'INSERT INTO message_file (message, position, file) SELECT ?, ?, id FROM file WHERE id = ? ON CONFLICT DO NOTHING',
      id,
      position,
      file,
    );
}

/** What a message says in bytes, its files among them. */
export function contentBytes(db: Database, content: Content): number {
  const sizes = content.files.map(
    (file) => db.get<{ readonly size: number }>('SELECT size FROM file WHERE id = ?', file)?.size ?? 0,
  );
  return sizes.reduce((sum, size) => sum + size, Buffer.byteLength(JSON.stringify(content)));
}

/** Text and file names: both are searched. */
function searchText(db: Database, content: Content): string {
  const names = content.files.map(
    (file) => db.get<{ readonly name: string }>('SELECT name FROM file WHERE id = ?', file)?.name ?? '',
  );
  return [content.text, ...names].join('\n');
}

/** The network keys of the newest that others wrote between two rowids (after the first, up to the second), oldest first. */
export function unreadKeys(
  db: Database,
  conversation: ConversationId,
  after: number,
  upTo: number,
  limit: number,
): readonly NetworkKey[] {
  return db
    .all<{ readonly key: NetworkKey }>(
      `SELECT key FROM message WHERE conversation = ? AND id > ? AND id <= ? AND kind = 'message'
         AND author IS NOT NULL AND deleted = 0 ORDER BY id DESC LIMIT ?`,
      conversation,
      after,
      upTo,
      limit,
    )
    .map((row) => row.key)
    .toReversed();
}

/** Removes up to `limit` messages of an account, with their words in the index; returns how many there were. */
export function removeSomeMessages(db: Database, account: AccountId, limit: number): number {
  const rows = db.all<{ readonly id: number }>(
    'SELECT id FROM message WHERE account = ? LIMIT ?',
    account,
    limit,
  );
  for (const { id } of rows) removeRow(db, id);
  return rows.length;
}
