import { expect, test } from 'vitest';
import type { EventId } from './event.ts';
import { createFanoutLoop } from './fanout-loop.ts';
import { owedFanouts, startFanout, type Fanout } from './fanout.ts';
import { RELAY, startTrial } from './test/trial.ts';

test('what is too old to be published leaves the state, in one commit', async () => {
  const { running, state, commits } = await startTrial();
  const now = running.context.now();
  const young: Fanout = {
    id: 'ab'.repeat(32) as EventId,
    operation: { kind: 'group-message', account: 'me', group: 'g', text: '[]' },
    left: [RELAY],
    madeAt: now,
  };
  const work = state.work();
  await startFanout(work, young);
  await startFanout(work, { ...young, id: 'cd'.repeat(32) as EventId, madeAt: now - 8 * 86_400_000 });
  state.commit(work);
  const written = new Promise<ReadonlySet<string>>((resolve) => running.changed.add(resolve));
  const loop = createFanoutLoop(running);
  loop.wake();
  expect([...(await written)]).toEqual(['fanout']);
  loop.stop();
  expect(state.keys('fanout')).toEqual([young.id]);
  expect(await owedFanouts(state.work(), now)).toEqual({ pending: [young], over: [] });
  expect(commits).toHaveLength(1);
});

test('nothing is committed where nothing is too old', async () => {
  const looked = Promise.withResolvers<void>();
  const { running, commits } = await startTrial(({ view }) => ({
    view: {
      ...view,
      async scan(space, prefix) {
        if (space === 'fanout') looked.resolve();
        return view.scan(space, prefix);
      },
    },
  }));
  const loop = createFanoutLoop(running);
  loop.wake();
  await looked.promise;
  await running.exclusive(async () => undefined);
  loop.stop();
  expect(commits).toEqual([]);
});
