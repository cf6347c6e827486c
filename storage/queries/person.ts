import type { CallArgs } from '../../shared/contract/calls.ts';
import type { PersonRow, RouteRow } from '../../shared/contract/person.ts';
import type { AccountId, ConversationId, NetworkId, PeerId } from '../../shared/ids.ts';
import { byProtection } from '../../shared/label/order.ts';
import { isBlocked } from '../blocked-peers.ts';
import type { Database } from '../database.ts';
import { trustOf } from '../peers.ts';
import { peersOfPerson, personOf } from '../persons.ts';
import { findRow } from './conversation-rows.ts';
import { reachedBy } from './people.ts';

interface Known {
  readonly peer: PeerId;
  readonly account: AccountId;
  readonly network: NetworkId;
  readonly name: string | null;
  readonly address: string | null;
  readonly identity: string;
  readonly conversation: ConversationId | null;
}

/** Every way to the person that a peer belongs to: what protects most first, then where something happened last. */
export function personRow(db: Database, { peer }: CallArgs<'person.get'>): PersonRow {
  const routes = db
    .all<Known>(
      `SELECT p.id AS peer, k.account, p.network, p.name, p.address, p.identity, c.id AS conversation
       FROM known_peer AS k JOIN peer AS p ON p.id = k.peer AND p.merged_into IS NULL
       LEFT JOIN conversation AS c ON c.account = k.account AND c.peer = p.id AND c.kind = 'direct'
       WHERE k.peer IN (SELECT value FROM json_each(?)) ORDER BY k.account, p.id`,
      JSON.stringify(peersOfPerson(db, peer)),
    )
    .map((known) => routeRow(db, known));
  return { person: personOf(db, peer), routes: routes.toSorted(byUse) };
}

function routeRow(db: Database, known: Known): RouteRow {
  const { peer, account, network, address } = known;
  const row = known.conversation === null ? null : findRow(db, known.conversation);
  return {
    peer,
    account,
    network,
    name: known.name ?? address ?? known.identity,
    address,
    trust: trustOf(db, account, peer),
    conversation: row && { id: row.id, label: row.label, lastAt: row.lastAt },
    chat: reachedBy(network, peer, address),
    blocked: isBlocked(db, peer),
  };
}

/** Where nothing was written yet nothing is known of what it protects: it comes last. */
function byUse({ conversation: a }: RouteRow, { conversation: b }: RouteRow): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return byProtection(a.label, b.label) || b.lastAt - a.lastAt;
}
