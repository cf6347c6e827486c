import { setTimeout as wait } from 'node:timers/promises';
import type { CoreProcess } from './core-process.ts';

/** Waits before core is started again after it died, in ms; the last one repeats. */
const RESTART_AFTER_MS = [0, 250, 1_000, 5_000, 15_000] as const;
/** A core that ran this long starts the row of waits over, in ms. */
const STEADY_AFTER_MS = 60_000;
/** How long an orderly end may take before core is killed, in ms. */
const CLOSE_PATIENCE_MS = 5_000;

/** Keeps a core running: one that dies is started again. */
export interface CoreKeeper {
  /** Null between the death of one and the opening of the next. */
  current(): CoreProcess | null;
  /** Closes the profile in order; kills core when that takes too long. */
  close(): Promise<void>;
}

/**
 * Opens the first core, and from then on a new one whenever it has died.
 * @throws what `open` threw for the first one: a profile that cannot be opened is not tried again and again.
 */
export async function keepCore(options: {
  /** Forks a core and opens the profile. */
  readonly open: () => Promise<CoreProcess>;
  /** Core is gone, its lanes and its page's pipe with it. */
  readonly lost: () => void;
}): Promise<CoreKeeper> {
  const stop = new AbortController();
  let current: CoreProcess | null = await options.open();

  async function watch(): Promise<void> {
    for (let deaths = 0; !stop.signal.aborted; deaths++) {
      const startedAt = performance.now();
      await current?.exited;
      current = null;
      if (stop.signal.aborted) return;
      options.lost();
      if (performance.now() - startedAt > STEADY_AFTER_MS) deaths = 0;
      await wait(RESTART_AFTER_MS[Math.min(deaths, RESTART_AFTER_MS.length - 1)], undefined, {
        signal: stop.signal,
      });
      current = await options.open().catch((error: unknown) => {
        console.error('shell: core cannot open the profile again', error);
        return null;
      });
    }
  }
  const watching = watch().catch(() => undefined);

  return {
    current: () => current,
    async close() {
      stop.abort();
      const last = current;
      if (last) {
        const patience = setTimeout(() => last.kill(), CLOSE_PATIENCE_MS);
        await last.link.call('profile.close', {}).catch(() => undefined);
        await last.exited;
        clearTimeout(patience);
      }
      await watching;
    },
  };
}
