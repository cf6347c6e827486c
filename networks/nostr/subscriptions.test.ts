import { afterEach, expect, test, vi } from 'vitest';
import { readCaughtUp, writeCaughtUp, type Scope } from './cursor.ts';
import { seconds } from './event.ts';
import { writeRecord } from './group/record.ts';
import type { GroupKey } from '../../crypto/mls/cells.ts';
import { startInflow } from './inflow.ts';
import type { NostrGroupId } from './marmot/routing.ts';
import type { RelayUrl } from './relay-url.ts';
import type { Ask } from './relays/ask.ts';
import type { Sink } from './relays/pool.ts';
import { createSubscriptions } from './subscriptions.ts';
import { sampleRecord } from './test/sample-record.ts';
import { RELAY, startTrial } from './test/trial.ts';
import { transact } from './turn.ts';

const DEAD = 'wss://vanished.example' as RelayUrl;
const HOUR_MS = 60 * 60_000;
const DAY_SECONDS = 24 * 60 * 60;
const routing = 'cd'.repeat(32) as NostrGroupId;

afterEach(() => {
  vi.useRealTimers();
});

/** An account that joined a group `joinedDays` ago (by its record), and is asking for it. */
async function world({
  joinedDays = 100,
  aheadMs = () => 0,
}: { readonly joinedDays?: number; readonly aheadMs?: () => number } = {}) {
  const trial = await startTrial(() => ({ now: () => Date.now() + aheadMs() }), { relays: [DEAD, RELAY] });
  const { running, state } = trial;
  const since = seconds(running.context.now()) - joinedDays * DAY_SECONDS;
  const work = state.work();
  const record = sampleRecord({ routing, relays: [DEAD, RELAY], since });
  await writeRecord(work, 'ab'.repeat(32) as GroupKey, record);
  state.commit(work);
  const sinks = new Map<Ask['kind'], Sink>();
  const pool = {
    ...running.pool,
    subscribe: (ask: Ask, _relays: readonly RelayUrl[], sink: Sink) => {
      sinks.set(ask.kind, sink);
      return { close: () => undefined };
    },
  };
  const inflow = startInflow(running);
  const subscriptions = createSubscriptions({ ...running, pool }, inflow, {
    caughtUp: () => undefined,
    broken: () => undefined,
  });
  await subscriptions.refresh();
  return {
    /** How many days back a relay is asked; null for everything. */
    daysBack(kind: 'inbox' | 'groups', relay: RelayUrl): number | null {
      const from = sinks.get(kind)?.since(relay) ?? null;
      return from === null ? null : Math.round((seconds(running.context.now()) - from) / DAY_SECONDS);
    },
    sink: (kind: 'inbox' | 'groups') => sinks.get(kind),
    noted: async (scope: Scope) => (await readCaughtUp(state.work(), scope)).get(RELAY) ?? null,
    note: (relay: RelayUrl, at: number) =>
      transact(running, async (turn) => {
        for (const scope of [routing, 'inbox'] as const) await writeCaughtUp(turn.work, scope, relay, at);
      }),
    idle: () => inflow.idle(),
    end() {
      subscriptions.close();
      running.stopping.abort();
    },
  };
}

test('with one relay of two gone, the other is asked for what is new, not for everything since I joined', async () => {
  const { daysBack, note, end } = await world();
  expect([daysBack('inbox', RELAY), daysBack('groups', RELAY)]).toEqual([null, 103]);
  // Asked at the next connection, with what is known by then.
  await note(RELAY, Date.now());
  await vi.waitFor(() => expect([daysBack('inbox', RELAY), daysBack('groups', RELAY)]).toEqual([5, 3]));
  expect([daysBack('inbox', DEAD), daysBack('groups', DEAD)]).toEqual([null, 103]);
  end();
});

test('a clock that was ahead when I joined hides nothing that comes once it is right', async () => {
  const { daysBack, end } = await world({ joinedDays: -30 });
  expect(daysBack('groups', RELAY)).toBe(3);
  end();
});

test('a connection that stands for weeks is not asked again for all of them, but for what may have been missed since it was known to stand', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let aheadMs = 0;
  const { sink, noted, idle, end } = await world({ aheadMs: () => aheadMs });
  const begun = Date.now();
  sink('groups')?.asked?.(RELAY);
  sink('groups')?.caughtUp?.(RELAY);
  sink('groups')?.broken?.(DEAD);
  const hoursNoted = async (): Promise<number> => {
    await new Promise((resolve) => setImmediate(resolve));
    await idle();
    return Math.round(((await noted(routing)) ?? 0) / HOUR_MS - begun / HOUR_MS);
  };
  expect(await hoursNoted()).toBe(0);
  for (const hours of [6, 12, 18]) {
    aheadMs = hours * HOUR_MS;
    vi.advanceTimersByTime(6 * HOUR_MS);
    expect(await hoursNoted()).toBe(hours - 6);
  }
  // It broke: that it stood at the last time is not known.
  sink('groups')?.broken?.(RELAY);
  aheadMs = 24 * HOUR_MS;
  vi.advanceTimersByTime(6 * HOUR_MS);
  expect(await hoursNoted()).toBe(12);
  end();
});
