import type { AccountId } from '../ids.ts';
import type { HostCalls } from './host.ts';
import type { Handlers } from '../wire/rpc.ts';

/** A forked process, as little as is needed of it: Node's and Electron's both have it. */
export type LaneProcess = { once(event: 'exit', tell: () => void): unknown; kill(): unknown };

/** The process lanes of one core: at most one for an account. */
export interface LaneProcesses<P> {
  readonly serve: Handlers<Pick<HostCalls, 'lane.start' | 'lane.stop'>>;
  running(): Iterable<P>;
}

/**
 * Keeps the processes that core asks for. Starting an account's lane again ends the one before; `exited` is told of the one that
 * counts only, since the end of a lane that was replaced is no news.
 */
export function laneProcesses<P extends LaneProcess>(of: {
  /** Forks a lane and introduces its pipe to core. */
  readonly fork: (account: AccountId) => P;
  /** Asks it to end in order. */
  readonly stop: (lane: P) => void;
  readonly exited: (account: AccountId) => void;
}): LaneProcesses<P> {
  const lanes = new Map<AccountId, P>();
  return {
    serve: {
      'lane.start': ({ account }) => {
        lanes.get(account)?.kill();
        const lane = of.fork(account);
        lanes.set(account, lane);
        lane.once('exit', () => {
          if (lanes.get(account) !== lane) return;
          lanes.delete(account);
          of.exited(account);
        });
        return null;
      },
      'lane.stop': ({ account }) => {
        const lane = lanes.get(account);
        if (lane) of.stop(lane);
        return null;
      },
    },
    running: () => lanes.values(),
  };
}
