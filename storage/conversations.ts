import type { Content } from '../shared/contract/content.ts';
import type { ConversationRow, Role } from '../shared/contract/conversation.ts';
import type { AccountId, ConversationId, Millis, NetworkId, PeerId, ProtocolId } from '../shared/ids.ts';
import type { HoldReason, SecurityFacts } from '../shared/label/facts.ts';
import { everywhereEndToEnd } from '../shared/label/floor.ts';
import type { Label } from '../shared/label/label.ts';
import type { Timer } from '../shared/lane/intent.ts';
import type { Database } from './database.ts';

export interface Conversation {
  readonly id: ConversationId;
  readonly account: AccountId;
  readonly network: NetworkId;
  readonly protocol: ProtocolId;
  /** Once true always true: what was end to end is never sent in the clear again. */
  readonly everEndToEnd: boolean;
  readonly kind: ConversationRow['kind'];
  readonly state: ConversationRow['state'];
  readonly peer: PeerId | null;
  /** Null: I am not in it, or it is no group. */
  readonly myRole: Role | null;
  readonly title: string | null;
  readonly forecast: readonly SecurityFacts[];
  readonly hold: HoldReason | null;
  readonly label: Label | null;
  readonly labelRevision: number;
  readonly draft: Content | null;
  /** Null: nobody ever set one. */
  readonly timer: Timer | null;
  /** Messages that were not kept, of somebody who was not accepted. */
  readonly notKept: number;
  readonly unread: number;
  /** Rowid of the newest message the person has read. */
  readonly readUpTo: number;
  readonly lastAt: Millis;
  readonly lastMessage: number | null;
  readonly pinned: boolean;
  readonly muted: boolean;
  readonly archived: boolean;
  readonly tellsRead: Tells;
  readonly tellsTyping: Tells;
}

/** Whether it is stopped because it would go out in the clear, and what was end to end once never does: nobody can allow that. */
export const neverOpen = (of: Conversation): boolean =>
  of.hold === 'below-floor' && of.everEndToEnd && !everywhereEndToEnd(of.forecast);

/** What the person chose that the other side is told: never, only where the conversation is private, wherever; null: nothing was chosen. */
export type Tells = 'never' | 'private' | 'always' | null;
const tells: readonly Tells[] = ['never', 'private', 'always'];
const readTells = (stored: number | null): Tells => (stored === null ? null : (tells[stored] ?? 'never'));

/** Columns that {@link readConversation} turns into a Conversation. */
export const conversationColumns = `c.id, c.account, c.network, c.protocol, c.ever_end_to_end, c.kind, c.state, c.peer, c.my_role, c.title,
  c.forecast, c.hold, c.label, c.label_revision, c.draft, c.timer, c.not_kept, c.unread, c.read_up_to, c.last_at, c.last_message,
  c.pinned, c.muted, c.archived, c.tells_read, c.tells_typing`;

export interface ConversationRecord {
  readonly id: ConversationId;
  readonly account: AccountId;
  readonly network: NetworkId;
  readonly protocol: ProtocolId;
  readonly ever_end_to_end: number;
  readonly kind: ConversationRow['kind'];
  readonly state: ConversationRow['state'];
  readonly peer: PeerId | null;
  readonly my_role: Role | null;
  readonly title: string | null;
  readonly forecast: string;
  readonly hold: HoldReason | null;
  readonly label: string | null;
  readonly label_revision: number;
  readonly draft: string | null;
  readonly timer: string | null;
  readonly not_kept: number;
  readonly unread: number;
  readonly read_up_to: number;
  readonly last_at: number;
  readonly last_message: number | null;
  readonly pinned: number;
  readonly muted: number;
  readonly archived: number;
  readonly tells_read: number | null;
  readonly tells_typing: number | null;
}

/** A row of {@link conversationColumns} as the noun. What is stored as JSON is read when it is asked for: most of the time it is not. */
export function readConversation(row: ConversationRecord): Conversation {
  return {
    id: row.id,
    account: row.account,
    network: row.network,
    protocol: row.protocol,
    everEndToEnd: row.ever_end_to_end === 1,
    kind: row.kind,
    state: row.state,
    peer: row.peer,
    myRole: row.my_role,
    title: row.title,
    get forecast() {
      return JSON.parse(row.forecast) as readonly SecurityFacts[];
    },
    hold: row.hold,
    get label() {
      return row.label === null ? null : (JSON.parse(row.label) as Label);
    },
    labelRevision: row.label_revision,
    get draft() {
      return row.draft === null ? null : (JSON.parse(row.draft) as Content);
    },
    get timer() {
      return row.timer === null ? null : (JSON.parse(row.timer) as Timer);
    },
    notKept: row.not_kept,
    unread: row.unread,
    readUpTo: row.read_up_to,
    lastAt: row.last_at,
    lastMessage: row.last_message,
    pinned: row.pinned === 1,
    muted: row.muted === 1,
    archived: row.archived === 1,
    tellsRead: readTells(row.tells_read),
    tellsTyping: readTells(row.tells_typing),
  };
}

/** One conversation, or null. */
export function findConversation(db: Database, id: ConversationId): Conversation | null {
  const row = db.get<ConversationRecord>(
    `SELECT ${conversationColumns} FROM conversation AS c WHERE c.id = ?`,
    id,
  );
  return row ? readConversation(row) : null;
}

/** All conversations of an account, and what stops each. */
export function holdsOf(
  db: Database,
  account: AccountId,
): readonly { readonly id: ConversationId; readonly hold: HoldReason | null }[] {
  return db.all('SELECT id, hold FROM conversation WHERE account = ? ORDER BY id', account);
}

/** The conversations of an account with a peer, direct ones and groups it is in. */
export function conversationsWith(db: Database, account: AccountId, peer: PeerId): readonly ConversationId[] {
  return db
    .all<{ readonly id: ConversationId }>(
      `SELECT id FROM conversation WHERE account = :account AND peer = :peer
       UNION SELECT c.id FROM membership AS m JOIN conversation AS c ON c.id = m.conversation
       WHERE m.peer = :peer AND c.account = :account ORDER BY id`,
      { account, peer },
    )
    .map((row) => row.id);
}

/** The conversations of two with a peer, of every account. */
export function directWith(
  db: Database,
  peer: PeerId,
): readonly Pick<Conversation, 'id' | 'account' | 'state'>[] {
  return db.all(
    "SELECT id, account, state FROM conversation WHERE peer = ? AND kind = 'direct' ORDER BY id",
    peer,
  );
}

/** The groups that a peer is in, of every account. */
export function groupsWith(db: Database, peer: PeerId): readonly ConversationId[] {
  return db
    .all<{ readonly id: ConversationId }>(
      'SELECT conversation AS id FROM membership WHERE peer = ? ORDER BY conversation',
      peer,
    )
    .map((row) => row.id);
}

/** Whether I ever wrote in a conversation. */
export function wroteIn(db: Database, id: ConversationId): boolean {
  return (
    db.get(
      "SELECT 1 FROM message WHERE conversation = ? AND kind = 'message' AND author IS NULL LIMIT 1",
      id,
    ) !== undefined
  );
}

/** Adds a conversation. */
export function addConversation(
  db: Database,
  conversation: Pick<
    Conversation,
    'id' | 'account' | 'network' | 'protocol' | 'kind' | 'state' | 'peer' | 'title' | 'lastAt'
  >,
): void {
  db.run(
    `INSERT INTO conversation (id, account, network, protocol, ever_end_to_end, kind, state, peer, title, last_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    conversation.id,
    conversation.account,
    conversation.network,
    conversation.protocol,
    conversation.protocol === 'none' ? 0 : 1,
    conversation.kind,
    conversation.state,
    conversation.peer,
    conversation.title,
    conversation.lastAt,
  );
}

/** Changes what a lane or the person may change; members left out stay. `protocol` other than none marks it as ever end to end. */
export function patchConversation(
  db: Database,
  id: ConversationId,
  patch: {
    readonly protocol?: ProtocolId;
    readonly state?: ConversationRow['state'];
    readonly title?: string;
    readonly peer?: PeerId;
    readonly timer?: Timer;
    readonly pinned?: boolean;
    readonly muted?: boolean;
    readonly archived?: boolean;
    readonly tellsRead?: Tells;
    readonly tellsTyping?: Tells;
  },
): void {
  const rank = (value: Tells | undefined): number | null =>
    value === undefined || value === null ? null : tells.indexOf(value);
  const flag = (value: boolean | undefined): number | null => (value === undefined ? null : Number(value));
  db.run(
    `UPDATE conversation SET
       protocol = coalesce(:protocol, protocol),
       ever_end_to_end = max(ever_end_to_end, coalesce(:protocol, 'none') <> 'none'),
       state = coalesce(:state, state), title = coalesce(:title, title), peer = coalesce(:peer, peer),
       timer = coalesce(:timer, timer), pinned = coalesce(:pinned, pinned), muted = coalesce(:muted, muted),
       archived = coalesce(:archived, archived), tells_read = coalesce(:tellsRead, tells_read),
       tells_typing = coalesce(:tellsTyping, tells_typing)
     WHERE id = :id`,
    {
      id,
      protocol: patch.protocol ?? null,
      state: patch.state ?? null,
      title: patch.title ?? null,
      peer: patch.peer ?? null,
      timer: patch.timer === undefined ? null : JSON.stringify(patch.timer),
      pinned: flag(patch.pinned),
      muted: flag(patch.muted),
      archived: flag(patch.archived),
      tellsRead: rank(patch.tellsRead),
      tellsTyping: rank(patch.tellsTyping),
    },
  );
}

/** The facts of the next send, as the lane last told them. */
export function setForecast(db: Database, id: ConversationId, facts: readonly SecurityFacts[]): void {
  db.run('UPDATE conversation SET forecast = ? WHERE id = ?', JSON.stringify(facts), id);
}

/** Stops sending, or lets it go on. */
export function setHold(db: Database, id: ConversationId, hold: HoldReason | null): void {
  db.run('UPDATE conversation SET hold = ? WHERE id = ?', hold, id);
}

/** Stores a label that differs from the one before; its revision rises by one and is returned. */
export function setLabel(db: Database, id: ConversationId, label: Label): number {
  const row = db.get<{ readonly revision: number }>(
    'UPDATE conversation SET label = ?, label_revision = label_revision + 1 WHERE id = ? RETURNING label_revision AS revision',
    JSON.stringify(label),
    id,
  );
  return row?.revision ?? 0;
}

/** Keeps or drops what was typed and not sent. */
export function setDraft(db: Database, id: ConversationId, draft: Content | null): void {
  db.run('UPDATE conversation SET draft = ? WHERE id = ?', draft && JSON.stringify(draft), id);
}

/** A new newest row. `unread`: it is one the person has not seen; it then leaves the archive unless muted. */
export function bumpConversation(
  db: Database,
  id: ConversationId,
  newest: { readonly message: number; readonly at: Millis; readonly unread: boolean },
): void {
  db.run(
    `UPDATE conversation SET last_message = max(coalesce(last_message, 0), :message), last_at = max(last_at, :at),
       unread = unread + :unread, archived = archived AND (muted OR NOT :unread) WHERE id = :id`,
    { id, message: newest.message, at: newest.at, unread: Number(newest.unread) },
  );
}

/** Marks everything up to a rowid as read and counts what is left. Reading never goes back. */
export function markRead(db: Database, id: ConversationId, upTo: number): boolean {
  return (
    db.run(
      `UPDATE conversation SET read_up_to = :upTo, unread = (
         SELECT count(*) FROM message WHERE conversation = :id AND id > :upTo
           AND kind = 'message' AND author IS NOT NULL AND deleted = 0)
       WHERE id = :id AND read_up_to < :upTo`,
      { id, upTo },
    ).changes === 1
  );
}

/** Counts what is unread anew: something of it may be gone. */
export function recountUnread(db: Database, id: ConversationId): void {
  db.run(
    `UPDATE conversation SET unread = (
       SELECT count(*) FROM message WHERE conversation = :id AND id > conversation.read_up_to
         AND kind = 'message' AND author IS NOT NULL AND deleted = 0)
     WHERE id = :id`,
    { id },
  );
}
