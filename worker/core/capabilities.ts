import { features, type Capabilities, type FeatureLimit } from '../../shared/contract/conversation.ts';
import type { NetworkId, ProtocolId } from '../../shared/ids.ts';
import type { Conversation } from '../../storage/conversations.ts';
import { isIn } from '../../storage/memberships.ts';

type Feature = (typeof features)[number];

/** What the lane of each network can do today; the rest is 'no'. A feature without a call of the contract is not offered. */
const offered: Readonly<Record<NetworkId, Partial<Record<ProtocolId, readonly Feature[]>>>> = {
  email: {
    openpgp: ['reaction', 'delete-for-all', 'read-receipt', 'quote', 'files'],
    none: ['quote', 'files'],
  },
  signal: { signal: ['reaction', 'delete-for-all', 'timer', 'typing', 'read-receipt', 'quote'] },
  nostr: {
    mls: [
      'reaction',
      'delete-for-all',
      'quote',
      'rename',
      'add-member',
      'remove-member',
      'set-admin',
      'leave',
    ],
  },
  dummy: { none: ['read-receipt'] },
};

/** Features that only a group has. */
const ofGroups: readonly Feature[] = ['rename', 'add-member', 'remove-member', 'set-admin', 'leave'];

/** What capabilities follow from. */
type Able = Pick<Conversation, 'network' | 'protocol' | 'kind' | 'state' | 'myRole'> & {
  /** A group with others in it and no admin among them. */
  readonly othersWithoutAdmin?: boolean;
};

/** What a conversation can do on its network, and in a group what I am may do. */
export function capabilities(of: Able): Capabilities {
  const able = offered[of.network][of.protocol] ?? [];
  return Object.fromEntries(
    features.map((feature) => [feature, able.includes(feature) ? allowed(feature, of) : 'no']),
  ) as Capabilities;
}

function allowed(feature: Feature, of: Able): 'yes' | 'no' | { readonly limit: FeatureLimit } {
  if (!ofGroups.includes(feature)) return 'yes';
  if (of.kind !== 'group' || of.state !== 'active' || !isIn(of.myRole)) return 'no';
  if (feature === 'leave')
    return of.myRole === 'admin' && of.othersWithoutAdmin === true ? { limit: 'only-admin' } : 'yes';
  return of.myRole === 'admin' ? 'yes' : { limit: 'admins-only' };
}

/** Networks in which groups can be made here. */
export const hasGroups = (network: NetworkId): boolean =>
  Object.values(offered[network]).some((able) => able.includes('add-member'));

/** Networks on which an account is a device linked to the person's phone, and can be linked again. */
export const isLinked = (network: NetworkId): boolean => network === 'signal';

/** Networks whose other devices of mine are to hear what I read here, whether or not its authors are told. */
export const tellsOwnDevices = (network: NetworkId): boolean => network === 'signal';

/** Networks on which an account may get another address and stay what it is. */
export const changesAddress = (network: NetworkId): boolean => network === 'signal';

/** Networks whose lane keeps what was sent, for devices that ask again, and is to hear what was deleted of it. */
export const keepsSent = (network: NetworkId): boolean => network === 'signal';

/**
 * Networks whose lane goes on handing over what is sealed beside the outbox, so that it cannot be taken back: every relay of a group is to have an event, once
 * it is made.
 */
export const goesOnceSealed = (network: NetworkId): boolean => network === 'nostr';

/** Networks on which one person has at most one reaction to a message: the newest takes the place of the one before. */
export const hasOneReaction = (network: NetworkId): boolean => network === 'signal' || network === 'nostr';

/** Networks where a request is an invitation: its lane joins when the person has accepted. */
export const followsInvitations = (network: NetworkId): boolean => network === 'nostr';

/** Networks on which a key is the account: whoever loses it loses the account. */
export const isKeyAccount = (network: NetworkId): boolean => network === 'nostr';
