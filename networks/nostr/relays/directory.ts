import table from './directory.json' with { type: 'json' };
import type { Identity } from '../guard.ts';
import { relayHost, typedRelayUrl, type RelayUrl } from '../relay-url.ts';

/** A relay of the bundled table (directory.json: source and date on each row). */
export interface KnownRelay {
  readonly url: string;
  /** Who runs it, by the name people know. */
  readonly operator: string;
  /** Taken for a new account when the person chooses none. */
  readonly suggested: boolean;
  readonly source: string;
  readonly date: string;
}

export const knownRelays: readonly KnownRelay[] = table;

/** The relays proposed for a new account; the person can choose others. */
export const suggestedRelays: readonly RelayUrl[] = knownRelays
  .filter(({ suggested }) => suggested)
  .flatMap(({ url }) => typedRelayUrl(url) ?? []);

/** Who runs a relay; its host name where nobody is known. */
export function operatorOf(relay: RelayUrl): string {
  const host = relayHost(relay);
  return knownRelays.find(({ url }) => new URL(url).hostname === host)?.operator ?? host;
}

/** What every relay can see, whatever it promises. */
export type RelaySight =
  /** The IP address I connect from. */
  | 'ip'
  | 'time'
  | 'size'
  /** My public key: it was proven to it, or stands in what is asked for. */
  | 'account'
  /** That invitations come to me; not from whom. */
  | 'invitations'
  /** The group's name at relays, a random number; not its members. */
  | 'group';

/** What a relay sees of a connection, by whom it speaks as. */
export function sightsOf(identity: Identity): readonly RelaySight[] {
  const always: readonly RelaySight[] = ['ip', 'time', 'size'];
  return identity === 'account' ? [...always, 'account', 'invitations'] : [...always, 'group'];
}
