import { isQuiet } from '../../../shared/lane/intent.ts';
import type { ConversationId, NetworkKey } from '../../../shared/ids.ts';
import type { Label } from '../../../shared/label/label.ts';
import type { Commit } from '../../../shared/lane/commit.ts';
import { setForecast } from '../../../storage/conversations.ts';
import { setSendState } from '../../../storage/messages.ts';
import {
  findOutgoing,
  heldItems,
  releaseItem,
  setOutboxState,
  type Outgoing,
} from '../../../storage/outbox.ts';
import { touchMessage } from '../touched.ts';
import { touchDeleted } from './deletion.ts';
import { changeIdentity, changePeer, putNote } from './peer-change.ts';
import type { Held } from './outbound.ts';
import { isPassing, relabel } from './relabel.ts';
import type { Scope } from './scope.ts';

/**
 * Holds the item of a dropped commit in place, so that the person sees what the next message would be and why it stopped.
 * Of the commit only what it says of peers and their identity is kept: that is what the person decides on. What nobody is
 * waiting for is let go instead; it stops nothing.
 */
export function holdInPlace(scope: Scope, commit: Commit, held: Held): void {
  for (const change of commit.changes) {
    if (change.kind === 'peer') changePeer(scope, change);
    if (change.kind === 'identity') changeIdentity(scope, change);
  }
  const item = findOutgoing(scope.db, held.item);
  if (!item?.conversation) return;
  scope.touched.outbox = true;
  if (isQuiet(item.intent)) {
    setOutboxState(scope.db, item.id, 'cancelled');
    return;
  }
  setOutboxState(scope.db, item.id, 'held', held.reason);
  touchDeleted(scope, item);
  if (item.message !== null) {
    setSendState(scope.db, item.message, 'held', scope.now);
    touchMessage(scope.touched, item.conversation, item.message);
  }
  if (held.reason === 'below-floor')
    putNote(scope, {
      conversation: item.conversation,
      key: `note|below-floor|${item.id}` as NetworkKey,
      code: 'below-floor',
      quoted: null,
    });
  setForecast(scope.db, item.conversation, held.facts);
  relabel(scope, item.conversation, held.reason);
}

/**
 * What is held for what the lane said goes on once the lane says so no more: nobody would look at it else. Sealing asks
 * again whether its label is as good as the one its sender saw.
 */
export function resumePassed(scope: Scope, id: ConversationId): void {
  for (const item of heldItems(scope.db, id))
    if (isPassing(item.hold) && item.seenLabel !== null)
      goOn(scope, { ...item, conversation: id }, item.seenLabel);
}

/** An item that was held waits for its turn again, under the label that its sender has seen. */
export function goOn(
  scope: Pick<Scope, 'db' | 'now' | 'touched'>,
  item: Outgoing & { readonly conversation: ConversationId },
  seen: Label,
): void {
  const { conversation, message } = item;
  releaseItem(scope.db, item.id, seen);
  scope.touched.outbox = true;
  touchDeleted(scope, item);
  if (message === null) return;
  setSendState(scope.db, message, 'queued', scope.now);
  touchMessage(scope.touched, conversation, message);
}
