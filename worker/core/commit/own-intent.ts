import { freshId, type ConversationId, type NetworkKey, type OutboxId } from '../../../shared/ids.ts';
import type { HoldReason } from '../../../shared/label/facts.ts';
import type { Label } from '../../../shared/label/label.ts';
import type { Intent } from '../../../shared/lane/intent.ts';
import { newNetworkKey } from '../../../shared/lane/network-key.ts';
import { nextSendTime } from '../../../storage/accounts.ts';
import { addIntent, queueOf, type Outgoing } from '../../../storage/outbox.ts';
import type { Begin } from '../once.ts';
import type { Scope } from './scope.ts';

/** What an intent of this machine is written in. */
type Of = Pick<Scope, 'db' | 'account' | 'now' | 'touched'>;

/**
 * An intent that is no message of its own (a reaction, a delete, a word to the lane), under the label its sender saw; null: it goes by itself.
 * Gives the time it is said to be sent at.
 */
export function addSideIntent(
  scope: Of,
  conversation: ConversationId | null,
  seenLabel: Label | null,
  make: (key: NetworkKey) => Intent['what'],
  begin: Begin = () => undefined,
): number {
  const item = newItem(scope, conversation, seenLabel, null, make);
  begin(item);
  addIntent(scope.db, item);
  scope.touched.outbox = true;
  return item.intent.sentAt;
}

/** What is to be sent, under the network's key and a time of its own; its message, if it is one, has no row yet. */
export function newItem(
  { db, account: { id: account, network }, now }: Of,
  conversation: ConversationId | null,
  seenLabel: Label | null,
  hold: HoldReason | null,
  make: (key: NetworkKey) => Intent['what'],
): Outgoing {
  const sentAt = nextSendTime(db, account, now);
  const intent: Intent = { conversation, sentAt, what: make(newNetworkKey(network, sentAt)) };
  return {
    id: freshId<OutboxId>(),
    account,
    conversation,
    queue: queueOf(intent),
    message: null,
    intent,
    seenLabel,
    state: hold === null ? 'queued' : 'held',
    hold,
    attempts: 0,
    notBefore: 0,
  };
}
