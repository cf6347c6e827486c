// Entry of a lane's thread that dies on purpose: the lane of the product, told by whoever started it when and how to end.
import { getEnvironmentData } from 'node:worker_threads';
import { parentPipe } from '../../shared/wire/parent.ts';
import type { Commit } from '../../shared/lane/commit.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { hostLane } from '../../worker/lane/host.ts';
import { loadLane } from '../../worker/lane/networks.ts';
import { FATE, type Fate } from './fate.ts';

const fate = JSON.parse(getEnvironmentData(FATE) as string) as Fate;
const poison = fate?.poison ?? null;

/** Ends this thread, or fills its heap until it is ended. */
function die(): Promise<never> {
  // Eight megabytes at a time: the limit is reached before anything else of the thread has a turn.
  if (fate?.how === 'heap')
    for (const hoard: unknown[] = []; ;) hoard.push(Array.from({ length: 1_000_000 }, () => 0.5));
  // Nobody waits for this promise, so that it ends the thread as any forgotten error does.
  void Promise.reject(new Error('a fault of the lane'));
  return new Promise(() => undefined);
}

/** Whether a commit is about to keep the poison, or to seal it. */
const isPoisoned = ({ changes }: Commit): boolean =>
  changes.some((change) => change.kind === 'message' && change.content.text === poison);

const mortal = (context: LaneContext): LaneContext => ({
  ...context,
  crashPoint: async (name) => {
    if (name === fate?.at) await die();
    await context.crashPoint(name);
  },
  commit: async (commit) => {
    if (poison !== null && isPoisoned(commit)) await die();
    return context.commit(commit);
  },
});

hostLane(parentPipe(), async (network) => {
  const create = await loadLane(network);
  return () => {
    const lane = create();
    return {
      ...lane,
      start: (context) => lane.start(mortal(context)),
      perform: async (item, signal) => {
        const { what } = item.intent;
        if (poison !== null && what.kind === 'content' && what.content.text === poison) await die();
        return lane.perform(item, signal);
      },
    };
  };
});
