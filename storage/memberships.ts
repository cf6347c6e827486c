import type { AccountId, ConversationId, Millis, PeerId } from '../shared/ids.ts';
import type { Trust } from '../shared/label/facts.ts';
import type { Database } from './database.ts';

export type Role = 'member' | 'admin' | 'invited';

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

/** The trust of one account in every member of a conversation. */
export function memberTrusts(
  db: Database,
  account: AccountId,
  conversation: ConversationId,
): readonly Trust[] {
  return db
    .all<{ readonly trust: string | null }>(
      `SELECT trust.trust FROM membership
       LEFT JOIN trust ON trust.peer = membership.peer AND trust.account = ?
       WHERE membership.conversation = ?`,
      account,
      conversation,
    )
    .map((row) => (row.trust === null ? { kind: 'unchecked' } : (JSON.parse(row.trust) as Trust)));
}

/** What I am in a group; null: not in it any more. */
export function setMyRole(db: Database, conversation: ConversationId, role: Role | null): void {
  db.run('UPDATE conversation SET my_role = ? WHERE id = ?', role, conversation);
}
