import fc from 'fast-check';
import { expect, test } from 'vitest';
import { waitAfter } from './backoff.ts';

test('waits double from the first to the most, between half and the whole', () => {
  const backoff = { firstMs: 1_000, mostMs: 60_000 };
  expect([1, 2, 3, 10].map((times) => waitAfter(backoff, times, () => 1))).toEqual([
    1_000, 2_000, 4_000, 60_000,
  ]);
  fc.assert(
    fc.property(
      fc.integer({ min: -5, max: 1e9 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (times, chance) => {
        const wait = waitAfter(backoff, times, () => chance);
        expect(wait).toBeGreaterThanOrEqual(500);
        expect(wait).toBeLessThanOrEqual(60_000);
      },
    ),
  );
});
