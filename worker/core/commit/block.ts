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
import { freshMemo } from './scope.ts';

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
    if (state === 'blocked') continue;
    patchConversation(db, id, { state: 'blocked' });
    touchConversation(touched, id);
    const account = findAccount(db, of);
    if (account === null) continue;
    for (const item of waitingIn(db, id)) letGo({ db, now, touched }, item);
    releaseIfNothingHeld({ db, account, now, touched, memo: freshMemo() }, id);
  }
}

/** What was written into a conversation and is not sealed yet: once that is blocked, nobody wants it to go there any more. */
export const waitingIn = (db: Database, id: ConversationId): readonly Outgoing[] =>
  openItems(db, id).filter(({ state, intent }) => state !== 'sealed' && !takesBack(intent));

/** It gives nobody anything to read, and is wanted all the more. What the protocol sends by itself keeps the keys in order. */
const takesBack = ({ what }: Intent): boolean =>
  what.kind === 'delete' ||
  what.kind === 'protocol' ||
  (what.kind === 'group' && (what.change.act === 'leave' || what.change.act === 'remove'));

/** Takes a block back. Whom I never wrote to asks again. */
export function unblockPeer({ db, touched }: Of, peer: PeerId): void {
  if (dropBlocked(db, peer)) touchGroups(db, peer, touched);
  for (const { id, state } of directWith(db, peer)) {
    if (state !== 'blocked') continue;
    patchConversation(db, id, { state: wroteIn(db, id) ? 'active' : 'request' });
    touchConversation(touched, id);
  }
}

/** Their list of members says who is blocked. */
function touchGroups(db: Database, peer: PeerId, touched: Touched): void {
  for (const id of groupsWith(db, peer)) touchConversation(touched, id);
}
