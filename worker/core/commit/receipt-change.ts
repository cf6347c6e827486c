import type { SendState } from '../../../shared/contract/conversation.ts';
import type { Change } from '../../../shared/lane/change.ts';
import type { Receipt } from '../../../shared/lane/intent.ts';
import { isBlocked } from '../../../storage/blocked-peers.ts';
import { findConversation } from '../../../storage/conversations.ts';
import { startOne } from '../../../storage/expiry.ts';
import { setSendState, type Message } from '../../../storage/messages.ts';
import { findOutgoing, setOutboxState } from '../../../storage/outbox.ts';
import { addReceipt, setDelivery } from '../../../storage/receipts.ts';
import { touchMessage } from '../touched.ts';
import { ownPeer, type Scope } from './scope.ts';

/** How far a message of mine has come; a later word never takes an earlier one back. */
const progress: Partial<Record<SendState, number>> = { queued: 0, sealed: 1, sent: 2, delivered: 3, read: 4 };

/** Whether `next` is further than where the message stands. */
export function furtherThan(next: SendState, now: SendState | null): boolean {
  return (progress[next] ?? -1) > (now === null ? -1 : (progress[now] ?? -1));
}

/** A receipt of somebody in the conversation for a message of mine. Anybody else's says nothing. */
export function changeReceipt(scope: Scope, message: Message, receipt: Receipt): void {
  const conversation = findConversation(scope.db, message.conversation);
  if (message.author !== null || !conversation) return;
  const { kind, peer } = conversation;
  if ((kind === 'direct' || kind === 'self') && peer !== receipt.by) return;
  ownPeer(scope, receipt.by);
  if (isBlocked(scope.db, receipt.by)) return;
  if (!addReceipt(scope.db, message.id, receipt)) return;
  const state = receipt.kind === 'delivered' ? 'delivered' : 'read';
  setDelivery(scope.db, message.id, receipt.by, state, receipt.at);
  // One that was never let out cannot have been read: a receipt does not lift a hold or undo a failure of its own.
  if (furtherThan(state, message.sendState) && message.sendState !== 'queued')
    setSendState(scope.db, message.id, state, receipt.at);
  // It arrived, whatever was told of sending it.
  if (startOne(scope.db, message.id, scope.now)) scope.touched.expiry = true;
  touchMessage(scope.touched, message.conversation, message.id);
}

/** The network took a message first and gave it back later. */
export function failDelivery(
  scope: Scope,
  message: Message,
  change: Extract<Change, { readonly kind: 'delivery-failed' }>,
): void {
  if (message.author !== null || message.sendState === 'read') return;
  if (message.outbox) {
    const item = findOutgoing(scope.db, message.outbox);
    if (item?.state === 'sent') setOutboxState(scope.db, item.id, 'failed');
  }
  setSendState(scope.db, message.id, 'failed', change.at, change.why);
  touchMessage(scope.touched, message.conversation, message.id);
}
