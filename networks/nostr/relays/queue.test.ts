import { expect, test } from 'vitest';
import type { RelayFrame } from './frame.ts';
import { createQueue } from './queue.ts';

const frame = (subscription: string): RelayFrame => ({ kind: 'eose', subscription });

/** A queue whose work goes on when the test lets it. */
function create() {
  const log: string[] = [];
  const steps: (() => void)[] = [];
  let stopped = false;
  const put = createQueue({
    work: async (one) => {
      await new Promise<void>((resolve) => steps.push(resolve));
      log.push(one.kind === 'eose' ? one.subscription : '');
      if (log.at(-1) === 'bad') throw new RangeError('bad');
    },
    fault: (error) => void log.push(error instanceof RangeError ? 'fault' : 'other'),
    pause: () => void log.push('pause'),
    resume: () => void log.push('resume'),
    stopped: () => stopped,
  });
  const settle = async (): Promise<void> => {
    while (steps.length > 0) {
      steps.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { log, put, settle, stop: () => (stopped = true) };
}

test('frames are worked off in order, and one that fails does not hold the next', async () => {
  const { log, put, settle } = create();
  for (const name of ['a', 'bad', 'c']) put(frame(name), 1);
  await settle();
  expect(log).toEqual(['a', 'bad', 'fault', 'c']);
});

test('too many frames, or too much in them, stop the reading until most is worked off', async () => {
  for (const [count, characters] of [
    [300, 1],
    [10, 1024 * 1024],
  ] as const) {
    const { log, put, settle } = create();
    for (let at = 0; at < count; at += 1) put(frame(String(at)), characters);
    expect(log).toEqual(['pause']);
    await settle();
    expect(log.filter((one) => one === 'pause' || one === 'resume')).toEqual(['pause', 'resume']);
    expect(log.indexOf('resume')).toBeGreaterThan(count / 2);
    expect(log).toHaveLength(count + 2);
  }
});

test('once stopped nothing more is worked off', async () => {
  const { log, put, settle, stop } = create();
  for (const name of ['a', 'b']) put(frame(name), 1);
  stop();
  await settle();
  expect(log).toEqual(['a']);
});
