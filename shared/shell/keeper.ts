import { kindOf } from '../errors.ts';
import type { Link } from '../wire/rpc.ts';
import type { ProfileCalls } from './core.ts';
import type { HostEvents } from './host.ts';

/** Waits before core is started again after it died, in ms; the last one repeats. */
const RESTART_AFTER_MS = [0, 250, 1_000, 5_000, 15_000] as const;
/** A core that ran this long starts the row of waits over, in ms. */
const STEADY_AFTER_MS = 60_000;
/** How long an orderly end may take before core is killed, in ms. */
const CLOSE_PATIENCE_MS = 5_000;

/** A running core, however a shell runs it. */
export interface CoreProcess {
  readonly link: Link<ProfileCalls, HostEvents, Record<never, never>>;
  /** Resolves once the process is gone. */
  readonly exited: Promise<unknown>;
  /** Ends core and its process lanes at once. */
  kill(): void;
}

/** Keeps a core running: one that dies is started again. */
export interface CoreKeeper<Core extends CoreProcess> {
  /** Null between the death of one and the opening of the next. */
  current(): Core | null;
  /** Closes the profile in order; kills core when that takes too long. */
  close(): Promise<void>;
}

/**
 * Opens the first core, and from then on a new one whenever it has died.
 * @throws what `open` threw for the first one: a profile that cannot be opened is not tried again and again.
 */
export async function keepCore<Core extends CoreProcess>(options: {
  /** Forks a core and opens the profile. */
  readonly open: () => Promise<Core>;
  /** A later core could not open the profile; it will be tried again, unless the person said no (`cancelled`). */
  readonly failed: (error: unknown) => void;
  /** Core is gone, its lanes and its page's pipe with it. */
  readonly lost: () => void;
}): Promise<CoreKeeper<Core>> {
  const stop = new AbortController();
  let current: Core | null = await options.open();

  async function watch(): Promise<void> {
    for (let deaths = 0; !stop.signal.aborted; deaths++) {
      const startedAt = performance.now();
      await current?.exited;
      current = null;
      if (stop.signal.aborted) return;
      options.lost();
      if (performance.now() - startedAt > STEADY_AFTER_MS) deaths = 0;
      await delay(RESTART_AFTER_MS[Math.min(deaths, RESTART_AFTER_MS.length - 1)] ?? 0, stop.signal);
      if (stop.signal.aborted) return;
      current = await options.open().catch((error: unknown) => {
        if (kindOf(error) === 'cancelled') stop.abort();
        options.failed(error);
        return null;
      });
    }
  }
  const watching = watch();

  return {
    current: () => current,
    async close() {
      stop.abort();
      const last = current;
      if (last) {
        const patience = setTimeout(() => last.kill(), CLOSE_PATIENCE_MS);
        last.link.call('profile.close', {}).catch(() => undefined);
        await last.exited;
        clearTimeout(patience);
      }
      await watching;
    },
  };
}

/** Waits `ms`, or until `signal` fires. */
function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
