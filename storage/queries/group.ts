import type { CallArgs } from '../../shared/contract/calls.ts';
import type { MemberRow, Members, Role } from '../../shared/contract/conversation.ts';
import type { PeerId } from '../../shared/ids.ts';
import type { Trust } from '../../shared/label/facts.ts';
import type { GroupChange } from '../../shared/lane/intent.ts';
import type { Database } from '../database.ts';
import { waitingChanges } from '../memberships.ts';
import { called } from './message-rows.ts';

interface Found {
  readonly peer: PeerId;
  readonly name: string;
  readonly address: string | null;
  readonly role: Role;
  readonly trust: string | null;
  readonly blocked: number;
}

const collator = new Intl.Collator('en');
const rank: Readonly<Record<Role, number>> = { admin: 0, member: 1, invited: 2 };

/** Who is in a group, and what waits to be told to it; null where there is no such conversation. */
export function groupMembers(db: Database, { conversation }: CallArgs<'group.members'>): Members | null {
  const me = db.get<{ readonly role: Role | null; readonly by: PeerId | null }>(
    'SELECT my_role AS role, my_role_by AS "by" FROM conversation WHERE id = ?',
    conversation,
  );
  if (!me) return null;
  const waiting = waitingChanges(db, conversation);
  const rows = db
    .all<Found>(
      `SELECT m.peer, coalesce(p.name, p.address, p.identity) AS name, p.address, m.role, t.trust,
         m.peer IN (SELECT peer FROM blocked_peer) AS blocked
       FROM membership AS m JOIN conversation AS c ON c.id = m.conversation JOIN peer AS p ON p.id = m.peer
         LEFT JOIN trust AS t ON t.peer = m.peer AND t.account = c.account
       WHERE m.conversation = ?`,
      conversation,
    )
    .map(({ trust, blocked, ...row }): MemberRow => ({
      ...row,
      blocked: blocked === 1,
      trust: trust === null ? { kind: 'unchecked' } : (JSON.parse(trust) as Trust),
      waits: waitsFor(waiting, row.peer),
    }))
    .toSorted((a, b) => rank[a.role] - rank[b.role] || collator.compare(a.name, b.name));
  return {
    rows,
    me: { role: me.role, by: me.by === null ? null : called(db, me.by) },
    leaving: waiting.some(({ act }) => act === 'leave'),
    renaming: waiting.findLast((change) => change.act === 'rename')?.title ?? null,
  };
}

/** The last change of somebody that waits. */
function waitsFor(waiting: readonly GroupChange[], peer: PeerId): MemberRow['waits'] {
  for (const change of waiting.toReversed())
    switch (change.act) {
      case 'create':
        if (change.members.includes(peer)) return 'add';
        break;
      case 'add':
        if (change.peers.includes(peer)) return 'add';
        break;
      case 'remove':
      case 'promote':
      case 'demote':
        if (change.peer === peer) return change.act;
        break;
      case 'rename':
      case 'leave':
        break;
    }
  return null;
}
