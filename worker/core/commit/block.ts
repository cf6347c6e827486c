import { findAccount } from '../../../storage/accounts.ts';
import type { ConversationId, Millis, PeerId } from '../../../shared/ids.ts';
import type { Intent } from '../../../shared/lane/intent.ts';
import { addBlocked, dropBlocked } from '../../../storage/blocked-peers.ts';
import { directWith, groupsWith, patchConversation, wroteIn } from '../../../storage/conversations.ts';
import type { Database } from '../../../storage/database.ts';
import { openItems, type Outgoing } from '../../../storage/outbox.ts';
import { touchConversation, type Touched } from '../touched.ts';
import { letGo } from './let-go.ts';
import { releaseIfNothingHeld } from './relabel.ts';
import { freshMemo, type Scope } from './scope.ts';
import { tellBlock } from './tell-block.ts';

/** What a block is done in; it reaches the conversations of every account. */
interface Of {
  readonly db: Database;
  readonly now: Millis;
  readonly touched: Touched;
}

/**
 * Blocks a peer: its conversations of two, in every account. What it writes from now on is taken from the server and dropped, and what
 * waits to go to it is cancelled.
 */
export function blockPeer({ db, now, touched }: Of, peer: PeerId): void {
  if (addBlocked(db, peer, now)) touchGroups(db, peer, touched);
  for (const { id, state, account: of } of directWith(db, peer)) {
    const account = state === 'blocked' ? null : findAccount(db, of);
    if (account) blockConversation({ db, account, now, touched, memo: freshMemo() }, id, letGo);
  }
}

/** Blocks a conversation: nobody wants to go there any more what was written into it and is not sealed yet. `cancel` takes such an item back. */
export function blockConversation(
  scope: Scope,
  id: ConversationId,
  cancel: (scope: Scope, item: Outgoing) => void,
): void {
  patchConversation(scope.db, id, { state: 'blocked' });
  touchConversation(scope.touched, id);
  for (const item of openItems(scope.db, id))
    if (item.state !== 'sealed' && !takesBack(item.intent)) cancel(scope, item);
  releaseIfNothingHeld(scope, id);
  tellBlock(scope, id, 'blocked');
}

/** It gives nobody anything to read, and is wanted all the more. What the protocol sends by itself keeps the keys in order. */
const takesBack = ({ what }: Intent): boolean =>
  what.kind === 'delete' ||
  what.kind === 'protocol' ||
  (what.kind === 'group' && (what.change.act === 'leave' || what.change.act === 'remove'));

/** Takes a block back. Whom I never wrote to asks again. */
export function unblockPeer({ db, now, touched }: Of, peer: PeerId): void {
  if (dropBlocked(db, peer)) touchGroups(db, peer, touched);
  for (const { id, state, account: of } of directWith(db, peer)) {
    if (state !== 'blocked') continue;
    const account = findAccount(db, of);
    if (account) tellBlock({ db, account, now, touched }, id, 'unblocked');
    patchConversation(db, id, { state: wroteIn(db, id) ? 'active' : 'request' });
    touchConversation(touched, id);
  }
}

/** Their list of members says who is blocked. */
function touchGroups(db: Database, peer: PeerId, touched: Touched): void {
  for (const id of groupsWith(db, peer)) touchConversation(touched, id);
}
