import { PlainsealError } from '../../../shared/errors.ts';
import type { ConversationId, Millis, PeerId } from '../../../shared/ids.ts';
import type { Account } from '../../../storage/accounts.ts';
import { findConversation, type Conversation } from '../../../storage/conversations.ts';
import type { Database } from '../../../storage/database.ts';
import { ensurePeer } from '../../../storage/peers.ts';
import type { Touched } from '../touched.ts';
import type { News } from './member-change.ts';

/** What one commit is applied in: one account, one moment, inside one transaction. */
export interface Scope {
  readonly db: Database;
  readonly account: Account;
  readonly now: Millis;
  readonly touched: Touched;
  /** What one commit need not look up, or do, more than once. */
  readonly memo: {
    /** Peers that have a row. */
    readonly peers: Set<PeerId>;
    /** Peers that the account is known to know. */
    readonly known: Set<PeerId>;
    /** Conversations whose label is derived anew once all changes are in. */
    readonly stale: Set<ConversationId>;
    /** Groups, and whether I was in them before. */
    readonly mineIn: Map<ConversationId, boolean>;
    /** Rows to be stated of groups once all changes are in. */
    readonly news: Map<ConversationId, News[]>;
  };
}

/** Where nothing is known yet. */
export const freshMemo = (): Scope['memo'] => ({
  peers: new Set(),
  known: new Set(),
  stale: new Set(),
  mineIn: new Map(),
  news: new Map(),
});

/**
 * A conversation of this account.
 * @throws PlainsealError `bad-request` when there is none, `refused` when it is another account's: a lane reaches its own only.
 */
export function ownConversation(scope: Scope, id: ConversationId): Conversation {
  const found = findConversation(scope.db, id);
  if (!found) throw new PlainsealError('bad-request', 'a change names a conversation that is not there');
  if (found.account !== scope.account.id)
    throw new PlainsealError('refused', 'a lane named a conversation of another account');
  return found;
}

/**
 * Makes sure a peer the lane named has a row.
 * @throws PlainsealError `refused` for a peer of another network.
 */
export function ownPeer(scope: Scope, id: PeerId): void {
  if (scope.memo.peers.has(id)) return;
  const prefix = `${scope.account.network}|`;
  if (!id.startsWith(prefix)) throw new PlainsealError('refused', 'a lane named a peer of another network');
  ensurePeer(scope.db, {
    id,
    network: scope.account.network,
    identity: id.slice(prefix.length),
    firstSeenAt: scope.now,
  });
  scope.memo.peers.add(id);
}
