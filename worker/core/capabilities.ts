import { features, type Capabilities } from '../../shared/contract/conversation.ts';
import type { NetworkId, ProtocolId } from '../../shared/ids.ts';

type Feature = (typeof features)[number];

/** What the lane of each network can do today; the rest is 'no'. A feature without a call of the contract is not offered. */
const offered: Readonly<Record<NetworkId, Partial<Record<ProtocolId, readonly Feature[]>>>> = {
  email: {
    openpgp: ['reaction', 'delete-for-all', 'read-receipt', 'quote', 'files'],
    none: ['quote', 'files'],
  },
  signal: { signal: ['reaction', 'delete-for-all', 'timer', 'typing', 'read-receipt', 'quote'] },
  nostr: {},
  dummy: { none: ['read-receipt'] },
};

/** What a conversation can do on its network. */
export function capabilities(network: NetworkId, protocol: ProtocolId): Capabilities {
  const able = offered[network][protocol] ?? [];
  return Object.fromEntries(
    features.map((feature) => [feature, able.includes(feature) ? 'yes' : 'no']),
  ) as Capabilities;
}

/** Networks whose other devices of mine are to hear what I read here, whether or not its authors are told. */
export const tellsOwnDevices = (network: NetworkId): boolean => network === 'signal';

/** Networks on which one person has at most one reaction to a message: the newest takes the place of the one before. */
export const hasOneReaction = (network: NetworkId): boolean => network === 'signal';
