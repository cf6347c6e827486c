import { assertNever } from '../../../shared/assert.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import {
  isQuiet,
  type Intent,
  type OutboxState,
  type OutboxStep,
  type Stored,
} from '../../../shared/lane/intent.ts';

/** What a lane may make of an item. Everything else is the person's, or nobody's. */
const lanes: Readonly<Record<OutboxState, readonly OutboxState[]>> = {
  queued: ['sealed', 'held', 'failed'],
  sealed: ['sealed', 'sent', 'queued', 'held', 'failed'],
  sent: ['sent', 'queued', 'failed'],
  held: [],
  failed: [],
  cancelled: [],
};
/** What nobody is waiting for may also be let go, or needs no sealing at all. */
const quietly: readonly OutboxState[] = ['sent', 'cancelled'];

/**
 * Whether the floor counts for it: all that the person says. Not what takes back or takes out, which nobody reads anything by, and
 * not what the protocol sends by itself: without it no conversation could rise above its floor again.
 */
export function standsOnFloor({ what }: Intent): boolean {
  switch (what.kind) {
    case 'content':
    case 'edit':
    case 'reaction':
    case 'timer':
      return true;
    case 'group':
      return what.change.act !== 'leave' && what.change.act !== 'remove';
    case 'delete':
    case 'receipt':
    case 'protocol':
      return false;
    default:
      return assertNever(what);
  }
}

/**
 * Checks a step of a lane against the state machine.
 * @throws PlainsealError `conflict` when the item has meanwhile gone elsewhere (cancelled, held), `refused` for a step that is
 * never legal: going back without a reason, held or failed without saying why.
 */
export function checkTransition(from: OutboxState, step: OutboxStep, intent: Intent): void {
  const { to } = step;
  if (from === 'cancelled' || from === 'held' || from === 'failed')
    throw new PlainsealError('conflict', 'this item is not for the lane any more');
  const legal = lanes[from].includes(to) || (isQuiet(intent) && from === 'queued' && quietly.includes(to));
  if (!legal) throw new PlainsealError('refused', 'no such step of an outbox item');
  if (to === 'queued' && !step.reseal) throw new PlainsealError('refused', 'sealing anew needs a reason');
  if (to === 'held' && !step.hold) throw new PlainsealError('refused', 'a hold needs a reason');
  if (to === 'failed' && !step.failure) throw new PlainsealError('refused', 'a failure needs a reason');
}

/**
 * Whether a step asks for an item once more that waits already, is held, or is over: it stays as it is. The same branch of a group can be
 * lost more than once, and a lane that takes in what relays bring cannot know what has become of an item since.
 */
export function isBackAlready(from: OutboxState, { to, reseal }: OutboxStep): boolean {
  return to === 'queued' && reseal !== undefined && from !== 'sealed' && from !== 'sent';
}

/** Whether a step puts new bytes in the place of stored ones, or adds a destination: sealing, as opposed to telling an outcome. */
export function seals(from: OutboxState, step: OutboxStep, stored: readonly Stored[]): boolean {
  if (step.to !== 'sealed') return false;
  if (from === 'queued') return true;
  return (step.artifacts ?? []).some((artifact) => {
    const before = stored.find((one) => one.to === artifact.to);
    return !before || before.identity !== artifact.identity || !sameBytes(before.bytes, artifact.bytes);
  });
}

/** Whether something was sealed for another identity than before. That needs the person's act. */
export function changesIdentity(step: OutboxStep, stored: readonly Stored[]): boolean {
  return (step.artifacts ?? []).some((artifact) =>
    stored.some((one) => one.to === artifact.to && one.identity !== artifact.identity),
  );
}

function sameBytes(a: Stored['bytes'], b: Stored['bytes']): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);
}
