import type { Millis } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { SecurityFacts } from '../../shared/label/facts.ts';
import { hexOf } from './bytes.ts';
import type { EpochRef, Head, Roster } from './cells.ts';
import { endedAt } from './groups.ts';
import { SUITE_NAME } from './suite.ts';
import { leavesOf } from './tree.ts';

/** The version that package.json pins; a test compares them. */
export const LIBRARY_VERSION = '1.6.4';
const engine = { name: 'Plainseal on ts-mls', version: LIBRARY_VERSION, review: 'unaudited' } as const;

/**
 * What MLS gives a group in its current epoch.
 *
 * - Nobody but the members holds keys: they are made in members' programs, and relays and servers see none.
 * - Forward secrecy: a message's key goes with its use. Old epochs are kept for a while, to read what comes late and to go back when another
 *   commit wins, and whoever steals one can follow the commits after it. So old messages open as far back as the first kept epoch
 *   ended; and as far back as I joined, while the key package I joined with still exists.
 * - Recovery: a thief of a member's keys is out when that member renews them. The group is as old as its oldest leaf; of a leaf that I have
 *   never seen renewed nothing is known, and `never` is what that comes to.
 * - Not post-quantum: suite 1 is X25519 and Ed25519.
 * - Senders are proven by signature, with keys that the rules of the network vouch for.
 * - Unaudited: neither ts-mls (its own SECURITY.md says so) nor this engine was reviewed by anybody outside.
 */
export function groupFacts(
  head: Head,
  { tree, renewedAt }: Roster,
  hasKeyPackage: boolean,
  now: Millis,
): SecurityFacts {
  const from = { asOf: now, by: 'group' } as const;
  const ended = head.epochs
    .filter(({ id }) => id !== head.current)
    .map(({ id, startedAt }) => endedAt(head, id) ?? startedAt);
  const oldest = Math.min(now, ...ended, ...(hasKeyPackage ? [head.since] : []));
  const renewals = leavesOf(tree).map(([leaf]) => renewedAt.get(leaf));
  const known = renewals.filter((at) => at !== undefined);
  return {
    endToEnd: { is: true, ...from },
    otherKeyHolders: { is: [], ...from },
    forwardSecrecy: { is: { withinMs: Math.max(0, now - oldest) }, ...from },
    recovery: {
      is: {
        withinMs: known.length < renewals.length ? 'never' : Math.max(0, now - Math.min(now, ...known)),
      },
      ...from,
    },
    postQuantum: { is: 'none', ...from },
    authenticated: { is: true, ...from },
    exposed: { is: [], ...from },
    engine: { is: engine, ...from },
  };
}

/** Details of one message. */
export const detailsOf = (
  epoch: EpochRef,
  ownKey: Uint8Array,
  peerKey: Uint8Array | null,
): Evidence['details'] => [
  { name: 'suite', value: SUITE_NAME },
  { name: 'epoch', value: String(epoch.number) },
  { name: 'own-key', value: hexOf(ownKey) },
  ...(peerKey === null ? [] : [{ name: 'peer-key' as const, value: hexOf(peerKey) }]),
];
