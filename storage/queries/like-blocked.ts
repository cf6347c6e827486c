import type { LikeBlocked } from '../../shared/contract/person.ts';
import type { NetworkId, PeerId } from '../../shared/ids.ts';
import { looksAlike } from '../../shared/words/skeleton.ts';
import type { Database } from '../database.ts';
import type { Peer } from '../peers.ts';
import { peersOfPerson } from '../persons.ts';
import { keptLooks } from './alike.ts';

/**
 * Whether a peer I did not block may be somebody I blocked: because I said that they are one person, because the address is the same, or because
 * the name looks the same. It is only told of: nothing is blocked because names or addresses match.
 */
export function likeBlocked(db: Database, peer: Peer): LikeBlocked | null {
  const blocked = db.all<{
    readonly id: PeerId;
    readonly network: NetworkId;
    readonly name: string;
    readonly address: string | null;
  }>(
    `SELECT p.id, p.network, coalesce(p.name, p.address, p.identity) AS name, p.address FROM blocked_peer AS b
     JOIN peer AS p ON p.id = b.peer ORDER BY b.at DESC`,
  );
  if (blocked.length === 0 || blocked.some(({ id }) => id === peer.id)) return null;
  const same = peersOfPerson(db, peer.id);
  const address = peer.address?.toLowerCase();
  const called = peer.name ?? peer.address;
  const looks = called === null ? null : keptLooks(called);
  const tests = [
    ['same-person', (one) => same.includes(one.id)],
    ['same-address', (one) => address !== undefined && one.address?.toLowerCase() === address],
    ['name', (one) => looks !== null && looksAlike(looks, keptLooks(one.name))],
  ] as const satisfies readonly (readonly [LikeBlocked['why'], (one: (typeof blocked)[number]) => boolean])[];
  for (const [why, fits] of tests) {
    const found = blocked.find(fits);
    if (found) return { name: found.name, network: found.network, why };
  }
  return null;
}
