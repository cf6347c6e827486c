import { expect, test } from 'vitest';
import type { LaneContext } from './lane.ts';
import { createLaneRun } from './run.ts';

const context = {} as LaneContext;

/** A run whose beginnings wait until they are let go. */
function scripted() {
  const done: string[] = [];
  const begun: PromiseWithResolvers<void>[] = [];
  let count = 0;
  const run = createLaneRun<number>({
    start: async () => {
      const [mine, gate] = [++count, Promise.withResolvers<void>()];
      begun.push(gate);
      await gate.promise;
      done.push(`start ${mine}`);
      return mine;
    },
    stop: async (which) => {
      done.push(`stop ${which}`);
    },
  });
  const goOn = async (nth: number): Promise<void> => {
    await expect.poll(() => begun[nth]).toBeDefined();
    begun[nth]?.resolve();
  };
  return { run, done, begun, goOn };
}

test('begun anew, the one before has ended', async () => {
  const { run, done, goOn } = scripted();
  await Promise.all([run.start(context), goOn(0)]);
  expect(run.now).toBe(1);
  const anew = run.beginAnew(context);
  expect(run.now).toBe(1);
  await Promise.all([anew, goOn(1)]);
  expect([run.now, done]).toEqual([2, ['start 1', 'stop 1', 'start 2']]);
});

test('stopped while it begins anew, nothing runs on', async () => {
  const { run, done, goOn } = scripted();
  await Promise.all([run.start(context), goOn(0)]);
  const anew = run.beginAnew(context);
  const stopping = run.stop();
  await Promise.all([anew, stopping]);
  expect([run.now, done]).toEqual([null, ['start 1', 'stop 1']]);
});

test('stopped while another is being started, that one ends too', async () => {
  const { run, done, goOn, begun } = scripted();
  await Promise.all([run.start(context), goOn(0)]);
  const anew = run.beginAnew(context);
  await expect.poll(() => begun.length).toBe(2);
  const stopping = run.stop();
  await goOn(1);
  await Promise.all([anew, stopping]);
  expect([run.now, done]).toEqual([null, ['start 1', 'stop 1', 'start 2', 'stop 2']]);
});

test('what cannot be begun is told, and can be tried again', async () => {
  let fails = false;
  const run = createLaneRun<string>({
    start: async () => {
      if (fails) throw new Error('no');
      return 'it';
    },
    stop: async () => undefined,
  });
  await run.start(context);
  fails = true;
  await expect(run.beginAnew(context)).rejects.toThrow('no');
  expect(run.now).toBeNull();
  fails = false;
  await run.beginAnew(context);
  expect(run.now).toBe('it');
});
