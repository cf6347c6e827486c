import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PlainsealError } from '../../shared/errors.ts';
import type { GroupKey } from '../../crypto/mls/cells.ts';
import { NOTHING_TOLD, writeRecord } from './group/record.ts';
import { conversationOfGroup } from './names.ts';
import type { EventId } from './event.ts';
import { freshSecretKey, publicKeyOf, type PublicKey } from './keys.ts';
import { keepRequest, roomFor } from './requests.ts';
import type { Running } from './running.ts';
import { sampleRecord } from './test/sample-record.ts';
import { RELAY, startTrial } from './test/trial.ts';
import { transact } from './turn.ts';
import { createUpkeep } from './upkeep.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const gone = (): never => {
  throw new PlainsealError('gone', 'core is gone');
};

/** Tells of each fault that upkeep logs. */
function faults() {
  const waiting: ((what: unknown) => void)[] = [];
  return {
    log: (event: string, facts?: Readonly<Record<string, unknown>>): void => {
      if (event === 'upkeep') waiting.shift()?.(facts?.['what']);
    },
    next: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

/** Its relays have given all they had, which is nothing. */
const answered = (running: Running): Running => ({
  ...running,
  pool: { ...running.pool, fetch: async () => ({ events: [], complete: [RELAY] }) },
});

test('what could not be announced is tried again', async () => {
  const { log, next } = faults();
  const { running } = await startTrial(() => ({ log, commit: gone }));
  const upkeep = createUpkeep(answered(running));
  upkeep.online();
  for (const ms of [1, 20_000, 20_000]) {
    const fault = next();
    vi.advanceTimersByTime(ms);
    expect(await fault).toBe('announce');
  }
  upkeep.stop();
});

test('what others add me with is looked after again soon after it was used, once for several uses', async () => {
  const { running } = await startTrial();
  let asked = 0;
  let told = Promise.withResolvers<void>();
  const pool: Running['pool'] = {
    ...running.pool,
    async fetch() {
      asked += 1;
      return { events: [], complete: [RELAY] };
    },
    publish: () => {
      setImmediate(() => told.resolve());
      return { first: Promise.resolve('accepted'), outcomes: Promise.resolve(new Map()) };
    },
  };
  const upkeep = createUpkeep({ ...running, pool });
  upkeep.online();
  for (const ms of [1, 2_000]) {
    vi.advanceTimersByTime(ms);
    await told.promise;
    await new Promise((resolve) => setImmediate(resolve));
    told = Promise.withResolvers();
    upkeep.offerAgain();
    upkeep.offerAgain();
  }
  expect(asked).toBe(2);
  upkeep.stop();
});

test('what is due is looked for again after a look that failed', async () => {
  const { log, next } = faults();
  const { running } = await startTrial(({ view }) => ({
    log,
    view: { ...view, scan: async (space, prefix) => (space === 'group' ? gone() : view.scan(space, prefix)) },
  }));
  const upkeep = createUpkeep(running);
  upkeep.wake();
  for (const ms of [20, 60_000, 60_000]) {
    const fault = next();
    vi.advanceTimersByTime(ms);
    expect(await fault).toBe('look');
  }
  upkeep.stop();
});

test('keys are renewed when that is due, and when a clock that was ahead had put it off for longer than it ever is', async () => {
  for (const [days, isDue] of [
    [-1, true],
    [4, false],
    [30, true],
  ] as const) {
    const { running, state, commits } = await startTrial();
    const work = state.work();
    const { account, now } = running.context;
    const group = 'ab'.repeat(32) as GroupKey;
    const record = sampleRecord({
      conversation: conversationOfGroup(account, group),
      told: { ...NOTHING_TOLD, members: [running.self.key, 'ef'.repeat(32) as PublicKey] },
      renewAt: now() + days * 24 * 60 * 60_000,
    });
    await writeRecord(work, group, record);
    state.commit(work);
    const upkeep = createUpkeep(running);
    upkeep.wake();
    vi.advanceTimersByTime(20);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(commits.flatMap(({ enqueue }) => enqueue)).toHaveLength(isDue ? 1 : 0);
    upkeep.stop();
  }
});

test('nothing is tried again once the account has stopped', async () => {
  const { log, next } = faults();
  const failing = Promise.withResolvers<never>();
  const { running } = await startTrial(() => ({ log }));
  const upkeep = createUpkeep({ ...running, pool: { ...running.pool, fetch: () => failing.promise } });
  upkeep.online();
  vi.advanceTimersByTime(1);
  const fault = next();
  running.stopping.abort();
  upkeep.stop();
  failing.reject(new PlainsealError('gone', 'core is gone'));
  expect(await fault).toBe('announce');
  expect(vi.getTimerCount()).toBe(0);
});

test('invitations that waited until nothing can come of them make room for others', async () => {
  let now = Date.now();
  const { running, state, commits } = await startTrial(() => ({ now: () => now }));
  const request = (n: number, receivedAt: number) => ({
    id: n.toString(16).padStart(64, '0') as EventId,
    from: publicKeyOf(freshSecretKey()),
    welcome: { keyPackageEvent: 'ab'.repeat(32) as EventId, relays: [RELAY], message: new Uint8Array(9) },
    madeAt: 1,
    receivedAt,
  });
  await transact(running, async ({ work }) => {
    for (let n = 0; n < 200; n += 1) await keepRequest(work, request(n, n === 0 ? now + 1 : now));
  });
  const later = request(200, now);
  expect(await roomFor(state.work(), later.id, later.from)).toBe('full');
  now += 84 * 24 * 60 * 60_000;
  const upkeep = createUpkeep(running);
  upkeep.wake();
  vi.advanceTimersByTime(20);
  await vi.waitFor(() => expect(state.keys('request')).toHaveLength(1));
  upkeep.stop();
  expect(commits.at(-1)?.inbound).toHaveLength(199);
  expect(await roomFor(state.work(), later.id, later.from)).toBe('room');
});
