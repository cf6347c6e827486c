import type { ConversationId, NetworkKey, PeerId } from '../../../shared/ids.ts';
import type { Trust } from '../../../shared/label/facts.ts';
import type { Change, NoteCode } from '../../../shared/lane/change.ts';
import { bumpConversation, conversationsWith, findConversation } from '../../../storage/conversations.ts';
import { addNote } from '../../../storage/messages.ts';
import {
  describePeer,
  findPeer,
  mergePeers,
  setPeerIdentity,
  setTrust,
  trustOf,
  writtenTrust,
} from '../../../storage/peers.ts';
import { heldItems } from '../../../storage/outbox.ts';
import { touchConversation, touchMessage } from '../touched.ts';
import { relabel } from './relabel.ts';
import { ownPeer, type Scope } from './scope.ts';

type Of<K extends Change['kind']> = Extract<Change, { readonly kind: K }>;

/** A peer and what it calls itself. */
export function changePeer(scope: Scope, change: Of<'peer'>): void {
  const known = findPeer(scope.db, change.peer);
  ownPeer(scope, change.peer);
  if (!known) setPeerIdentity(scope.db, change.peer, change.identity);
  describePeer(scope.db, change.peer, change);
  const changed = known?.name !== change.name || known?.address !== change.address;
  if (changed)
    for (const id of conversationsWith(scope.db, scope.account.id, change.peer))
      touchConversation(scope.touched, id);
}

/**
 * The peer's key was proven, or is another one. Another one stops its conversations whatever the lane made of it, and only
 * the person, or a proof, lets them go on. Told twice is told once.
 */
export function changeIdentity(scope: Scope, change: Of<'identity'>): void {
  ownPeer(scope, change.peer);
  const known = findPeer(scope.db, change.peer);
  const same = known?.identity === change.now;
  const trust = decide(scope, change, same);
  setPeerIdentity(scope.db, change.peer, change.now);
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
 * The trust that follows, or null when nothing does. `same`: the identity is the one already kept. What was decided or proven
 * for it stands, however often a lane tells of it again; a lane cannot pass a new identity off as an old one.
 */
function decide(scope: Scope, change: Of<'identity'>, same: boolean): Trust | null {
  const { trust: told, was, now } = change;
  if (told.kind === 'checked') return told;
  const before = writtenTrust(scope.db, scope.account.id, change.peer);
  const another = told.kind === 'changed' || (!same && was !== null && was !== now);
  if (!another || (same && before !== null)) return null;
  const wasChecked =
    before?.kind === 'checked' ||
    (before?.kind === 'changed' && before.wasChecked) ||
    (told.kind === 'changed' && told.wasChecked);
  return { kind: 'changed', at: scope.now, wasChecked };
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
  const hold = findConversation(scope.db, id)?.hold ?? null;
  if (hold !== 'identity-changed') return hold;
  return heldItems(scope.db, id)[0]?.hold ?? null;
}

/** A device of a peer. One that does not carry the known identity is another identity. */
export function changeDevice(scope: Scope, change: Of<'device'>): void {
  ownPeer(scope, change.peer);
  if (change.sameIdentity || change.act === 'removed') return;
  const before = trustOf(scope.db, scope.account.id, change.peer);
  if (before.kind === 'changed') return;
  applyTrust(scope, change.peer, {
    kind: 'changed',
    at: scope.now,
    wasChecked: before.kind === 'checked',
  });
  stateInAll(scope, change.peer, 'identity-changed', `device ${change.device}`);
}

/** Two peers are one. Trust is never carried over. */
export function changeMerged(scope: Scope, change: Of<'peers-merged'>): void {
  ownPeer(scope, change.from);
  ownPeer(scope, change.into);
  if (change.from !== change.into) mergePeers(scope.db, change.from, change.into);
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
  },
): void {
  const id = addNote(
    scope.db,
    {
      conversation: note.conversation,
      account: scope.account.id,
      key: note.key,
      at: scope.now,
      content: { code: note.code, quoted: note.quoted },
    },
    scope.now,
  );
  if (id === null) return;
  bumpConversation(scope.db, note.conversation, { message: id, at: scope.now, unread: false });
  touchMessage(scope.touched, note.conversation, id);
}
