import type { Content } from '../../shared/contract/content.ts';
import type {
  Asked,
  Author,
  FileRow,
  MessageRow,
  NotePeople,
  ReactionRow,
} from '../../shared/contract/message.ts';
import type { SendState } from '../../shared/contract/conversation.ts';
import type { AccountId, ConversationId, FileId, NetworkKey, PeerId } from '../../shared/ids.ts';
import type { HoldReason } from '../../shared/label/facts.ts';
import type { Label } from '../../shared/label/label.ts';
import type { FailureCode, OutboxState } from '../../shared/lane/intent.ts';
import type { Database } from '../database.ts';
import { messageId } from '../messages.ts';
import type { NoteContent } from '../notes.ts';
import { deletionState } from '../outbox.ts';

export interface MessageRecord {
  readonly id: number;
  readonly conversation: ConversationId;
  readonly account: AccountId;
  readonly key: NetworkKey;
  readonly kind: 'message' | 'note';
  readonly author: PeerId | null;
  readonly author_name: string | null;
  readonly sent_at: number;
  readonly received_at: number;
  readonly content: string;
  readonly label: string | null;
  readonly quote: NetworkKey | null;
  readonly edited_at: number | null;
  readonly deleted: number;
  readonly send_state: SendState | null;
  readonly send_state_at: number | null;
  readonly accepted_at: number | null;
  readonly read_at: number | null;
  readonly failure: FailureCode | null;
  readonly expires_after_ms: number | null;
  readonly expires_at: number | null;
  readonly hold: HoldReason | null;
  readonly waits: number | null;
}

/** Selects what {@link messageRow} reads; a WHERE clause follows. */
export const selectMessages = `SELECT m.id, m.conversation, m.account, m.key, m.kind, m.author,
    coalesce(p.name, p.address, p.identity) AS author_name, m.sent_at, m.received_at, m.content,
    coalesce(m.label, c.label) AS label, m.quote, m.edited_at, m.deleted, m.send_state, m.send_state_at,
    m.accepted_at, m.read_at, m.failure, m.expires_after_ms, m.expires_at, o.hold,
    CASE WHEN m.send_state = 'sealed' AND o.attempts > 0 THEN
      EXISTS (SELECT 1 FROM artifact WHERE outbox = o.id) AND
      NOT EXISTS (SELECT 1 FROM artifact WHERE outbox = o.id AND outcome <> 'pending') END AS waits
  FROM message AS m JOIN conversation AS c ON c.id = m.conversation LEFT JOIN peer AS p ON p.id = m.author
    LEFT JOIN outbox AS o ON o.id = m.outbox`;

/** Completes a selected row: files, quote, reactions. */
export function messageRow(db: Database, record: MessageRecord): MessageRow {
  if (record.kind === 'note') {
    const note = JSON.parse(record.content) as NoteContent;
    return {
      kind: 'note',
      id: messageId(record.id),
      conversation: record.conversation,
      code: note.code,
      at: record.sent_at,
      quoted: note.quoted,
      ...whoOf(db, note),
    };
  }
  return {
    kind: 'message',
    id: messageId(record.id),
    key: record.key,
    conversation: record.conversation,
    author: authorOf(record),
    sentAt: record.sent_at,
    receivedAt: record.received_at,
    content: JSON.parse(record.content) as Content,
    files: filesOf(db, record.id),
    quote: record.quote === null ? null : quoteOf(db, record.account, record.quote),
    reactions: reactionsOf(db, record.id),
    editedAt: record.edited_at,
    deleted: record.deleted === 1,
    ...askedOf(db, record),
    expires:
      record.expires_after_ms === null ? null : { afterMs: record.expires_after_ms, at: record.expires_at },
    sending:
      record.send_state === null
        ? null
        : {
            state: record.send_state,
            at: record.send_state_at ?? record.sent_at,
            hold: record.hold,
            failure: record.failure,
            readAt: record.read_at,
            acceptedAt: record.accepted_at,
            ...(record.waits === 1 ? { waits: true } : {}),
          },
    label: JSON.parse(record.label ?? 'null') as Label,
  };
}

/** In the page's words where it stands that others are asked. */
const asked: Readonly<Record<OutboxState, Asked>> = {
  queued: 'waiting',
  sealed: 'waiting',
  held: 'held',
  sent: 'sent',
  failed: 'not-sent',
  cancelled: 'not-sent',
};

function askedOf(db: Database, { deleted, author, account, key }: MessageRecord): { readonly asked?: Asked } {
  const state = deleted === 1 && author === null ? deletionState(db, account, key) : null;
  return state === null ? {} : { asked: asked[state] };
}

/** Who wrote a row. */
export function authorOf(record: Pick<MessageRecord, 'author' | 'author_name'>): Author {
  return record.author === null
    ? { me: true }
    : { me: false, peer: record.author, name: record.author_name ?? '' };
}

/** Most people a note names. */
const MAX_NOTE_PEOPLE = 3;

/** Whom a note names, as they are called now. */
export function whoOf(db: Database, note: NoteContent): { readonly who?: NotePeople } {
  const { people, by = null } = note;
  if (people === undefined) return {};
  // One too many is named rather than counted as "1 other".
  const named = people.length === MAX_NOTE_PEOPLE + 1 ? people : people.slice(0, MAX_NOTE_PEOPLE);
  return {
    who: {
      people: named.map((each) => called(db, each)),
      others: people.length - named.length,
      by: by === null ? null : called(db, by),
    },
  };
}

/** Somebody by the name they have now. */
export function called(db: Database, who: PeerId | 'me'): Author {
  if (who === 'me') return { me: true };
  const row = db.get<{ readonly name: string }>(
    'SELECT coalesce(name, address, identity) AS name FROM peer WHERE id = ?',
    who,
  );
  return { me: false, peer: who, name: row?.name ?? '' };
}

function filesOf(db: Database, message: number): readonly FileRow[] {
  return db
    .all<{
      readonly id: FileId;
      readonly name: string;
      readonly type: string;
      readonly size: number;
      readonly state: string;
    }>(
      `SELECT f.id, f.name, f.type, f.size, f.state FROM message_file AS mf JOIN file AS f ON f.id = mf.file
       WHERE mf.message = ? ORDER BY mf.position`,
      message,
    )
    .map((file) => ({
      id: file.id,
      name: file.name,
      type: file.type,
      size: file.size,
      state: file.state === 'here' ? 'here' : file.state === 'not-fetched' ? 'not-fetched' : 'missing',
    }));
}

/** Longest stretch of a quoted text, in UTF-16 units. */
const QUOTE_LENGTH = 300;

function quoteOf(db: Database, account: string, key: NetworkKey) {
  const quoted = db.get<{
    readonly id: number;
    readonly author: PeerId | null;
    readonly author_name: string | null;
    readonly content: string;
  }>(
    `SELECT m.id, m.author, coalesce(p.name, p.address, p.identity) AS author_name, m.content
     FROM message AS m LEFT JOIN peer AS p ON p.id = m.author WHERE m.account = ? AND m.key = ? AND m.kind = 'message'`,
    account,
    key,
  );
  if (!quoted) return { author: null, text: '', id: null };
  const { text } = JSON.parse(quoted.content) as Content;
  return { author: authorOf(quoted), text: text.slice(0, QUOTE_LENGTH), id: messageId(quoted.id) };
}

function reactionsOf(db: Database, message: number): readonly ReactionRow[] {
  const rows = db.all<{
    readonly by: string;
    readonly emoji: string;
    readonly name: string | null;
  }>(
    `SELECT r.by, r.emoji, coalesce(p.name, p.address, p.identity) AS name FROM reaction AS r
     LEFT JOIN peer AS p ON p.id = r.by WHERE r.message = ? ORDER BY r.at, r.by`,
    message,
  );
  const by = new Map<string, Author[]>();
  for (const row of rows) {
    const author: Author =
      row.by === 'me' ? { me: true } : { me: false, peer: row.by as PeerId, name: row.name ?? '' };
    for (const emoji of new Set(JSON.parse(row.emoji) as readonly string[]))
      by.set(emoji, [...(by.get(emoji) ?? []), author]);
  }
  return [...by].map(([emoji, authors]) => ({ emoji, by: authors }));
}
