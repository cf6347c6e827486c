import { PlainsealError } from '../../../shared/errors.ts';
import type { Change, ConversationPatch } from '../../../shared/lane/change.ts';
import type { Timer } from '../../../shared/lane/intent.ts';
import {
  addConversation,
  findConversation,
  patchConversation,
  type Conversation,
} from '../../../storage/conversations.ts';
import { isBlocked } from '../../../storage/blocked-peers.ts';
import { blockPeer } from './block.ts';
import { isMineIn, newsOf } from './member-change.ts';
import { ownConversation, ownPeer, type Scope } from './scope.ts';

type Of<K extends Change['kind']> = Extract<Change, { readonly kind: K }>;

/**
 * Creates or patches a conversation. The protocol may rise from none and never falls or changes sideways.
 * @throws PlainsealError `refused` for a fall, `bad-request` for a first patch that lacks kind, protocol or (direct) peer.
 */
export function changeConversation(scope: Scope, change: Of<'conversation'>): void {
  const known = findConversation(scope.db, change.id);
  const { peer, by } = change.patch;
  if (peer) ownPeer(scope, peer);
  if (by && by !== 'me') ownPeer(scope, by);
  if (known) patch(scope, ownConversation(scope, change.id), change.patch);
  else create(scope, change);
  keepBlocked(scope, change.id);
  scope.memo.stale.add(change.id);
}

/** A conversation of two with somebody who is blocked is blocked; where a lane says so (the phone blocked them), they are. */
function keepBlocked(scope: Scope, id: Conversation['id']): void {
  const { kind, state, peer } = ownConversation(scope, id);
  if (kind !== 'direct' || peer === null) return;
  if (state === 'blocked' || isBlocked(scope.db, peer)) blockPeer(scope, peer);
}

function create(scope: Scope, { id, patch: first }: Of<'conversation'>): void {
  if (!first.kind || !first.protocol || (first.kind === 'direct' && !first.peer))
    throw new PlainsealError('bad-request', 'a first patch of a conversation is not complete');
  addConversation(scope.db, {
    id,
    account: scope.account.id,
    network: scope.account.network,
    protocol: first.protocol,
    kind: first.kind,
    state: first.state ?? 'request',
    peer: first.peer ?? null,
    title: first.title ?? null,
    lastAt: scope.now,
  });
  if (first.timer) patchConversation(scope.db, id, { timer: first.timer });
}

function patch(scope: Scope, known: Conversation, next: ConversationPatch): void {
  if (next.kind && next.kind !== known.kind)
    throw new PlainsealError('refused', 'a conversation keeps its kind');
  if (next.protocol && next.protocol !== known.protocol && known.protocol !== 'none')
    throw new PlainsealError('refused', 'the protocol of a conversation never falls');
  if (next.peer && known.peer && next.peer !== known.peer)
    throw new PlainsealError('refused', 'a conversation keeps its peer');
  const { protocol, peer, timer, state, title } = next;
  const differing = {
    ...(protocol && protocol !== known.protocol ? { protocol } : {}),
    ...(peer && peer !== known.peer ? { peer } : {}),
    ...(timer && isNewer(timer, known.timer) ? { timer } : {}),
    ...(state && state !== known.state && mayMove(known.state, state) ? { state } : {}),
    // The name of a direct conversation is the person's to give once it has one.
    ...(title !== undefined && (known.kind !== 'direct' || known.title === null) ? { title } : {}),
  };
  // A lane says with every message what it knows: most often nothing is new.
  if (Object.keys(differing).length === 0) return;
  if (known.kind === 'group' && title !== undefined && title !== known.title && isMineIn(scope, known.id))
    newsOf(scope, known.id, { code: 'group-renamed', by: next.by ?? null, quoted: title });
  patchConversation(scope.db, known.id, differing);
}

/** Two who set the timer at once agree on the higher version; of equal ones the first stands. */
const isNewer = (next: Timer, known: Timer | null): boolean => known === null || next.version > known.version;

/**
 * What the person decided stands: a lane neither unblocks nor turns an accepted conversation back into a request. Who left may
 * be asked in again.
 */
function mayMove(from: Conversation['state'], to: Conversation['state']): boolean {
  return from !== 'blocked' && !(to === 'request' && from === 'active');
}
