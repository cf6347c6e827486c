import type { CallArgs } from '../../shared/contract/calls.ts';
import type { Content } from '../../shared/contract/content.ts';
import type { MessageDetails, MessageRow, SearchHit } from '../../shared/contract/message.ts';
import type { ConversationId, MessageId, PeerId } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { Label } from '../../shared/label/label.ts';
import type { Database } from '../database.ts';
import { messageId, rowidOf } from '../messages.ts';
import { searchMessages } from '../search.ts';
import { authorOf, called, messageRow, selectMessages, type MessageRecord } from './message-rows.ts';

export interface MessagePage {
  /** Oldest first. */
  readonly rows: readonly MessageRow[];
  readonly moreBefore: boolean;
  readonly moreAfter: boolean;
}

/** A page of a conversation; `around` names where, `side` which side of it. Two index ranges whatever the history holds. */
export function messagePage(db: Database, args: CallArgs<'message.page'>): MessagePage {
  const { conversation, limit } = args;
  const at = placeOf(db, conversation, args.around);
  if (at === null) {
    const newest = below(db, conversation, Number.MAX_SAFE_INTEGER, limit);
    return { rows: newest.rows, moreBefore: newest.more, moreAfter: false };
  }
  const half = Math.ceil(limit / 2);
  const before = args.side === 'after' ? 0 : args.side === 'before' ? limit : half;
  const after = args.side === 'before' ? 0 : args.side === 'after' ? limit : limit - half;
  // `around` includes the row itself, on the later side.
  const from = args.side === 'after' ? at + 1 : at;
  const older = below(db, conversation, at, before);
  const newer = above(db, conversation, from, after);
  return {
    rows: [...older.rows, ...newer.rows],
    moreBefore: older.more,
    moreAfter: newer.more,
  };
}

/** The rowid a page is asked around, or null for the end. */
function placeOf(db: Database, conversation: ConversationId, around: string): number | null {
  if (around === 'end') return null;
  if (around !== 'first-unread') return rowidOf(around as MessageId);
  return (
    db.get<{ readonly id: number | null }>(
      `SELECT min(m.id) AS id FROM message AS m JOIN conversation AS c ON c.id = m.conversation
       WHERE m.conversation = ? AND m.id > c.read_up_to AND m.kind = 'message' AND m.author IS NOT NULL AND m.deleted = 0`,
      conversation,
    )?.id ?? null
  );
}

function below(db: Database, conversation: ConversationId, id: number, limit: number) {
  const records = db.all<MessageRecord>(
    `${selectMessages} WHERE m.conversation = ? AND m.id < ? ORDER BY m.id DESC LIMIT ?`,
    conversation,
    id,
    limit + 1,
  );
  const rows = records.slice(0, limit).map((record) => messageRow(db, record));
  return { rows: rows.toReversed(), more: records.length > limit };
}

function above(db: Database, conversation: ConversationId, from: number, limit: number) {
  const records = db.all<MessageRecord>(
    `${selectMessages} WHERE m.conversation = ? AND m.id >= ? ORDER BY m.id LIMIT ?`,
    conversation,
    from,
    limit + 1,
  );
  return {
    rows: records.slice(0, limit).map((record) => messageRow(db, record)),
    more: records.length > limit,
  };
}

/** The rows of some messages, in the order asked; those that are not there are left out. */
export function messageRows(
  db: Database,
  args: CallArgs<'message.rows'>,
): { readonly rows: readonly MessageRow[] } {
  const rows = args.ids.flatMap((id) => {
    const record = db.get<MessageRecord>(`${selectMessages} WHERE m.id = ?`, rowidOf(id));
    return record ? [messageRow(db, record)] : [];
  });
  return { rows };
}

/** What is known of one message and how it was protected; null when it is not there or a note. */
export function messageDetails(db: Database, args: CallArgs<'message.details'>): MessageDetails | null {
  const id = rowidOf(args.id);
  const row = db.get<{ readonly label: string | null; readonly evidence: string | null }>(
    `SELECT coalesce(m.label, c.label) AS label, m.evidence FROM message AS m
     JOIN conversation AS c ON c.id = m.conversation WHERE m.id = ? AND m.kind = 'message'`,
    id,
  );
  if (!row?.label) return null;
  return {
    id: args.id,
    label: JSON.parse(row.label) as Label,
    evidence: evidenceOf(row.evidence),
    revisions: db
      .all<{ readonly at: number; readonly content: string; readonly evidence: string | null }>(
        'SELECT at, content, evidence FROM revision WHERE message = ? ORDER BY at',
        id,
      )
      .map((revision) => ({
        at: revision.at,
        content: JSON.parse(revision.content) as Content,
        evidence: evidenceOf(revision.evidence),
      })),
    reactions: db
      .all<{
        readonly by: PeerId | 'me';
        readonly emoji: string;
        readonly at: number;
        readonly evidence: string | null;
      }>('SELECT by, emoji, at, evidence FROM reaction WHERE message = ? ORDER BY at, by', id)
      .map((reaction) => ({
        by: called(db, reaction.by),
        emoji: JSON.parse(reaction.emoji) as readonly string[],
        at: reaction.at,
        evidence: evidenceOf(reaction.evidence),
      })),
    deliveries: deliveriesOf(db, id),
  };
}

/** Of every destination what became of it; of those of which nothing is known yet, that it was sealed for them. */
function deliveriesOf(db: Database, message: number): MessageDetails['deliveries'] {
  return db.all(
    `SELECT destination AS "to", state, at FROM delivery WHERE message = :message
     UNION ALL
     SELECT a.destination, 'sealed', m.send_state_at FROM message AS m JOIN artifact AS a ON a.outbox = m.outbox
     WHERE m.id = :message AND NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.message = m.id AND d.destination = a.destination)
     ORDER BY 1`,
    { message },
  );
}

const evidenceOf = (text: string | null): Evidence | null =>
  text === null ? null : (JSON.parse(text) as Evidence);

/** Longest text of a hit, in UTF-16 units. */
const HIT_LENGTH = 400;

/** What a search found, newest first. */
export function searchHits(
  db: Database,
  args: CallArgs<'search'>,
): { readonly rows: readonly SearchHit[]; readonly more: boolean } {
  const found = searchMessages(db, {
    text: args.text,
    in: args.in,
    before: args.before === null ? null : rowidOf(args.before),
    limit: args.limit,
  });
  const rows = found.ids.flatMap((id): readonly SearchHit[] => {
    const record = db.get<MessageRecord & { readonly title: string | null }>(
      `SELECT hit.*, coalesce(c.title, p.name, p.address, p.identity) AS title FROM (${selectMessages} WHERE m.id = ?) AS hit
       JOIN conversation AS c ON c.id = hit.conversation LEFT JOIN peer AS p ON p.id = c.peer`,
      id,
    );
    if (!record || record.deleted === 1) return [];
    return [
      {
        id: messageId(record.id),
        conversation: record.conversation,
        title: record.title ?? '',
        author: authorOf(record),
        sentAt: record.sent_at,
        text: (JSON.parse(record.content) as Content).text.slice(0, HIT_LENGTH),
      },
    ];
  });
  return { rows, more: found.more };
}
