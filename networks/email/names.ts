import {
  directConversation,
  peerId,
  type AccountId,
  type ConversationId,
  type PeerId,
} from '../../shared/ids.ts';
import { fingerprintOf, type Fingerprint } from '../../crypto/openpgp/certificate.ts';
import { canonicalAddress } from './address.ts';

/** Who a conversation of this lane is with: a key, or the address of somebody without. */
export type Other =
  | { readonly kind: 'key'; readonly fingerprint: Fingerprint }
  | { readonly kind: 'address'; readonly address: string };

/** The conversation with a key. */
export function keyConversation(account: AccountId, fingerprint: Fingerprint): ConversationId {
  return directConversation(account, peerId('email', fingerprint));
}

/** The conversation without encryption with an address. */
export function plainConversation(account: AccountId, address: string): ConversationId {
  return directConversation(account, peerId('email', address));
}

const after = (text: string, prefix: string): string | null =>
  text.startsWith(prefix) ? text.slice(prefix.length) : null;

function otherOf(identity: string | null): Other | null {
  if (identity === null) return null;
  const fingerprint = fingerprintOf(identity);
  if (fingerprint !== null) return fingerprint === identity ? { kind: 'key', fingerprint } : null;
  const address = canonicalAddress(identity);
  return address !== null && address === identity ? { kind: 'address', address } : null;
}

/** Who a conversation id of this account names; null when it is none of ours. */
export function otherOfConversation(account: AccountId, conversation: ConversationId): Other | null {
  return otherOf(after(conversation, `${account}|email|`));
}

/** Who a peer id names; null when it is none of this network's. */
export function otherOfPeer(peer: PeerId): Other | null {
  return otherOf(after(peer, 'email|'));
}
