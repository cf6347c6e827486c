import { expect, it } from 'vitest';
import * as rules from './rules.ts';
import { walk } from './walk.ts';

const STEPS = 1_000_000;

it('AT-01 a million steps through sessions, keys, devices, members and transports: no false upgrade', () => {
  const { wrong, ranks, sent, held } = walk(rules, STEPS, 1);
  expect(wrong).toEqual([]);
  // Every label was met, and as often let through as held back: the walk is no standing still.
  for (const times of ranks) expect(times).toBeGreaterThan(STEPS / 100);
  expect(Math.min(sent, held)).toBeGreaterThan(STEPS / 10);
});
