import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Millis } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { Work } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import type { WithLocks } from './locks.ts';
import { commit, CONFLICT_TRIES } from './performing.ts';
import { forgetOlder, keptServices, olderServices, sweepSent } from './send-log.ts';

/** A full disk ends some time: what could not be let go of is tried again then. */
const AGAIN_MS = 60_000;
/** Longest a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Lets go of what the send log keeps, when its time is over: a message that disappears is not read there any more either. */
export interface Sweeper {
  /** Lets go of what ended while the lane did not run, and from then on of the rest. */
  start(): void;
  /** Something that is kept of a service id ends then. */
  note(service: ServiceId, endsAt: Millis): void;
  close(): void;
}

export function createSweeper(context: LaneContext, withLocks: WithLocks): Sweeper {
  const waiting = new Map<ServiceId, { readonly endsAt: Millis; readonly timer: NodeJS.Timeout }>();
  let closed = false;

  function note(service: ServiceId, endsAt: Millis): void {
    const before = waiting.get(service);
    if (closed || (before !== undefined && before.endsAt <= endsAt)) return;
    clearTimeout(before?.timer);
    const wait = Math.min(Math.max(0, endsAt - context.now()), MAX_TIMER_MS);
    const timer = setTimeout(() => {
      waiting.delete(service);
      sweep(service).catch(fault);
    }, wait);
    timer.unref();
    waiting.set(service, { endsAt, timer });
  }

  function fault(error: unknown): void {
    context.log('sweep-fault', { error: error instanceof Error ? error.name : 'unknown' });
  }

  async function sweepAll(): Promise<void> {
    for (const service of await olderServices(createWork(context.view)))
      await commitWork(service, (work) => forgetOlder(work, service));
    for (const service of await keptServices(createWork(context.view))) await sweep(service);
  }

  async function sweep(service: ServiceId): Promise<void> {
    if (closed) return;
    const swept = await commitWork(service, (work) => sweepSent(work, service, context.now()));
    const next = swept === 'failed' ? context.now() + AGAIN_MS : swept;
    if (next !== null) note(service, next);
  }

  /** Makes durable what a task writes of a service id; gives what the task gave. */
  function commitWork<T>(service: ServiceId, task: (work: Work) => Promise<T>): Promise<T | 'failed'> {
    return withLocks([service], async () => {
      for (let attempt = 0; ; attempt++) {
        const work = createWork(context.view);
        const given = await task(work);
        const writes = work.writes();
        if (writes.length === 0) return given;
        const result = await commit(context, { ...emptyCommit, work: writes });
        if (result.ok) return given;
        if (result.why !== 'conflict' || attempt >= CONFLICT_TRIES) return 'failed';
      }
    });
  }

  return {
    start: () => void sweepAll().catch(fault),
    note,
    close() {
      closed = true;
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
