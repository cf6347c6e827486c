import type { ConversationId } from '../../../shared/ids.ts';
import { followsInvitations } from '../capabilities.ts';
import { addSideIntent } from './own-intent.ts';
import type { Scope } from './scope.ts';

/**
 * Where a request is an invitation its lane keeps that until the person has decided, and has room for so many: it hears of a block, and of the
 * end of one. Nothing of it leaves this machine.
 */
export function tellBlock(
  scope: Pick<Scope, 'db' | 'account' | 'now' | 'touched'>,
  conversation: ConversationId,
  op: 'blocked' | 'unblocked',
): void {
  if (!followsInvitations(scope.account.network)) return;
  addSideIntent(scope, conversation, null, (key) => ({ kind: 'protocol', key, op, data: new Uint8Array() }));
}
