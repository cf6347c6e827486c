import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import type { Scope } from './cursor.ts';
import { CommitFault, receive, setAside, type Arrival } from './receive.ts';
import type { Running } from './running.ts';

/** Events of one commit. */
const BATCH = 50;
/** Events that wait here; who brings more waits until there is room. */
const MOST_WAITING = 400;
/** One batch is committed before the next is begun: core need not be asked whether there is room for so little. */
const UNASKED_CHARACTERS = 64 * 1024;
/** After a commit that could not be made. */
const RETRY_MS = 5_000;

/** Takes in what relays bring, as fast as core commits it. */
export interface Inflow {
  /** Resolves when there is room for more. What was given is kept until it is settled. */
  push(arrival: Arrival): Promise<void>;
  /** Whether an event is settled, or waits here. */
  knows(id: string): boolean;
  /** Resolves when nothing waits. */
  idle(): Promise<void>;
  /** Ends after the batch that is under way. */
  ended: Promise<void>;
}

/** Runs until `running.stopping`. After a run that died it takes one event at a time, its marker first (docs/interfaces.md, rule 8). */
export function startInflow(running: Running): Inflow {
  const { context, stopping, seen } = running;
  const waiting: Arrival[] = [];
  const ids = new Set<string>();
  /** Scopes of which something was left at the relays: they are not caught up before they were asked again. */
  const behind = new Set<Scope>();
  const state = { busy: false };
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  stopping.signal.addEventListener('abort', tell, { once: true });

  const knows = (id: string): boolean => ids.has(id) || seen.has(id);

  const takeBatch = async (): Promise<void> => {
    // What came in the same turn of the event loop goes along.
    await setImmediate();
    const batch = waiting.slice(0, context.careful ? 1 : BATCH);
    try {
      const size = batch.reduce((sum, one) => sum + sizeOf(one), 0);
      if (size > UNASKED_CHARACTERS) await context.credit(size);
      await takeMarked(running, batch.filter(isOpen), (scope) => void behind.add(scope));
      waiting.splice(0, batch.length);
      for (const one of batch) if (one.kind !== 'caught-up') ids.delete(one.event.id);
    } catch (error) {
      const fault =
        error instanceof CommitFault ? error.why : error instanceof Error ? error.name : 'unknown';
      context.log('receiving', { fault });
      await pause(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const isOpen = (arrival: Arrival): boolean =>
    arrival.kind !== 'caught-up' || !arrival.scopes.some((scope) => behind.has(scope));

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (waiting.length === 0) {
        await changed.promise;
        continue;
      }
      state.busy = true;
      await takeBatch();
      state.busy = false;
      tell();
    }
  };

  return {
    async push(arrival) {
      if (arrival.kind !== 'caught-up') {
        if (knows(arrival.event.id)) return;
        ids.add(arrival.event.id);
      }
      waiting.push(arrival);
      tell();
      while (waiting.length > MOST_WAITING && !stopping.signal.aborted) await changed.promise;
    },
    knows,
    async idle() {
      while ((waiting.length > 0 || state.busy) && !stopping.signal.aborted) await changed.promise;
    },
    ended: run(),
  };
}

const sizeOf = (arrival: Arrival): number =>
  arrival.kind === 'caught-up' ? 0 : arrival.event.content.length;

async function takeMarked(
  running: Running,
  batch: readonly Arrival[],
  leftBehind: (scope: Scope) => void,
): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  if (running.context.careful && first.kind !== 'caught-up') {
    const verdict = await running.context.mark(first.event.id);
    if (verdict === 'quarantine') return setAside(running, first.event, 'ended-the-program');
  }
  await receive(running, batch, leftBehind);
}
