import type { Millis } from '../../shared/ids.ts';
import type { Account } from './account-record.ts';
import { seconds, type Draft, type SignedEvent } from './event.ts';
import {
  extendedListDraft,
  INBOX_LIST_KIND,
  inboxListDraft,
  newer,
  RELAY_LIST_KIND,
  relayListDraft,
} from './relay-list.ts';
import type { RelayUrl } from './relay-url.ts';

/** The lists that have to be published so that I can be found, given what relays hold of mine; none when all is said. */
export function missingLists(
  account: Pick<Account, 'write' | 'inbox' | 'origin'>,
  held: readonly SignedEvent[],
  now: Millis,
): readonly { readonly kind: 'relay-list' | 'inbox-list'; readonly draft: Draft }[] {
  const at = seconds(now);
  const missing = (kind: number, wanted: readonly RelayUrl[], make: typeof relayListDraft): Draft | null => {
    const [first, ...rest] = held.filter((event) => event.kind === kind);
    if (first === undefined) return make(wanted, at);
    const standing = rest.reduce(newer, first);
    // A list of a key that is used elsewhere is extended, never replaced: other programs may have written it.
    if (account.origin === 'brought') return extendedListDraft(standing, wanted, at);
    const draft = make(wanted, Math.max(at, standing.created_at + 1));
    return JSON.stringify(draft.tags) === JSON.stringify(standing.tags) ? null : draft;
  };
  const relayList = missing(RELAY_LIST_KIND, account.write, relayListDraft);
  const inboxList = missing(INBOX_LIST_KIND, account.inbox, inboxListDraft);
  return [
    ...(relayList ? [{ kind: 'relay-list' as const, draft: relayList }] : []),
    ...(inboxList ? [{ kind: 'inbox-list' as const, draft: inboxList }] : []),
  ];
}
