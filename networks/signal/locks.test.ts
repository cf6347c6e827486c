import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLocks } from './locks.ts';

test('tasks that share a key never overlap, in the order they were asked for; all of them end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          keys: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 }),
          turns: fc.nat(5),
          fails: fc.boolean(),
        }),
        { maxLength: 20 },
      ),
      async (tasks) => {
        const withLocks = createLocks();
        const held = new Set<string>();
        const order = new Map<string, number[]>();
        const run = tasks.map(({ keys, turns, fails }, index) =>
          withLocks(keys, async () => {
            for (const key of keys) {
              expect(held.has(key)).toBe(false);
              held.add(key);
              order.set(key, [...(order.get(key) ?? []), index]);
            }
            for (let turn = 0; turn < turns; turn++) await Promise.resolve();
            for (const key of keys) held.delete(key);
            if (fails) throw new Error('failed');
            return index;
          }),
        );
        const ended = await Promise.allSettled(run);
        expect(ended.map(({ status }) => status)).toEqual(
          tasks.map(({ fails }) => (fails ? 'rejected' : 'fulfilled')),
        );
        for (const indexes of order.values()) expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
      },
    ),
  );
});

test('a task without a common key does not wait', async () => {
  const withLocks = createLocks();
  const { promise, resolve } = Promise.withResolvers<void>();
  const waiting = withLocks(['a'], () => promise);
  expect(await withLocks(['b'], async () => 'ran')).toBe('ran');
  resolve();
  await waiting;
});

test('the same key twice is one lock', async () => {
  expect(await createLocks()(['a', 'a'], async () => 1)).toBe(1);
});
