import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { AccountId } from '../ids.ts';
import { laneProcesses } from './lane-processes.ts';

const MINE = 'mine' as AccountId;
const signal = new AbortController().signal;

test('a lane that was started again replaces the one before, whose end is no news', async () => {
  class Lane extends EventEmitter {
    killed = 0;
    kill(): void {
      this.killed += 1;
    }
  }
  const forked: Lane[] = [];
  const stopped: Lane[] = [];
  const exited: AccountId[] = [];
  const lanes = laneProcesses({
    fork: () => {
      const lane = new Lane();
      forked.push(lane);
      return lane;
    },
    stop: (lane) => stopped.push(lane),
    exited: (account) => exited.push(account),
  });
  await lanes.serve['lane.start']({ account: MINE, network: 'dummy' }, signal);
  await lanes.serve['lane.start']({ account: MINE, network: 'dummy' }, signal);
  const [first, second] = forked;
  expect([first?.killed, second?.killed]).toEqual([1, 0]);
  expect([...lanes.running()]).toEqual([second]);
  first?.emit('exit');
  expect(exited).toEqual([]);
  await lanes.serve['lane.stop']({ account: MINE }, signal);
  expect(stopped).toEqual([second]);
  second?.emit('exit');
  expect(exited).toEqual([MINE]);
  expect([...lanes.running()]).toEqual([]);
});
