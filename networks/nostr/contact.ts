import type { SignedEvent } from './event.ts';
import type { PublicKey } from './keys.ts';
import { KEY_PACKAGE_KIND, readKeyPackageEvent, type FoundKeyPackage } from './marmot/key-package-event.ts';
import { newer, readInboxList, readRelayList } from './relay-list.ts';
import type { RelayUrl } from './relay-url.ts';
import type { RelayPool } from './relays/pool.ts';

/** A key package with the event it came in; a welcome names that event. */
export interface OfferedKeyPackage extends FoundKeyPackage {
  readonly event: SignedEvent;
}

/** What relays know of somebody. */
export type Contact =
  | {
      readonly kind: 'found';
      /** Where invitations go; empty when nothing is published. */
      readonly inbox: readonly RelayUrl[];
      /** Newest first; the engine still has to look at each. */
      readonly keyPackages: readonly OfferedKeyPackage[];
    }
  /** Relays answered and know no key package of the present format. */
  | { readonly kind: 'no-key-package' }
  /** No relay answered. */
  | { readonly kind: 'unreachable' };

/** Of each place the newest, then all of them newest first; of one second the lower reference (Marmot, transports/nostr.md). */
function offered(events: readonly SignedEvent[], author: PublicKey): readonly OfferedKeyPackage[] {
  const places = new Map<string, OfferedKeyPackage>();
  for (const event of events) {
    // A relay may send another's: whose it is decides who gets invited.
    const found =
      event.pubkey === author && event.kind === KEY_PACKAGE_KIND ? readKeyPackageEvent(event) : null;
    if (found === null) continue;
    const standing = places.get(found.slot);
    if (!standing || newer(standing.event, event) === event) places.set(found.slot, { ...found, event });
  }
  return [...places.values()].toSorted(
    (a, b) => b.event.created_at - a.event.created_at || (a.ref < b.ref ? -1 : 1),
  );
}

/**
 * Finds where somebody is and their key packages: first their lists, at the relays of the link and at mine, then their key packages at
 * the relays they write to. Each relay asked learns that somebody at my IP address looks for this key; not who.
 */
export async function findContact(
  pool: Pick<RelayPool, 'fetch'>,
  key: PublicKey,
  hints: readonly RelayUrl[],
  mine: readonly RelayUrl[],
): Promise<Contact> {
  const near = [...new Set([...hints, ...mine])];
  const lists = await pool.fetch({ kind: 'lists', accounts: [key] }, near);
  const latest = <T>(read: (event: SignedEvent) => T | null): T | null => {
    const of = lists.events.filter((event) => event.pubkey === key && read(event) !== null);
    const [first, ...rest] = of;
    return first === undefined ? null : read(rest.reduce(newer, first));
  };
  const write = latest(readRelayList)?.write ?? [];
  const inbox = latest(readInboxList) ?? [];
  const packages = await pool.fetch({ kind: 'key-packages', account: key }, write.length > 0 ? write : near);
  const keyPackages = offered(packages.events, key);
  if (keyPackages.length > 0) return { kind: 'found', inbox, keyPackages };
  const answered = lists.complete.length + packages.complete.length;
  return { kind: answered > 0 ? 'no-key-package' : 'unreachable' };
}
