import type { LaneContext } from '../../shared/lane/lane.ts';
import { createFanoutLoop } from './fanout-loop.ts';
import type { GroupKey } from '../../crypto/mls/cells.ts';
import { startInflow } from './inflow.ts';
import { createRunning, type Running } from './running.ts';
import { createSubscriptions } from './subscriptions.ts';
import { createUpkeep } from './upkeep.ts';

/** An account that runs. */
export interface StartedAccount {
  readonly running: Running;
  /** Ends what is under way; nothing goes out any more. */
  stop(): Promise<void>;
}

/** Where nothing says when the next attempt is due. */
const RETRY_MS = 5_000;

/** Connects an account and keeps it connected. Returns once its state is loaded. */
export async function startAccount(context: LaneContext): Promise<StartedAccount> {
  const running = await createRunning(context);
  const { pool, stopping } = running;
  const inflow = startInflow(running);
  const fanouts = createFanoutLoop(running);
  const upkeep = createUpkeep(running);
  let told: 'connecting' | 'catching-up' | 'online' | 'offline' = 'connecting';
  context.status({ kind: 'connecting' });

  const caughtUp = (): void => {
    if (stopping.signal.aborted || told === 'online') return;
    if (told !== 'catching-up') context.status({ kind: 'catching-up', left: null });
    told = 'catching-up';
    void inflow.idle().then(() => {
      if (stopping.signal.aborted || told !== 'catching-up') return;
      told = 'online';
      context.status({ kind: 'online' });
      fanouts.wake();
      upkeep.online();
    });
  };
  const broken = (): void => {
    if (stopping.signal.aborted) return;
    const states = pool.links().map(({ state }) => state);
    if (states.some(({ kind }) => kind === 'online')) return;
    told = 'offline';
    const times = states.flatMap((state) => (state.kind === 'offline' ? [state.retryAt] : []));
    context.status({
      kind: 'offline',
      retryAt: times.length === 0 ? context.now() + RETRY_MS : Math.min(...times),
    });
  };
  const subscriptions = createSubscriptions(running, inflow, { caughtUp, broken });

  let refreshing: Promise<void> = Promise.resolve();
  const refresh = (): void => {
    refreshing = refreshing
      .then(() => (stopping.signal.aborted ? undefined : subscriptions.refresh()))
      .catch((error: unknown) => {
        context.log('subscriptions', { error: error instanceof Error ? error.name : 'unknown' });
      });
  };
  running.changed.add((spaces) => {
    if (spaces.has('group')) refresh();
    if (spaces.has('fanout')) fanouts.wake();
    if (spaces.has('key-package')) upkeep.offerAgain();
    if (spaces.has('group') || running.departures.size > 0) upkeep.wake();
  });
  // What waited when the last run ended.
  for (const [key] of await running.context.view.scan('mls-proposal', ''))
    running.departures.add((key.key.split('/')[0] ?? '') as GroupKey);
  refresh();

  return {
    running,
    async stop() {
      stopping.abort();
      upkeep.stop();
      fanouts.stop();
      await refreshing;
      subscriptions.close();
      pool.close();
      await inflow.ended;
      await running.exclusive(async () => undefined);
      context.status({ kind: 'stopped' });
    },
  };
}
