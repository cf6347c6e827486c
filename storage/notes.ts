import type { AccountId, ConversationId, Millis, NetworkKey, PeerId } from '../shared/ids.ts';
import type { NoteCode } from '../shared/lane/change.ts';
import type { Database } from './database.ts';
import { nextRowid, ROWIDS_PER_MS } from './messages.ts';

/** What a note's content column holds. */
export type NoteContent = {
  readonly code: NoteCode;
  readonly quoted: string | null;
  /** Whom it names, and who did it; absent where it names nobody. */
  readonly people?: readonly (PeerId | 'me')[];
  readonly by?: PeerId | 'me' | null;
};

/** Adds a row that Plainseal itself states. Null when it was stated before. */
export function addNote(
  db: Database,
  note: {
    readonly conversation: ConversationId;
    readonly account: AccountId;
    readonly key: NetworkKey;
    readonly at: Millis;
    readonly content: NoteContent;
  },
  now: Millis,
): number | null {
  const id = nextRowid(db, now);
  const added = db.run(
    `INSERT INTO message (id, conversation, account, key, kind, sent_at, received_at, content)
     VALUES (?, ?, ?, ?, 'note', ?, ?, ?) ON CONFLICT (account, key) DO NOTHING`,
    id,
    note.conversation,
    note.account,
    note.key,
    note.at,
    now,
    JSON.stringify(note.content),
  );
  return added.changes === 1 ? id : null;
}

/** Rows looked at by {@link countNotes}, the newest: a busy conversation is not read through for each. */
const NOTES_AMONG = 1_000;

/** How many notes with a code a conversation has from a moment on, among its newest rows. */
export function countNotes(
  db: Database,
  conversation: ConversationId,
  code: NoteCode,
  since: Millis,
): number {
  return (
    db.get<{ readonly n: number }>(
      `SELECT count(*) AS n FROM (
         SELECT kind, content FROM message WHERE conversation = ? AND id >= ? ORDER BY id DESC LIMIT ${NOTES_AMONG})
       WHERE kind = 'note' AND content ->> 'code' = ?`,
      conversation,
      Math.floor(since) * ROWIDS_PER_MS,
      code,
    )?.n ?? 0
  );
}
