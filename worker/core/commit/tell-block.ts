import { freshId, type ConversationId, type OutboxId } from '../../../shared/ids.ts';
import { newNetworkKey } from '../../../shared/lane/network-key.ts';
import { nextSendTime } from '../../../storage/accounts.ts';
import { addIntent } from '../../../storage/outbox.ts';
import { followsInvitations } from '../capabilities.ts';
import type { Scope } from './scope.ts';

/**
 * Where a request is an invitation its lane keeps that until the person has decided, and has room for so many: it hears of a block, and of the
 * end of one. Nothing of it leaves this machine.
 */
export function tellBlock(
  { db, account: { id: account, network }, now, touched }: Pick<Scope, 'db' | 'account' | 'now' | 'touched'>,
  conversation: ConversationId,
  op: 'blocked' | 'unblocked',
): void {
  if (!followsInvitations(network)) return;
  const sentAt = nextSendTime(db, account, now);
  const what = { kind: 'protocol', key: newNetworkKey(network, sentAt), op, data: new Uint8Array() } as const;
  addIntent(db, {
    id: freshId<OutboxId>(),
    account,
    message: null,
    intent: { conversation, sentAt, what },
    seenLabel: null,
    hold: null,
  });
  touched.outbox = true;
}
