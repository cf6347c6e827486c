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

/** The lists that have to be published so that I can be found, given what relays hold of mine; none when all is said. */
export function missingLists(
  account: Pick<Account, 'write' | 'inbox'>,
  held: readonly SignedEvent[],
  now: Millis,
): readonly { readonly kind: 'relay-list' | 'inbox-list'; readonly draft: Draft }[] {
  const standing = (kind: number): SignedEvent | null => {
    const [first, ...rest] = held.filter((event) => event.kind === kind);
    return first === undefined ? null : rest.reduce(newer, first);
  };
  const at = seconds(now);
  const relays = standing(RELAY_LIST_KIND);
  const inbox = standing(INBOX_LIST_KIND);
  // A list that stands is extended, never replaced: other programs may have written it.
  const relayList = relays ? extendedListDraft(relays, account.write, at) : relayListDraft(account.write, at);
  const inboxList = inbox ? extendedListDraft(inbox, account.inbox, at) : inboxListDraft(account.inbox, at);
  return [
    ...(relayList ? [{ kind: 'relay-list' as const, draft: relayList }] : []),
    ...(inboxList ? [{ kind: 'inbox-list' as const, draft: inboxList }] : []),
  ];
}
