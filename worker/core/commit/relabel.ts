import type { ConversationId, Millis } from '../../../shared/ids.ts';
import type { HoldReason, SecurityFacts } from '../../../shared/label/facts.ts';
import type { Label } from '../../../shared/label/label.ts';
import { label, type LabelInput } from '../../../shared/label/rules.ts';
import { isCopiedRatchet } from '../../../storage/copies.ts';
import { findConversation, setHold, setLabel, type Conversation } from '../../../storage/conversations.ts';
import type { Database } from '../../../storage/database.ts';
import { memberTrusts } from '../../../storage/memberships.ts';
import { trustOf } from '../../../storage/peers.ts';
import { firstHold, hasOpen } from '../../../storage/outbox.ts';
import { touchConversation } from '../touched.ts';
import type { Scope } from './scope.ts';

/**
 * The label of a conversation under given facts and hold. `at`: now for the next send, the time of the evidence for a past one.
 * `invited`: with those who are to be in a group and are not yet: what is written now waits until they are.
 */
export function labelUnder(
  scope: Pick<Scope, 'db' | 'account'>,
  conversation: Conversation,
  facts: readonly SecurityFacts[],
  hold: HoldReason | null,
  at: Millis,
  invited = false,
): Label {
  return label({
    network: conversation.network,
    protocol: conversation.protocol,
    testNetwork: scope.account.environment === 'test',
    facts,
    identity: identityOf(scope.db, conversation, invited),
    hold,
    now: at,
  });
}

function identityOf(db: Database, conversation: Conversation, invited: boolean): LabelInput['identity'] {
  if (conversation.kind === 'group' || conversation.kind === 'channel')
    return { kind: 'group', trusts: memberTrusts(db, conversation.account, conversation.id, invited) };
  return {
    kind: 'one',
    trust: conversation.peer ? trustOf(db, conversation.account, conversation.peer) : { kind: 'unchecked' },
  };
}

/** Whether the identity of anybody in the conversation has changed and nobody has looked yet. */
export function identityChanged(db: Database, conversation: Conversation): boolean {
  const identity = identityOf(db, conversation, true);
  return identity.kind === 'one'
    ? identity.trust.kind === 'changed'
    : identity.trusts.some((trust) => trust.kind === 'changed');
}

/** Reasons that only the person can end; a lane's next forecast does not. */
const personal: readonly HoldReason[] = ['identity-changed', 'label-fell', 'below-floor'];

/** Reasons that the lane ends: what is held for one goes on by itself once a forecast names none. */
const passing: readonly HoldReason[] = ['fork', 'no-key', 'challenge'];

/** Whether the next forecast that names no reason ends it, for the conversation and for what is held in it. */
export const isPassing = (hold: HoldReason | null): boolean => hold !== null && passing.includes(hold);

/** What stops a conversation once the lane says `told`: what the person must look at first, then what the lane says, then whatever item is still held. */
export function holdAfterForecast(
  db: Database,
  conversation: Conversation,
  told: HoldReason | null,
): HoldReason | null {
  if (conversation.hold && personal.includes(conversation.hold)) return conversation.hold;
  return told ?? firstHold(db, conversation);
}

/** Sets the hold and derives the label anew; its revision rises only when it became another. In a copy nothing else stops a ratchet's conversations. */
export function relabel(scope: Scope, id: ConversationId, hold?: HoldReason | null): void {
  const conversation = findConversation(scope.db, id);
  if (conversation) relabelAs(scope, conversation, hold === undefined ? conversation.hold : hold);
}

/** As {@link relabel}, of a conversation as it was just read. */
export function relabelAs(scope: Scope, conversation: Conversation, hold: HoldReason | null): void {
  const { id } = conversation;
  const holds = isCopiedRatchet(scope.db, scope.account) ? 'clone-suspected' : hold;
  if (holds !== conversation.hold) setHold(scope.db, id, holds);
  const now = labelUnder(scope, conversation, conversation.forecast, holds, scope.now, true);
  touchConversation(scope.touched, id);
  if (!sameLabel(now, conversation.label)) setLabel(scope.db, id, now);
}

/** Lets a conversation go on when the last thing it was stopped for is gone; what the identity, a fork or a copy says stays. */
export function releaseIfNothingHeld(scope: Scope, id: ConversationId): void {
  const conversation = findConversation(scope.db, id);
  if (!conversation) return;
  const next = firstHold(scope.db, conversation);
  const { hold } = conversation;
  const byItem =
    hold === 'label-fell' ||
    hold === 'below-floor' ||
    (hold === 'identity-changed' && !identityChanged(scope.db, conversation));
  // Nothing is left that the lane said it of. It says so again where it finds the same; for what waits without being held, it still stands.
  const over =
    ((hold === 'guard' || hold === 'no-key') && next === null) ||
    (hold === 'challenge' && !hasOpen(scope.db, conversation));
  if (byItem || over) relabel(scope, id, next);
}

/** Whether the stored label is not what the rules say now: time alone makes facts stale, without any commit. */
export function labelIsOld(scope: Pick<Scope, 'db' | 'account' | 'now'>, id: ConversationId): boolean {
  const conversation = findConversation(scope.db, id);
  if (!conversation) return false;
  const now = labelUnder(scope, conversation, conversation.forecast, conversation.hold, scope.now, true);
  return !sameLabel(now, conversation.label);
}

/** Labels are plain data made in one place with members in one order, so their texts decide. */
function sameLabel(a: Label, b: Label | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
