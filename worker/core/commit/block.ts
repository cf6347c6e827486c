import type { Millis, PeerId } from '../../../shared/ids.ts';
import { addBlocked, dropBlocked } from '../../../storage/blocked-peers.ts';
import { directWith, groupsWith, patchConversation, wroteIn } from '../../../storage/conversations.ts';
import type { Database } from '../../../storage/database.ts';
import { touchConversation, type Touched } from '../touched.ts';

/** What a block is done in; it reaches the conversations of every account. */
interface Of {
  readonly db: Database;
  readonly now: Millis;
  readonly touched: Touched;
}

/** Blocks a peer: its conversations of two, in every account. What it writes from now on is taken from the server and dropped. */
export function blockPeer({ db, now, touched }: Of, peer: PeerId): void {
  if (addBlocked(db, peer, now)) touchGroups(db, peer, touched);
  for (const { id, state } of directWith(db, peer)) {
    if (state === 'blocked') continue;
    patchConversation(db, id, { state: 'blocked' });
    touchConversation(touched, id);
  }
}

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
