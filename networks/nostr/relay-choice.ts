import type { FlowFailure } from '../../shared/lane/flow.ts';
import type { Work } from '../../shared/lane/state.ts';
import { readSelf, writeAccount } from './account-record.ts';
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
 * Takes other relays for lists, key packages and invitations. Groups keep theirs: an admin changes those in the group. What has to be
 * published for it, {@link missingLists} finds; it goes to the old relays too, or nobody would learn of the new ones.
 */
export async function changeRelays(
  work: Work,
  typed: string,
  environment: 'live' | 'test',
): Promise<
  | { readonly kind: 'changed'; readonly before: readonly RelayUrl[]; readonly now: readonly RelayUrl[] }
  | { readonly kind: 'failed'; readonly why: FlowFailure }
> {
  const relays = chosenRelays(typed, environment);
  if ('why' in relays) return { kind: 'failed', why: relays.why };
  const account = await readSelf(work);
  const before = [...new Set([...account.write, ...account.inbox])];
  await writeAccount(work, { ...account, write: relays, inbox: relays });
  return { kind: 'changed', before, now: relays };
}
