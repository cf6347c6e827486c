import type { FlowFailure } from '../../shared/lane/flow.ts';
import type { Account } from './account-record.ts';
import type { SignedEvent } from './event.ts';
import { newer, readInboxList, readRelayList } from './relay-list.ts';
import { relayBar, typedRelayUrl, type RelayBar, type RelayUrl } from './relay-url.ts';
import { suggestedRelays } from './relays/directory.ts';

/** More relays cost more than they give: each sees the IP address and gets every event. */
export const MAX_CHOSEN_RELAYS = 8;

/** Why relays cannot be used, and which of them, as it was typed; null where it is of none alone. */
export type RelayRefusal = { readonly why: FlowFailure; readonly relay: string | null };

/** The relays the person typed, separated by spaces or commas, or the proposed ones where none were; or why they cannot be used. */
export function chosenRelays(
  typed: string,
  environment: 'live' | 'test',
): readonly RelayUrl[] | RelayRefusal {
  const words = typed.split(/[\s,]+/).filter((word) => word !== '');
  const named = words.length === 0 && environment === 'live' ? suggestedRelays : words;
  if (named.length === 0) return { why: 'server-unreachable', relay: null };
  const relays = new Set<RelayUrl>();
  for (const word of named) {
    const relay = typedRelayUrl(word);
    if (relay === null) return { why: 'address-malformed', relay: word };
    const bar = relayBar(relay, environment);
    if (bar !== null) return { why: barred[bar], relay: word };
    relays.add(relay);
  }
  // Counted once each: a relay that is named twice is one.
  return relays.size > MAX_CHOSEN_RELAYS ? { why: 'too-many-relays', relay: null } : [...relays];
}

const barred: Readonly<Record<RelayBar, FlowFailure>> = {
  'no-tls': 'tls-required',
  environment: 'test-profile-only',
  'inner-network': 'not-possible',
};

/**
 * A key that is used elsewhere has lists already: other programs rely on them. They stay, with what the person chose beside them; relays
 * that this program does not connect to are left to the others.
 */
export function broughtRelays(
  events: readonly SignedEvent[],
  chosen: readonly RelayUrl[],
  environment: 'live' | 'test',
): Pick<Account, 'write' | 'inbox'> {
  const latest = <T>(read: (event: SignedEvent) => T | null): T | null => {
    const [first, ...rest] = events.filter((event) => read(event) !== null);
    return first === undefined ? null : read(rest.reduce(newer, first));
  };
  const beside = (theirs: readonly RelayUrl[]): readonly RelayUrl[] =>
    [...new Set([...theirs.filter((relay) => relayBar(relay, environment) === null), ...chosen])].slice(
      0,
      2 * MAX_CHOSEN_RELAYS,
    );
  return {
    write: beside(latest(readRelayList)?.write ?? []),
    inbox: beside(latest(readInboxList) ?? []),
  };
}
