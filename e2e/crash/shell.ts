import { startCoreProcess, type ForkedCore } from '../../browser/core-process.ts';
import type { CrashPoint } from '../../shared/lane/lane.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import { windowless } from '../../worker/sample/windowless.ts';
import { scriptPage, type Page } from './page.ts';

/** A shell without a window: forks core and its process lanes, and says yes to everything. */
export interface Shell {
  readonly page: Page;
  /** Resolves once core has been ended at the `nth` hit of a point from now on, without having got an answer. */
  killAt(point: CrashPoint, nth: number): Promise<void>;
  /** Called at each point core was told to stop at; core goes on once it resolves. */
  onPoint(hear: (point: CrashPoint) => Promise<void> | void): void;
  /** Ends core at once, as the system does when it is out of memory. */
  kill(): Promise<void>;
  /** Closes the profile in order. */
  close(): Promise<void>;
}

/** Starts core on a test profile. `authority`: PEM the test server's certificate comes from. */
export async function openShell(options: {
  readonly profile: string;
  readonly authority: string;
  /** Where a Signal server is, JSON. */
  readonly signal?: string | null;
  readonly points: readonly CrashPoint[];
  /** Added to the machine's clock, in ms. */
  readonly clockOffset?: number;
}): Promise<Shell> {
  let hear: (point: CrashPoint) => Promise<void> | void = () => undefined;
  const core: ForkedCore = startCoreProcess({
    ...windowless,
    'crash.point': async ({ name }) => {
      await hear(name);
      return null;
    },
  });
  const kill = async (): Promise<void> => {
    core.kill();
    await core.exited;
  };
  try {
    await core.link.call('profile.open', {
      folder: options.profile,
      marks: `${options.profile}.marks`,
      kind: 'test',
      version: '0.0.0',
      harness: {
        crashPoints: options.points,
        clockOffset: options.clockOffset ?? 0,
        authority: options.authority,
        signal: options.signal ?? null,
      },
    });
  } catch (error) {
    await kill();
    throw error;
  }
  const [near, far] = pipePair();
  core.attachPage(far);

  return {
    page: scriptPage(near),
    killAt: (point, nth) =>
      new Promise((resolve) => {
        let left = nth;
        hear = async (name) => {
          if (name !== point) return;
          left -= 1;
          if (left > 0) return;
          await kill();
          resolve();
        };
      }),
    onPoint: (listener) => {
      hear = listener;
    },
    kill,
    async close() {
      await core.link.call('profile.close', {});
      await core.exited;
    },
  };
}
