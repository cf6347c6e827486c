import { expect, test } from 'vitest';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import { createRunning, type Running } from '../running.ts';
import { startTrial } from '../test/trial.ts';
import { datedNext } from './dated.ts';

const [group, other] = ['one' as GroupKey, 'other' as GroupKey];
const START_AT = 1_800_000_000_500;

test('what is sent in a row is dated a second apart, also after a restart, and five minutes ahead at most', async () => {
  let now = START_AT;
  const { running, state } = await startTrial(() => ({ now: () => now }));
  const next = async (by: Running, to = group): Promise<number> => {
    const work = state.work();
    const at = await datedNext({ running: by, work }, to);
    state.commit(work);
    return at - START_AT;
  };
  expect([await next(running), await next(running), await next(running)]).toEqual([0, 1_000, 2_000]);
  expect(await next(running, other)).toBe(0);
  const again = await createRunning(running.context);
  expect(await next(again)).toBe(3_000);
  now += 60_000;
  expect(await next(again)).toBe(60_000);
  for (let n = 0; n < 299; n += 1) await next(again);
  expect([await next(again), await next(again)]).toEqual([360_000, 360_000]);
});

test('what was sent while my own clock was ahead dates nothing ahead once it is right', async () => {
  let now = START_AT + 30 * 24 * 60 * 60_000;
  const { running, state } = await startTrial(() => ({ now: () => now }));
  const next = async (by: Running): Promise<number> => {
    const work = state.work();
    const at = await datedNext({ running: by, work }, group);
    state.commit(work);
    return at - START_AT;
  };
  await next(running);
  await next(running);
  now = START_AT;
  expect(await next(await createRunning(running.context))).toBe(0);
  expect([await next(running), await next(running)]).toEqual([0, 1_000]);
});
