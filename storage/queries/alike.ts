import type { AlikeName } from '../../shared/contract/conversation.ts';
import type { PeerId } from '../../shared/ids.ts';
import { looksAlike, looksOf, type Looks } from '../../shared/words/skeleton.ts';
import type { Database } from '../database.ts';
import type { Peer } from '../peers.ts';

/** Most peers that are compared, and whose looks are kept. */
const MAX_KNOWN = 20_000;
/** Most that are named: one is enough to look twice. */
const MAX_NAMED = 3;

const looks = new Map<string, Looks>();

/** The looks of a name cost some microseconds each: they are kept. */
export function keptLooks(name: string): Looks {
  const kept = looks.get(name);
  if (kept !== undefined) return kept;
  if (looks.size >= MAX_KNOWN) looks.clear();
  const made = looksOf(name);
  looks.set(name, made);
  return made;
}

/**
 * Others I know, on any account, whose names look like that of a peer. Strangers who ask and whoever was blocked are not among
 * them, nor whom I said to be the same person. They are only told of: nothing is ever merged because names match.
 */
export function alikeNames(db: Database, peer: Peer): readonly AlikeName[] {
  const name = peer.name ?? peer.address;
  if (name === null) return [];
  const mine = keptLooks(name);
  return db
    .all<{ readonly id: PeerId; readonly network: AlikeName['network']; readonly name: string }>(
      `SELECT DISTINCT p.id, p.network, coalesce(p.name, p.address) AS name FROM known_peer AS k
       JOIN peer AS p ON p.id = k.peer AND p.merged_into IS NULL AND p.id <> ? AND coalesce(p.name, p.address) IS NOT NULL
       LEFT JOIN conversation AS c ON c.peer = p.id AND c.account = k.account AND c.kind = 'direct'
       WHERE coalesce(c.state, 'active') IN ('active', 'left')
         AND p.id NOT IN (SELECT peer FROM blocked_peer)
         AND p.id NOT IN (SELECT peer FROM route WHERE person = (SELECT person FROM route WHERE peer = ?)) LIMIT ?`,
      peer.id,
      peer.id,
      MAX_KNOWN,
    )
    .filter((other) => looksAlike(mine, keptLooks(other.name)))
    .slice(0, MAX_NAMED)
    .map((other) => ({ name: other.name, network: other.network, isWrittenAlike: other.name === name }));
}
