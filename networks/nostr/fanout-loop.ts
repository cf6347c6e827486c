import { createWork } from '../../shared/lane/work.ts';
import type { EventId } from './event.ts';
import { owedFanouts } from './fanout.ts';
import { giveUpFanout } from './group/uninvited.ts';
import { publish } from './publish.ts';
import type { Running } from './running.ts';
import { transact } from './turn.ts';

/** Tries again what some relay has not answered yet: soon at first, then more seldom. */
const RETRY_MS = 15_000;
const RETRY_MOST_MS = 4 * 60_000;
/** A message is published by whoever performs it first; this looks after what is left then. */
const YOUNG_MS = 3_000;

/** Publishes what is left to be published: invitations, and whatever some relay of a group has not got yet. */
export interface FanoutLoop {
  /** Something may be left. */
  wake(): void;
  stop(): void;
}

/** Nothing runs before it is woken. */
export function createFanoutLoop(running: Running): FanoutLoop {
  const { context, stopping } = running;
  /** Under way, or tried a moment ago. */
  const flying = new Set<EventId>();
  const tries = new Map<EventId, number>();
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let again = false;

  const look = async (): Promise<void> => {
    const now = context.now();
    let next = Infinity;
    const { pending, over } = await owedFanouts(createWork(context.view), now);
    const ids = new Set(pending.map(({ id }) => id));
    for (const id of tries.keys()) if (!ids.has(id)) tries.delete(id);
    for (const { id, operation, left, madeAt } of pending) {
      if (flying.has(id)) {
        next = Math.min(next, RETRY_MS);
        continue;
      }
      const waits = operation.kind === 'group-message' ? YOUNG_MS - (now - madeAt) : 0;
      if (waits > 0) {
        next = Math.min(next, waits);
        continue;
      }
      flying.add(id);
      const times = tries.get(id) ?? 0;
      tries.set(id, times + 1);
      const retryMs = Math.min(RETRY_MS * 2 ** times, RETRY_MOST_MS);
      next = Math.min(next, retryMs);
      void publish(running, operation, id, left, stopping.signal)
        .catch((error: unknown) => {
          context.log('fanout', { error: error instanceof Error ? error.name : 'unknown' });
        })
        .finally(() => setTimeout(() => flying.delete(id), retryMs / 2).unref());
    }
    if (next < Infinity) arm(next);
    // Seldom: the lock is held for removing what is too old, and not for looking.
    if (over.length === 0) return;
    await transact(running, async (turn) => {
      for (const { id } of over) await giveUpFanout(turn, id);
    });
  };
  const arm = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(wake, ms);
    timer.unref();
  };
  const wake = (): void => {
    if (stopping.signal.aborted) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    look()
      .catch((error: unknown) => {
        context.log('fanout', { error: error instanceof Error ? error.name : 'unknown' });
      })
      .finally(() => {
        busy = false;
        if (!again) return;
        again = false;
        wake();
      });
  };
  return { wake, stop: () => clearTimeout(timer) };
}
