import type { ServiceId } from '../../crypto/signal/address.ts';
import {
  directConversation,
  peerId,
  type AccountId,
  type ConversationId,
  type NetworkKey,
  type PeerId,
} from '../../shared/ids.ts';
import type { MessageName } from './codec/content.ts';
import { serviceIdFromText } from './codec/service-id.ts';

export { isAci } from './codec/service-id.ts';

/** A time in a name: digits without a leading zero. */
const NAMED = /^(.+):([1-9]\d{0,15})$/;
const ME = 'me';

/** A service id in its one string form, or null. */
export function serviceIdOf(text: string): ServiceId | null {
  return serviceIdFromText(text) === text ? (text as ServiceId) : null;
}

/** The peer a service id names. */
export const peerOf = (service: ServiceId): PeerId => peerId('signal', service);

/** The conversation with a service id; with my own: notes to myself. */
export function conversationWith(account: AccountId, service: ServiceId): ConversationId {
  return directConversation(account, peerOf(service));
}

const after = (text: string, prefix: string): ServiceId | null =>
  text.startsWith(prefix) ? serviceIdOf(text.slice(prefix.length)) : null;

/** Whom a conversation of this account is with; null when it is none of ours. */
export function serviceOfConversation(account: AccountId, conversation: ConversationId): ServiceId | null {
  return after(conversation, `${account}|signal|`);
}

/** Whom a peer id names; null when it is none of this network's. */
export function serviceOfPeer(peer: PeerId): ServiceId | null {
  return after(peer, 'signal|');
}

/** The network's own name of a message: mine carry no service id, so that nothing renames them. */
export function keyOf({ author, sentAt }: MessageName, own: ServiceId): NetworkKey {
  return `${author === own ? ME : author}:${sentAt}` as NetworkKey;
}

/** The message a key names; null for what no message of this network is called. */
export function messageNameOf(key: NetworkKey, own: ServiceId): MessageName | null {
  const [, by, digits] = NAMED.exec(key) ?? [];
  if (by === undefined || digits === undefined) return null;
  const author = by === ME ? own : serviceIdOf(by);
  const sentAt = Number(digits);
  return author === null || !Number.isSafeInteger(sentAt) ? null : { author, sentAt };
}
