import { assertNever } from '../../../shared/assert.ts';
import type { Rumor } from '../event.ts';
import { GIFT_WRAP_KIND } from '../gift-wrap.ts';
import type { Identity, Operation } from '../guard.ts';
import type { PublicKey } from '../keys.ts';
import { GROUP_EVENT_KIND } from '../marmot/group-event.ts';
import { KEY_PACKAGE_KIND } from '../marmot/key-package-event.ts';
import type { NostrGroupId } from '../marmot/routing.ts';
import { INBOX_LIST_KIND, RELAY_LIST_KIND } from '../relay-list.ts';

/** Everything this program asks relays for. */
export type Ask =
  /** Invitations to me. */
  | { readonly kind: 'inbox'; readonly account: PublicKey }
  /** What I have published myself: lists and key packages. */
  | { readonly kind: 'own'; readonly account: PublicKey }
  /** Messages of groups. */
  | { readonly kind: 'groups'; readonly groups: readonly NostrGroupId[] }
  /** Where accounts can be found: both lists of each. */
  | { readonly kind: 'lists'; readonly accounts: readonly PublicKey[] }
  | { readonly kind: 'key-packages'; readonly account: PublicKey };

/** The part of the stored events that is asked for. Epoch seconds, both ends included. */
export interface Range {
  readonly since: number | null;
  readonly until: number | null;
  readonly limit: number;
}

/** As whom an ask goes out: what names me goes where I am known anyway. */
export function identityOf(ask: Ask): Identity {
  return ask.kind === 'inbox' || ask.kind === 'own' ? 'account' : 'nobody';
}

/**
 * Whether what is asked for is signed by a key made up for each event (Marmot, kind 445): such a signature proves nothing that its id and its seal
 * do not, and is not checked.
 */
export const isAnonymous = (ask: Ask): boolean => ask.kind === 'groups';

interface Condition {
  readonly kinds: readonly number[];
  readonly name: '#p' | '#h' | 'authors';
  readonly values: readonly string[];
}

function conditionOf(ask: Ask): Condition {
  switch (ask.kind) {
    case 'inbox':
      return { kinds: [GIFT_WRAP_KIND], name: '#p', values: [ask.account] };
    case 'own': {
      const kinds = [RELAY_LIST_KIND, INBOX_LIST_KIND, KEY_PACKAGE_KIND];
      return { kinds, name: 'authors', values: [ask.account] };
    }
    case 'groups':
      return { kinds: [GROUP_EVENT_KIND], name: '#h', values: ask.groups };
    case 'lists':
      return { kinds: [RELAY_LIST_KIND, INBOX_LIST_KIND], name: 'authors', values: ask.accounts };
    case 'key-packages':
      return { kinds: [KEY_PACKAGE_KIND], name: 'authors', values: [ask.account] };
    default:
      return assertNever(ask);
  }
}

/** The request frame of an ask, with the operation that the guard checks it as. `account`: mine. */
export function requestOf(ask: Ask, range: Range, subscription: string, account: PublicKey): Operation {
  const { kinds, name, values } = conditionOf(ask);
  const { since, until, limit } = range;
  const filter = {
    kinds,
    [name]: values,
    ...(since === null ? {} : { since }),
    ...(until === null ? {} : { until }),
    limit,
  };
  const kind = identityOf(ask) === 'account' ? 'account-request' : 'nobody-request';
  return { kind, account, text: JSON.stringify(['REQ', subscription, filter]) };
}

/** True when an event is what was asked for. Relays also send what was not. */
export function answers(ask: Ask, { kind, pubkey, tags }: Pick<Rumor, 'kind' | 'pubkey' | 'tags'>): boolean {
  const { kinds, name, values } = conditionOf(ask);
  if (!kinds.includes(kind)) return false;
  if (name === 'authors') return values.includes(pubkey);
  return tags.some(([tag, value]) => tag === name.slice(1) && value !== undefined && values.includes(value));
}
