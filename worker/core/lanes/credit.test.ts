import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCredit } from './credit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Which of the asked amounts were granted, in order. */
function asking(credit: ReturnType<typeof createCredit>) {
  const granted: number[] = [];
  return {
    granted,
    ask: (bytes: number) => void credit.ask(bytes).then(() => granted.push(bytes)),
    turn: () => vi.advanceTimersByTimeAsync(0),
  };
}

test('what is in flight stays bounded until a commit settles', async () => {
  const credit = createCredit(10);
  const { granted, ask, turn } = asking(credit);
  for (const bytes of [4, 6, 1, 9]) ask(bytes);
  await turn();
  expect(granted).toEqual([4, 6]);
  credit.settled();
  await turn();
  expect(granted).toEqual([4, 6, 1, 9]);
});

test('a single amount above the bound is granted alone', async () => {
  const credit = createCredit(10);
  const { granted, ask, turn } = asking(credit);
  ask(1);
  ask(5_000);
  ask(1);
  await turn();
  expect(granted).toEqual([1]);
  credit.settled();
  await turn();
  expect(granted).toEqual([1, 5_000]);
  credit.settled();
  await turn();
  expect(granted).toEqual([1, 5_000, 1]);
});

test('a grant that came to nothing does not stop the lane for good', async () => {
  const credit = createCredit(10);
  const { granted, ask } = asking(credit);
  ask(10);
  ask(10);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(granted).toEqual([10, 10]);
});

test('when the lane is gone nobody waits for ever', async () => {
  const credit = createCredit(10);
  const { granted, ask, turn } = asking(credit);
  ask(10);
  ask(10);
  credit.clear();
  await turn();
  expect(granted).toEqual([10, 10]);
});
