import type { GroupKey } from '../../crypto/mls/cells.ts';
import {
  directConversation,
  peerId,
  type AccountId,
  type ConversationId,
  type EnvelopeKey,
  type PeerId,
} from '../../shared/ids.ts';
import type { EventId } from './event.ts';
import { publicKeyFrom, type PublicKey } from './keys.ts';

const PREFIX = 'nostr|';

/** The peer that an account is. */
export const peerOf = (key: PublicKey): PeerId => peerId('nostr', key);

/** Whom a peer id names; null when it is none of this network's. */
export function keyOfPeer(peer: PeerId): PublicKey | null {
  return peer.startsWith(PREFIX) ? publicKeyFrom(peer.slice(PREFIX.length)) : null;
}

/** The conversation of two. */
export const conversationWith = (account: AccountId, key: PublicKey): ConversationId =>
  directConversation(account, peerOf(key));

/** With whom a conversation of two is; null when it is a group, or none of ours. */
export function keyOfConversation(account: AccountId, conversation: ConversationId): PublicKey | null {
  const prefix = `${account}|${PREFIX}`;
  return conversation.startsWith(prefix) ? publicKeyFrom(conversation.slice(prefix.length)) : null;
}

/** The conversation of a group that somebody else has made; of my own groups core gives the name. */
export const conversationOfGroup = (account: AccountId, group: GroupKey): ConversationId =>
  `${account}|nostr-group|${group}` as ConversationId;

/** An event as a delivery. */
export const envelopeOf = (event: EventId): EnvelopeKey => event as string as EnvelopeKey;
