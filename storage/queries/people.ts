import type { CallArgs } from '../../shared/contract/calls.ts';
import type { PeerRow } from '../../shared/contract/conversation.ts';
import { conversationsWith } from '../conversations.ts';
import type { Database } from '../database.ts';
import { findPeer, trustOf } from '../peers.ts';

/** A peer as one account knows it, or null. */
export function peerRow(db: Database, args: CallArgs<'peer.get'>): PeerRow | null {
  const peer = findPeer(db, args.peer);
  if (!peer) return null;
  return {
    id: peer.id,
    name: peer.name ?? peer.address ?? peer.identity,
    address: peer.address,
    identity: peer.identity,
    trust: trustOf(db, args.account, peer.id),
    firstSeenAt: peer.firstSeenAt,
    conversations: conversationsWith(db, args.account, peer.id),
  };
}
