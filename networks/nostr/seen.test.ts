import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventId } from './event.ts';
import { loadSeen } from './seen.ts';
import { createMemoryState } from './test/memory-view.ts';

const idOf = (n: number): EventId => n.toString(16).padStart(64, '0').split('').reverse().join('') as EventId;
const DAY_MS = 24 * 60 * 60 * 1000;

test('what was settled is known, also after a start, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat({ max: 500 }), { maxLength: 120 }), { maxLength: 6 }),
      async (batches) => {
        const state = createMemoryState();
        let seen = await loadSeen(state.view);
        for (const [n, batch] of batches.entries()) {
          const work = state.work();
          const durable = await seen.add(work, batch.map(idOf), 1_000);
          state.commit(work);
          durable();
          if (n % 2 === 1) seen = await loadSeen(state.view);
        }
        const all = new Set(batches.flat());
        for (let n = 0; n <= 500; n += 1) expect(seen.has(idOf(n))).toBe(all.has(n));
      },
    ),
    { numRuns: 20 },
  );
});

test('what is not committed is not known; what is old goes', async () => {
  const state = createMemoryState();
  const seen = await loadSeen(state.view);
  await seen.add(state.work(), [idOf(1)], 1_000);
  expect(seen.has(idOf(1))).toBe(false);
  const add = async (ids: readonly EventId[], at: number): Promise<void> => {
    const work = state.work();
    const durable = await seen.add(work, ids, at);
    state.commit(work);
    durable();
  };
  const many = (from: number): EventId[] => Array.from({ length: 100 }, (_, n) => idOf(from + n));
  await add(many(1_000), 1_000);
  await add(many(2_000), 10 * DAY_MS);
  await add(many(3_000), 20 * DAY_MS);
  await add(many(4_000), 30 * DAY_MS);
  expect(seen.has(idOf(1_000))).toBe(false);
  expect(seen.has(idOf(4_099))).toBe(true);
  expect((await loadSeen(state.view)).has(idOf(1_000))).toBe(false);
  expect(state.keys('seen').length).toBeLessThan(5);
});
