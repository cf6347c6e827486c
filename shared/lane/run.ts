import type { LaneContext } from './lane.ts';

/** The one run of a lane: begun, ended, and begun anew by a flow that has changed what it stands on. */
export interface LaneRun<Running> {
  /** Null while none runs. */
  readonly now: Running | null;
  start(context: LaneContext): Promise<void>;
  /** Ends it, whatever is just being begun. */
  stop(): Promise<void>;
  /** Ends it and begins another, unless it is stopped meanwhile. @throws what beginning throws: then none runs. */
  beginAnew(context: LaneContext): Promise<void>;
}

/** None runs yet. */
export function createLaneRun<Running>(of: {
  readonly start: (context: LaneContext) => Promise<Running>;
  readonly stop: (running: Running) => Promise<void>;
}): LaneRun<Running> {
  let now: Running | null = null;
  let isStopped = true;
  let beginning: Promise<void> = Promise.resolve();
  const end = async (): Promise<void> => {
    const ending = now;
    now = null;
    if (ending !== null) await of.stop(ending);
  };
  return {
    get now() {
      return now;
    },
    async start(context) {
      isStopped = false;
      now = await of.start(context);
    },
    async stop() {
      isStopped = true;
      await beginning.catch(() => undefined);
      await end();
    },
    beginAnew(context) {
      const before = beginning.catch(() => undefined);
      beginning = (async () => {
        await before;
        await end();
        if (!isStopped) now = await of.start(context);
      })();
      return beginning;
    },
  };
}
