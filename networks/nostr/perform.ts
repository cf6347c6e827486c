import { assertNever } from '../../shared/assert.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import { readErrand } from './group/errand.ts';
import { DONE, finish } from './outcome.ts';
import { ACCEPTED, performAccepted } from './perform-accepted.ts';
import { BLOCKED, performBlock, UNBLOCKED } from './perform-block.ts';
import { performErrand, performGroup } from './perform-change.ts';
import { performMessage } from './perform-message.ts';
import type { Running } from './running.ts';

/** Brings one outbox item to its end, or says when to try again. */
export async function perform(running: Running, item: OutboxItem, signal: AbortSignal): Promise<Performed> {
  if (item.state !== 'queued' && item.state !== 'sealed') return DONE;
  const { what } = item.intent;
  switch (what.kind) {
    case 'content':
    case 'reaction':
    case 'edit':
    case 'delete':
    case 'receipt':
    case 'timer':
      return performMessage(running, item, signal);
    case 'group':
      return performGroup(running, item, what.change, signal);
    case 'protocol': {
      if (what.op === ACCEPTED) return performAccepted(running, item);
      if (what.op === BLOCKED || what.op === UNBLOCKED) return performBlock(running, item, what.op);
      const errand = readErrand(what);
      return errand === null
        ? finish(running, item, { to: item.state === 'sealed' ? 'sent' : 'cancelled' })
        : performErrand(running, item, errand, signal);
    }
    default:
      return assertNever(what);
  }
}
