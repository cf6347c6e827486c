import {
  peerId,
  type ConversationId,
  type Millis,
  type NetworkKey,
  type PeerId,
} from '../../../shared/ids.ts';
import type { Trust } from '../../../shared/label/facts.ts';
import type { Change, NoteCode } from '../../../shared/lane/change.ts';
import { listAccounts } from '../../../storage/accounts.ts';
import { isBlocked } from '../../../storage/blocked-peers.ts';
import { bumpConversation, conversationsWith, findConversation } from '../../../storage/conversations.ts';
import { addNote } from '../../../storage/notes.ts';
import {
  describePeer,
  findPeer,
  knowPeer,
  mergePeers,
  setPeerIdentity,
  setTrust,
  trustOf,
  writtenTrust,
  type Peer,
} from '../../../storage/peers.ts';
import { firstHold } from '../../../storage/outbox.ts';
import { touchConversation, touchMessage } from '../touched.ts';
import { blockPeer } from './block.ts';
import { relabel } from './relabel.ts';
import { ownPeer, type Scope } from './scope.ts';

type Of<K extends Change['kind']> = Extract<Change, { readonly kind: K }>;

/** A peer and what it calls itself. */
export function changePeer(scope: Scope, change: Of<'peer'>): void {
  const known = findPeer(scope.db, change.peer);
  ownPeer(scope, change.peer);
  if (!scope.memo.known.has(change.peer)) knowPeer(scope.db, scope.account.id, change.peer);
  scope.memo.known.add(change.peer);
  if (known && saysNothingNew(known, change)) return;
  // A key that is known is replaced by an `identity` change alone, which looks at what follows.
  if (!known || keyUnknown(known)) setPeerIdentity(scope.db, change.peer, change.identity);
  describePeer(scope.db, change.peer, change);
  for (const id of conversationsWith(scope.db, scope.account.id, change.peer))
    touchConversation(scope.touched, id);
}

/** Null leaves what was known. */
const saysNothingNew = (known: Peer, { name, address, identity }: Of<'peer'>): boolean =>
  (name === null || name === known.name) &&
  (address === null || address === known.address) &&
  (identity === known.identity || !keyUnknown(known));

/**
 * The peer's key was proven, or is another one. Another one stops its conversations whatever the lane made of it, and only
 * the person, or a proof, lets them go on. Told twice is told once.
 */
export function changeIdentity(scope: Scope, change: Of<'identity'>): void {
  ownPeer(scope, change.peer);
  const known = findPeer(scope.db, change.peer);
  const same = known?.identity === change.now;
  const trust = decide(scope, change, known);
  setPeerIdentity(scope.db, change.peer, change.now);
  if (known && !same && !keyUnknown(known)) stopOthers(scope, change);
  if (trust === null) return;
  if (trust.kind === 'checked') return markChecked(scope, change.peer, trust, same);
  applyTrust(scope, change.peer, trust);
  if (trust.kind === 'changed') stateInAll(scope, change.peer, 'identity-changed', change.now);
}

/** The peer's key was proven or compared; that is stated once, however often it is said of the same key (`same`). */
export function markChecked(
  scope: Scope,
  peer: PeerId,
  trust: Extract<Trust, { readonly kind: 'checked' }>,
  same = true,
): void {
  const before = trustOf(scope.db, scope.account.id, peer);
  applyTrust(scope, peer, trust);
  if (!same || before.kind !== 'checked')
    stateInAll(scope, peer, 'checked', findPeer(scope.db, peer)?.identity ?? '');
}

/**
 * The trust that follows, or null when nothing does. What was decided or proven for the identity already kept stands, however
 * often a lane tells of it again; a lane cannot pass a new identity off as an old one, or as the first.
 */
function decide(scope: Scope, change: Of<'identity'>, known: Peer | null): Trust | null {
  const { trust: told, was, now } = change;
  const same = known?.identity === now;
  const before = writtenTrust(scope.db, scope.account.id, change.peer);
  if (told.kind === 'checked')
    return same && before?.kind === 'checked' && told.at <= before.at ? null : told;
  const toldAnother = was !== null && was !== now;
  const another = told.kind === 'changed' || (!same && (toldAnother || (known && !keyUnknown(known))));
  if (!another || (same && before !== null)) return null;
  const changed = changedFrom(before, scope.now);
  return told.kind === 'changed' && told.wasChecked ? { ...changed, wasChecked: true } : changed;
}

function changedFrom(before: Trust | null, at: Millis): Extract<Trust, { readonly kind: 'changed' }> {
  const wasChecked = before?.kind === 'checked' || (before?.kind === 'changed' && before.wasChecked);
  return { kind: 'changed', at, wasChecked };
}

/** On Signal a peer is named by its service id, which is no key: until one is known, that or nothing stands in its place. */
const keyUnknown = ({ id, network, identity }: Peer): boolean =>
  network === 'signal' && (identity === '' || id === peerId(network, identity));

/** Other accounts of mine that know the peer know another key by now, and have decided nothing of this one. */
function stopOthers(scope: Scope, { peer, now }: Of<'identity'>): void {
  for (const account of listAccounts(scope.db)) {
    if (account.id === scope.account.id || account.network !== scope.account.network) continue;
    const before = writtenTrust(scope.db, account.id, peer);
    if (before === null && conversationsWith(scope.db, account.id, peer).length === 0) continue;
    const theirs = { ...scope, account };
    applyTrust(theirs, peer, changedFrom(before, scope.now));
    stateInAll(theirs, peer, 'identity-changed', now);
  }
}

/** Sets the trust and stops, or lets go on, the conversations with the peer. */
export function applyTrust(scope: Scope, peer: PeerId, trust: Trust): void {
  setTrust(scope.db, scope.account.id, peer, trust);
  for (const id of conversationsWith(scope.db, scope.account.id, peer)) {
    if (trust.kind === 'changed') relabel(scope, id, 'identity-changed');
    else relabel(scope, id, holdWithout(scope, id));
  }
}

/** The hold of a conversation once its identity is no reason any more: what an item is still held for, if for anything else. */
function holdWithout(scope: Scope, id: ConversationId) {
  const conversation = findConversation(scope.db, id);
  if (conversation?.hold !== 'identity-changed') return conversation?.hold ?? null;
  return firstHold(scope.db, conversation);
}

/** A device of a peer that its lane finds worth telling. One that does not carry the known identity is another identity. */
export function changeDevice(scope: Scope, change: Of<'device'>): void {
  ownPeer(scope, change.peer);
  if (change.act === 'removed') return;
  if (change.sameIdentity) return stateInAll(scope, change.peer, 'new-device', change.device);
  const before = trustOf(scope.db, scope.account.id, change.peer);
  if (before.kind === 'changed') return;
  applyTrust(scope, change.peer, changedFrom(before, scope.now));
  stateInAll(scope, change.peer, 'identity-changed', `device ${change.device}`);
}

/** Two peers are one. Trust is never carried over, a block is. */
export function changeMerged(scope: Scope, change: Of<'peers-merged'>): void {
  ownPeer(scope, change.from);
  ownPeer(scope, change.into);
  if (change.from === change.into) return;
  mergePeers(scope.db, change.from, change.into);
  const same = [change.from, change.into];
  if (same.some((peer) => isBlocked(scope.db, peer))) for (const peer of same) blockPeer(scope, peer);
}

/** States a code in every conversation with a peer, once per `what`. */
function stateInAll(scope: Scope, peer: PeerId, code: NoteCode, what: string): void {
  for (const conversation of conversationsWith(scope.db, scope.account.id, peer))
    putNote(scope, {
      conversation,
      key: `note|${code}|${conversation}|${what}|${scope.now}` as NetworkKey,
      code,
      quoted: null,
    });
}

/** Adds a note row, unless one with its key is there. */
export function putNote(
  scope: Scope,
  note: {
    readonly conversation: ConversationId;
    readonly key: NetworkKey;
    readonly code: NoteCode;
    readonly quoted: string | null;
    readonly people?: readonly (PeerId | 'me')[];
    readonly by?: PeerId | 'me' | null;
  },
): void {
  const { conversation, key, ...content } = note;
  const id = addNote(
    scope.db,
    {
      conversation,
      account: scope.account.id,
      key,
      at: scope.now,
      content,
    },
    scope.now,
  );
  if (id === null) return;
  bumpConversation(scope.db, note.conversation, { message: id, at: scope.now, unread: false });
  touchMessage(scope.touched, note.conversation, id);
}
