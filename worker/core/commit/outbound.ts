import type { SendState } from '../../../shared/contract/conversation.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import type { Evidence } from '../../../shared/label/evidence.ts';
import type { Forecast } from '../../../shared/lane/commit.ts';
import { isQuiet, type OutboxStep, type Stored } from '../../../shared/lane/intent.ts';
import type { HoldReason, SecurityFacts } from '../../../shared/label/facts.ts';
import { everywhereEndToEnd } from '../../../shared/label/floor.ts';
import { belowFloor, worse } from '../../../shared/label/rules.ts';
import type { OutboxId } from '../../../shared/ids.ts';
import { clearMarker, itemMarker } from '../../../storage/inbound.ts';
import { startOne } from '../../../storage/expiry.ts';
import type { Conversation } from '../../../storage/conversations.ts';
import { standingOf } from '../../../storage/floors.ts';
import {
  findMessage,
  findMessageByKey,
  setEvidence,
  setSendState,
  type Message,
} from '../../../storage/messages.ts';
import { reopenDelivery, setDelivery } from '../../../storage/receipts.ts';
import { setReaction } from '../../../storage/reactions.ts';
import { artifactsOf, dropArtifactBytes, putArtifact } from '../../../storage/artifacts.ts';
import {
  emptyIntent,
  emptyItem,
  findOutgoing,
  setOutboxState,
  type Outgoing,
} from '../../../storage/outbox.ts';
import { touchConversation, touchMessage } from '../touched.ts';
import { touchDeleted } from './deletion.ts';
import { dropGroupChange } from './group.ts';
import { pastLabel } from './message-change.ts';
import { furtherThan } from './receipt-change.ts';
import { identityChanged, labelUnder, relabel } from './relabel.ts';
import { ownConversation, type Scope } from './scope.ts';
import { changesIdentity, checkTransition, isBackAlready, seals, standsOnFloor } from './transition.ts';

/** The step of the protocol by which a lane lets go of a message of mine that the person deleted or took back. */
export const DELETED = 'deleted';

/** A commit that may not stand because of one item: everything in it is dropped, the item is held in place. */
export class Held extends Error {
  readonly item: OutboxId;
  readonly reason: HoldReason;
  readonly facts: readonly SecurityFacts[];
  constructor(item: OutboxId, reason: HoldReason, facts: readonly SecurityFacts[]) {
    super('held');
    this.item = item;
    this.reason = reason;
    this.facts = facts;
  }
}

/**
 * Applies one step of an outbox item. Sealing passes the rules of sending first, over the facts of this very commit.
 * @throws Held when they forbid it; PlainsealError as {@link checkTransition}, `bad-request` for an unknown item.
 */
export function stepOutbound(scope: Scope, step: OutboxStep, forecasts: readonly Forecast[]): void {
  const item = findOutgoing(scope.db, step.item);
  if (!item) throw new PlainsealError('bad-request', 'no such outbox item');
  if (item.account !== scope.account.id)
    throw new PlainsealError('refused', 'an outbox item of another account');
  const message = item.message === null ? null : findMessage(scope.db, item.message);
  const deleted = item.message !== null && (message?.deleted ?? true);
  // What became of a message that was deleted here, or a wish to have it once more, is nothing to anybody.
  if (deleted && item.state === 'cancelled' && step.to !== 'sealed') return;
  if (isBackAlready(item.state, step)) return;
  checkTransition(item.state, step, item.intent);
  const stored = artifactsOf(scope.db, item.id);
  const sealing = seals(item.state, step, stored);
  const conversation =
    item.conversation && (sealing || step.evidence) ? ownConversation(scope, item.conversation) : null;
  if (sealing) {
    if (item.state === 'sealed' && !step.reseal)
      throw new PlainsealError('refused', 'sealing anew needs a reason');
    if (conversation)
      checkSealing(scope, conversation, {
        item,
        step,
        forecasts,
        otherIdentity: changesIdentity(step, stored),
      });
  }
  for (const artifact of step.artifacts ?? []) putArtifact(scope.db, item.id, withDoubt(artifact, stored));
  // What nobody waits for is let go rather than held: it must not stop the person's own messages.
  const held = step.to === 'held';
  const dropped = held && isQuiet(item.intent);
  const to = dropped ? 'cancelled' : step.to;
  if (to !== item.state) setOutboxState(scope.db, item.id, to, held && !dropped ? (step.hold ?? null) : null);
  if (step.to === 'sent') dropArtifactBytes(scope.db, item.id);
  // What a lane told its other devices may hold a message's words: they must not outlive it here.
  if (item.intent.what.kind === 'protocol' && (to === 'sent' || to === 'failed' || to === 'cancelled'))
    emptyIntent(scope.db, item);
  if (item.intent.what.kind === 'protocol' && item.intent.what.op === DELETED) scope.touched.emptied = true;
  if (step.evidence && conversation) keepEvidence(scope, conversation, item, step.evidence);
  tellMessage(scope, item, step, message);
  touchDeleted(scope, item);
  if (deleted && to !== 'sealed') emptyItem(scope.db, item.id);
  if (to === 'failed') dropGroupChange(scope, item, true);
  if (to === 'held' && item.conversation) relabel(scope, item.conversation, step.hold ?? null);
  clearMarker(scope.db, scope.account.id, itemMarker(item.id));
  scope.touched.outbox = true;
}

/** What may have gone to a destination is not taken back by sealing for it anew. */
function withDoubt(artifact: Stored, stored: readonly Stored[]): Stored {
  const doubted = stored.some(({ to, outcome }) => to === artifact.to && outcome === 'ambiguous');
  return doubted && artifact.outcome === 'pending' ? { ...artifact, outcome: 'ambiguous' } : artifact;
}

/**
 * Rule 2: what is about to be sealed must not be worse than what its sender saw, not in the clear where it was ever end to
 * end, not below the floor, and not for another identity. No facts at all are the worst facts.
 */
function checkSealing(
  scope: Scope,
  conversation: Conversation,
  of: {
    readonly item: Outgoing;
    readonly step: OutboxStep;
    readonly forecasts: readonly Forecast[];
    readonly otherIdentity: boolean;
  },
): void {
  const { item, step, forecasts, otherIdentity } = of;
  const told = forecasts.filter((forecast) => forecast.conversation === item.conversation);
  const now = [...told.flatMap((forecast) => forecast.facts), ...(step.evidence?.facts ?? [])];
  const { what } = item.intent;
  // Who leaves sends nothing more there: their lane has no facts of a next send, and what it told before counts.
  const leaves = what.kind === 'group' && what.change.act === 'leave';
  const facts = now.length === 0 && (leaves || isQuiet(item.intent)) ? conversation.forecast : now;
  const stop = (reason: HoldReason): never => {
    throw new Held(item.id, reason, facts);
  };
  const label = labelUnder(scope, conversation, facts, null, scope.now);
  if (otherIdentity || identityChanged(scope.db, conversation)) stop('identity-changed');
  const clear = step.evidence?.how === 'in-the-clear';
  if (conversation.everEndToEnd && (clear || !everywhereEndToEnd(facts))) stop('below-floor');
  if (standsOnFloor(item.intent) && belowFloor(label, standingOf(scope.db, conversation.id).least))
    stop('below-floor');
  if (item.seenLabel && worse(label, item.seenLabel)) stop('label-fell');
  if (!item.seenLabel && !isQuiet(item.intent)) stop('label-fell');
  const laneHold = told.find((forecast) => forecast.hold)?.hold ?? conversation.hold;
  if (laneHold) stop(laneHold);
}

function keepEvidence(scope: Scope, conversation: Conversation, item: Outgoing, evidence: Evidence): void {
  if (item.message !== null)
    setEvidence(scope.db, item.message, evidence, pastLabel(scope, conversation, evidence));
  const { what } = item.intent;
  if (what.kind !== 'reaction') return;
  const target = findMessageByKey(scope.db, scope.account.id, what.target);
  if (target)
    setReaction(scope.db, target.id, { by: 'me', emoji: what.emoji, at: item.intent.sentAt, evidence });
}

/** The message follows its item. */
function tellMessage(scope: Scope, item: Outgoing, step: OutboxStep, message: Message | null): void {
  if (item.conversation) touchConversation(scope.touched, item.conversation);
  if (!message) return;
  const state: SendState = step.to;
  const back = state === 'queued' || state === 'held' || state === 'failed';
  if (back || furtherThan(state, message.sendState))
    setSendState(scope.db, message.id, state, scope.now, step.failure ?? null);
  if (state === 'sent' && startOne(scope.db, message.id, scope.now)) scope.touched.expiry = true;
  for (const { to, outcome } of step.artifacts ?? [])
    if (outcome === 'accepted' || outcome === 'refused')
      setDelivery(scope.db, message.id, to, outcome === 'accepted' ? 'sent' : 'failed', scope.now);
    else reopenDelivery(scope.db, message.id, to, scope.now);
  touchMessage(scope.touched, message.conversation, message.id);
}
