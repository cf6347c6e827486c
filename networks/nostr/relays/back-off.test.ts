import { expect, test } from 'vitest';
import { failuresBefore, pauseAfter } from './back-off.ts';

test('pauses grow, to five minutes, and are spread', () => {
  const pauses = [1, 2, 3, 4, 8, 11, 100].map((failures) => pauseAfter('unreachable', failures, 0.5));
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 64_000, 300_000, 300_000]);
  expect([0, 1].map((dice) => pauseAfter('silent', 1, dice))).toEqual([400, 600]);
  expect(pauseAfter('busy', 1, 0.5)).toBe(30_000);
  expect(pauseAfter('certificate', 1)).toBe(900_000);
});

test('a connection that held ends a row of failures, one that served keeps it short, one that did neither goes on with it', () => {
  const [long, short] = [60_000, 100];
  expect(failuresBefore(9, { heldMs: long, served: false })).toBe(0);
  expect(failuresBefore(9, { heldMs: short, served: true })).toBe(4);
  expect(failuresBefore(2, { heldMs: short, served: true })).toBe(2);
  expect(failuresBefore(9, { heldMs: short, served: false })).toBe(9);
});
