import type { CallArgs } from '../../shared/contract/calls.ts';
import type { ContactRow, PeerRow } from '../../shared/contract/conversation.ts';
import { networks, type ConversationId, type NetworkId, type PeerId } from '../../shared/ids.ts';
import { isBlocked } from '../blocked-peers.ts';
import { conversationsWith } from '../conversations.ts';
import type { Database } from '../database.ts';
import { findPeer, trustOf } from '../peers.ts';
import { alikeNames } from './alike.ts';
import { likeBlocked } from './like-blocked.ts';

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
    ownName: tellsNames(peer.network) ? null : (peer.name ?? ''),
    alike: alikeNames(db, peer),
    blocked: isBlocked(db, peer.id),
    likeBlocked: likeBlocked(db, peer),
    firstSeenAt: peer.firstSeenAt,
    conversations: conversationsWith(db, args.account, peer.id),
  };
}

/** Whether people on a network are told of with names of their own. Where not, the name that is kept is the one I gave. */
export const tellsNames = (network: NetworkId): boolean => network !== 'nostr';

/** Most peers of one account that are looked through. */
const MAX_KNOWN = 20_000;
const collator = new Intl.Collator('en');

interface Known {
  readonly id: PeerId;
  readonly network: NetworkId;
  readonly name: string;
  readonly address: string | null;
  readonly conversation: ConversationId | null;
}

/**
 * Whom an account knows by name: contacts of its phone, and people it talks to; where the network tells no names, also
 * those whom nobody has named. Strangers who ask and whoever was blocked are
 * not among them: what they call themselves is no suggestion.
 */
export function contactList(
  db: Database,
  { account, text, limit }: CallArgs<'contact.list'>,
): { readonly rows: readonly ContactRow[] } {
  const known = db.all<Known>(
    `SELECT p.id, p.network, coalesce(p.name, p.address) AS name, p.address, c.id AS conversation FROM known_peer AS k
     JOIN peer AS p ON p.id = k.peer AND p.merged_into IS NULL
     LEFT JOIN conversation AS c ON c.peer = p.id AND c.account = k.account AND c.kind = 'direct'
     WHERE k.account = ? AND coalesce(c.state, 'active') IN ('active', 'left')
       AND p.id NOT IN (SELECT peer FROM blocked_peer)
       AND (p.name IS NOT NULL OR (p.network IN (SELECT value FROM json_each(?)) AND p.address IS NOT NULL AND c.id IS NOT NULL))
     LIMIT ?`,
    account,
    JSON.stringify(networks.filter((network) => !tellsNames(network))),
    MAX_KNOWN,
  );
  const wanted = folded(text);
  const rows = known
    .filter(({ name, address }) => folded(name).includes(wanted) || folded(address ?? '').includes(wanted))
    .toSorted((a, b) => collator.compare(a.name, b.name))
    .flatMap(({ id, network, name, address, conversation }): readonly ContactRow[] => {
      const chat = reachedBy(network, id, address);
      return chat === null ? [] : [{ peer: id, name, address, chat, conversation }];
    });
  return { rows: rows.slice(0, limit) };
}

/** As it is compared: without case, width, and the blanks of a telephone number. */
const folded = (text: string): string => text.normalize('NFKC').toLowerCase().replaceAll(/\s/gu, '');

/** By what a network is asked for somebody: an address for mail, the key as it is handed on for Nostr, else what names the peer. */
export function reachedBy(network: NetworkId, peer: PeerId, address: string | null): string | null {
  return network === 'email' || network === 'nostr' ? address : peer.slice(network.length + 1);
}
