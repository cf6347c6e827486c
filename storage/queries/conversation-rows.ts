import { needsNewer, type Content } from '../../shared/contract/content.ts';
import type { ConversationRow, SendState, Snippet } from '../../shared/contract/conversation.ts';
import type { ConversationId } from '../../shared/ids.ts';
import type { Label } from '../../shared/label/label.ts';
import {
  conversationColumns,
  neverOpen,
  readConversation,
  type Conversation,
  type ConversationRecord,
} from '../conversations.ts';
import type { Database } from '../database.ts';
import { standingOf } from '../floors.ts';
import { countMembers } from '../memberships.ts';
import { findMessage, messageId } from '../messages.ts';
import type { NoteContent } from '../notes.ts';
import { firstHeldMessage } from '../outbox.ts';
import { personOf } from '../persons.ts';
import { whoOf } from './message-rows.ts';

/** A conversation as the page shows it, without what core knows of the network's features. */
export type StoredConversationRow = Omit<ConversationRow, 'can' | 'tells'> &
  Pick<Conversation, 'network' | 'protocol' | 'myRole' | 'tellsRead' | 'tellsTyping'> & {
    /** A group with others in it and no admin among them. */
    readonly othersWithoutAdmin: boolean;
  };

/** Longest text of a snippet, in UTF-16 units. */
const SNIPPET_LENGTH = 200;

export type RowRecord = ConversationRecord & {
  readonly peer_name: string | null;
  readonly peer_address: string | null;
  readonly peer_identity: string | null;
  readonly test: number;
};

/** Selects what {@link conversationRow} reads; a WHERE clause follows. */
export const selectRows = `SELECT ${conversationColumns}, p.name AS peer_name, p.address AS peer_address,
    p.identity AS peer_identity, a.environment = 'test' AS test
  FROM conversation AS c JOIN account AS a ON a.id = c.account LEFT JOIN peer AS p ON p.id = c.peer`;

/** One conversation's row, or null. */
export function findRow(db: Database, id: ConversationId): StoredConversationRow | null {
  const record = db.get<RowRecord>(`${selectRows} WHERE c.id = ?`, id);
  return record ? conversationRow(db, record) : null;
}

/** Completes a selected row: title, snippet, first unread. */
export function conversationRow(db: Database, record: RowRecord): StoredConversationRow {
  const conversation = readConversation(record);
  return {
    id: conversation.id,
    account: conversation.account,
    network: conversation.network,
    protocol: conversation.protocol,
    myRole: conversation.myRole,
    tellsRead: conversation.tellsRead,
    tellsTyping: conversation.tellsTyping,
    othersWithoutAdmin: conversation.myRole === 'admin' && lacksAdmin(db, conversation),
    kind: conversation.kind,
    state: conversation.state,
    title: conversation.title ?? record.peer_name ?? record.peer_address ?? record.peer_identity ?? '',
    peer: conversation.peer,
    person: conversation.peer && personOf(db, conversation.peer),
    label: conversation.label ?? unlabelled(conversation, record.test === 1),
    labelRevision: conversation.labelRevision,
    floor: standingOf(db, conversation.id),
    neverOpen: neverOpen(conversation),
    timer: conversation.timer?.ms ?? null,
    notKept: conversation.notKept,
    unread: conversation.unread,
    firstUnread: conversation.unread > 0 ? firstUnread(db, conversation) : null,
    lastAt: conversation.lastAt,
    snippet: snippetOf(db, conversation),
    pinned: conversation.pinned,
    muted: conversation.muted,
    archived: conversation.archived,
    draft: conversation.draft,
  };
}

/** A conversation of which nothing has been told yet: not known, and said so. */
function unlabelled(conversation: Conversation, testNetwork: boolean): Label {
  return {
    network: conversation.network,
    protocol: conversation.protocol,
    testNetwork,
    rules: 0,
    readers: { kind: 'unknown', missing: [] },
    identity:
      conversation.kind === 'direct' || conversation.kind === 'self'
        ? { kind: 'one', trust: { kind: 'unchecked' } }
        : { kind: 'group', checked: 0, changed: 0, of: 0 },
    sending: conversation.hold ? { ok: false, why: conversation.hold } : { ok: true },
  };
}

function lacksAdmin(db: Database, { id }: Conversation): boolean {
  const { joined, admins } = countMembers(db, id);
  return joined > 0 && admins === 0;
}

function firstUnread(db: Database, conversation: Conversation) {
  const row = db.get<{ readonly id: number }>(
    `SELECT id FROM message WHERE conversation = ? AND id > ? AND kind = 'message' AND author IS NOT NULL
       AND deleted = 0 ORDER BY id LIMIT 1`,
    conversation.id,
    conversation.readUpTo,
  );
  return row ? messageId(row.id) : null;
}

interface Last {
  readonly id: number;
  readonly kind: 'message' | 'note';
  readonly author: string | null;
  readonly content: string;
  readonly deleted: number;
  readonly state: SendState | null;
}

function snippetOf(db: Database, conversation: Conversation): Snippet {
  const { draft } = conversation;
  if (draft && draft.text !== '') return { kind: 'draft', text: short(draft.text) };
  const held = conversation.hold === null ? null : firstHeldMessage(db, conversation);
  const waits = held === null ? null : findMessage(db, held);
  if (waits) return { kind: 'waiting', text: short((JSON.parse(waits.content) as Content).text) };
  if (conversation.state === 'request') return { kind: 'request' };
  const last = db.get<Last>(
    `SELECT id, kind, author, content, deleted, send_state AS state FROM message
     WHERE conversation = ? AND deleted = 0 ORDER BY id DESC LIMIT 1`,
    conversation.id,
  );
  if (!last) return { kind: 'empty' };
  if (last.kind === 'note') {
    const note = JSON.parse(last.content) as NoteContent;
    return { kind: 'note', code: note.code, ...whoOf(db, note) };
  }
  const content = JSON.parse(last.content) as Content;
  const mine = last.author === null;
  if (needsNewer(content)) return { kind: 'newer-version', mine };
  if (content.text !== '' || content.files.length === 0)
    return { kind: 'text', text: short(content.text), mine, state: last.state };
  const names = db.all<{ readonly name: string }>(
    `SELECT f.name FROM message_file AS mf JOIN file AS f ON f.id = mf.file WHERE mf.message = ? ORDER BY mf.position`,
    last.id,
  );
  return { kind: 'files', names: names.map((file) => file.name), mine };
}

const short = (text: string): string => text.slice(0, SNIPPET_LENGTH);
