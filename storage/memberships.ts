import type { Role } from '../shared/contract/conversation.ts';
import type { AccountId, ConversationId, Millis, PeerId } from '../shared/ids.ts';
import type { Trust } from '../shared/label/facts.ts';
import type { GroupChange } from '../shared/lane/intent.ts';
import type { Database } from './database.ts';
import { openItems } from './outbox.ts';

/** Whether that is somebody who is in it, and not only to be. */
export const isIn = (role: Role | null): boolean => role === 'member' || role === 'admin';

/** Adds a member or changes its role; `since` of one that was there stays. */
export function putMember(
  db: Database,
  member: {
    readonly conversation: ConversationId;
    readonly peer: PeerId;
    readonly role: Role;
    readonly since: Millis;
    readonly by: PeerId | 'me' | null;
  },
): void {
  db.run(
    `INSERT INTO membership (conversation, peer, role, since, by) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (conversation, peer) DO UPDATE SET role = excluded.role`,
    member.conversation,
    member.peer,
    member.role,
    member.since,
    member.by,
  );
}

/** Takes a member out. */
export function dropMember(db: Database, conversation: ConversationId, peer: PeerId): void {
  db.run('DELETE FROM membership WHERE conversation = ? AND peer = ?', conversation, peer);
}

/** What somebody is in a conversation; null: not in it. */
export function roleOf(db: Database, conversation: ConversationId, peer: PeerId): Role | null {
  const row = db.get<{ readonly role: Role }>(
    'SELECT role FROM membership WHERE conversation = ? AND peer = ?',
    conversation,
    peer,
  );
  return row?.role ?? null;
}

/** Who took somebody in, or is to; null: nobody is told of. */
export function takenInBy(db: Database, conversation: ConversationId, peer: PeerId): PeerId | 'me' | null {
  const row = db.get<{ readonly by: PeerId | 'me' | null }>(
    'SELECT by FROM membership WHERE conversation = ? AND peer = ?',
    conversation,
    peer,
  );
  return row?.by ?? null;
}

/** How many others are in a conversation, of them admins; who is only invited counts among all. */
export function countMembers(
  db: Database,
  conversation: ConversationId,
): { readonly all: number; readonly joined: number; readonly admins: number } {
  return (
    db.get<{ readonly all: number; readonly joined: number; readonly admins: number }>(
      `SELECT count(*) AS "all", coalesce(sum(role <> 'invited'), 0) AS joined, coalesce(sum(role = 'admin'), 0) AS admins
       FROM membership WHERE conversation = ?`,
      conversation,
    ) ?? { all: 0, joined: 0, admins: 0 }
  );
}

/**
 * What I am in a group; null: not in it any more. `by`: who took me in or asked me in, where that is told; it stays for as long as I am
 * in it.
 */
export function setMyRole(
  db: Database,
  conversation: ConversationId,
  role: Role | null,
  by: PeerId | null,
): void {
  db.run(
    'UPDATE conversation SET my_role = :role, my_role_by = iif(:role IS NULL, NULL, coalesce(:by, my_role_by)) WHERE id = :conversation',
    { role, by, conversation },
  );
}

/** Who took me into a group, or asked me in; null: nobody is told of. */
export function invitedBy(db: Database, conversation: ConversationId): PeerId | null {
  const row = db.get<{ readonly by: PeerId | null }>(
    'SELECT my_role_by AS "by" FROM conversation WHERE id = ?',
    conversation,
  );
  return row?.by ?? null;
}

/** What I have changed of a group and it has not been told yet, in the order it will be. */
export function waitingChanges(db: Database, conversation: ConversationId): readonly GroupChange[] {
  return openItems(db, conversation).flatMap(({ intent: { what } }) =>
    what.kind === 'group' ? [what.change] : [],
  );
}

/**
 * The trust of one account in every member of a conversation. `invited`: also in those who are to be in it and are not yet,
 * who will read what is written now.
 */
export function memberTrusts(
  db: Database,
  account: AccountId,
  conversation: ConversationId,
  invited: boolean,
): readonly Trust[] {
  return db
    .all<{ readonly trust: string | null }>(
      `SELECT trust.trust FROM membership
       LEFT JOIN trust ON trust.peer = membership.peer AND trust.account = ?
       WHERE membership.conversation = ? AND (membership.role <> 'invited' OR ?)`,
      account,
      conversation,
      Number(invited),
    )
    .map((row) => (row.trust === null ? { kind: 'unchecked' } : (JSON.parse(row.trust) as Trust)));
}
