import { expect, test } from 'vitest';
import { deferredOf, keepDeferred, settleDeferred } from './deferred.ts';
import type { EventId } from './event.ts';
import type { NostrGroupId } from './marmot/routing.ts';
import { createMemoryState, type MemoryState } from './test/memory-view.ts';

const [group, other] = ['cd'.repeat(32), 'ef'.repeat(32)] as [NostrGroupId, NostrGroupId];
const id = (number: number): EventId => number.toString(16).padStart(64, '0') as EventId;
const DAY_MS = 86_400_000;

/** Keeps an event that came, and is dated, at `number`. */
async function keep(
  state: MemoryState,
  number: number,
  { bytes = 100, of = group, opensFrom = 0, gone = [] as EventId[] } = {},
): Promise<string> {
  const work = state.work();
  const event = {
    id: id(number),
    group: of,
    sealed: new Uint8Array(bytes),
    datedAt: number,
    receivedAt: number,
  };
  const kept = await keepDeferred(work, event, opensFrom);
  state.commit(work);
  gone.push(...kept.gone);
  return kept.kind;
}

async function idsOf(state: MemoryState, of = group, now = 1_000): Promise<readonly EventId[]> {
  const work = state.work();
  const ids = (await deferredOf(work, of, now)).map((one) => one.id);
  state.commit(work);
  return ids;
}

test('what does not open waits in its order, per group, until it is settled', async () => {
  const state = createMemoryState();
  expect(await keep(state, 2)).toBe('kept');
  expect(await keep(state, 1)).toBe('kept');
  expect(await keep(state, 2)).toBe('known');
  expect(await keep(state, 3, { of: other })).toBe('kept');
  expect(await idsOf(state)).toEqual([id(1), id(2)]);
  const work = state.work();
  await settleDeferred(work, { group, id: id(1) });
  await settleDeferred(work, { group, id: id(1) });
  state.commit(work);
  expect(await idsOf(state)).toEqual([id(2)]);
  expect(await idsOf(state, other)).toEqual([id(3)]);
});

test('AT-59 a flood is turned away, of one group only, and there is room again once some is settled', async () => {
  const state = createMemoryState();
  const answers: string[] = [];
  for (let number = 1; number <= 250; number += 1) answers.push(await keep(state, number));
  expect(answers.filter((one) => one === 'kept')).toHaveLength(200);
  expect(answers.at(-1)).toBe('refused');
  expect(await keep(state, 300, { of: other })).toBe('kept');
  const work = state.work();
  for (const one of (await deferredOf(work, group, 1_000)).slice(0, 10)) await settleDeferred(work, one);
  state.commit(work);
  expect(await keep(state, 301)).toBe('kept');
  expect((await idsOf(state)).length).toBe(191);
});

test('what is dated before anything that can still open gives way, the earliest first, and nothing else does', async () => {
  const state = createMemoryState();
  const gone: EventId[] = [];
  for (let number = 101; number <= 300; number += 1) await keep(state, number);
  expect(await keep(state, 301, { opensFrom: 103, gone })).toBe('kept');
  // Earlier than all that are left.
  expect(await keep(state, 100, { opensFrom: 103, gone })).toBe('refused');
  expect(await keep(state, 302, { bytes: 2 * 1024 * 1024 - 199 * 100, opensFrom: 103, gone })).toBe('kept');
  expect(await keep(state, 303, { opensFrom: 103, gone })).toBe('refused');
  expect(gone).toEqual([id(101), id(102)]);
  expect(await idsOf(state)).toHaveLength(200);
});

test('few large events fill it too', async () => {
  const state = createMemoryState();
  const answers: string[] = [];
  for (let number = 1; number <= 5; number += 1)
    answers.push(await keep(state, number, { bytes: 512 * 1024 }));
  expect(answers).toEqual(['kept', 'kept', 'kept', 'kept', 'refused']);
});

test('what no key will ever open goes, and leaves no tally', async () => {
  const state = createMemoryState();
  await keep(state, 1);
  await keep(state, 2);
  expect(await idsOf(state, group, 15 * DAY_MS)).toEqual([]);
  expect(state.keys('deferred')).toEqual([]);
  expect(state.keys('deferred-tally')).toEqual([]);
});
