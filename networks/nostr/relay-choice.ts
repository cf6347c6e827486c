import type { FlowFailure } from '../../shared/lane/flow.ts';
import type { Work } from '../../shared/lane/state.ts';
import { readSelf, writeAccount } from './account-record.ts';
import { relayBar, typedRelayUrl, type RelayUrl } from './relay-url.ts';
import { suggestedRelays } from './relays/directory.ts';

/** More relays cost more than they give: each sees the IP address and gets every event. */
export const MAX_CHOSEN_RELAYS = 8;

/** The relays the person typed, separated by spaces or commas, or the proposed ones where none were; or why they cannot be used. */
export function chosenRelays(typed: string, environment: 'live' | 'test'): readonly RelayUrl[] | FlowFailure {
  const words = typed.split(/[\s,]+/).filter((word) => word !== '');
  const relays = words.length === 0 && environment === 'live' ? suggestedRelays : words.map(typedRelayUrl);
  if (relays.length === 0 || relays.length > MAX_CHOSEN_RELAYS) return 'server-unreachable';
  for (const relay of relays) {
    if (relay === null) return 'server-unreachable';
    const bar = relayBar(relay, environment);
    if (bar === 'no-tls') return 'tls-required';
    if (bar === 'environment') return environment === 'live' ? 'test-profile-only' : 'not-possible';
    if (bar !== null) return 'not-possible';
  }
  return [...new Set(relays)] as readonly RelayUrl[];
}

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
  if (typeof relays === 'string') return { kind: 'failed', why: relays };
  const account = await readSelf(work);
  const before = [...new Set([...account.write, ...account.inbox])];
  await writeAccount(work, { ...account, write: relays, inbox: relays });
  return { kind: 'changed', before, now: relays };
}
