import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { kindOf, PlainsealError } from '../../shared/errors.ts';
import type { CrashPoint } from '../../shared/lane/lane.ts';
import type { ProfileCalls } from '../../shared/shell/core.ts';
import { createCheckpointer, type Checkpointer } from '../../storage/checkpointer.ts';
import { openDatabase } from '../../storage/database.ts';
import { settleCutFiles, sweepFiles } from '../../storage/file-sweep.ts';
import { openFiles } from '../../storage/files.ts';
import { openInstance } from '../../storage/instance.ts';
import { machineName } from '../../storage/machine.ts';
import { createProfile, openProfile, PROFILE_FILE } from '../../storage/profile.ts';
import { createReader } from '../../storage/reader.ts';
import { startCore, type Core } from './core.ts';
import type { HostLink } from './host.ts';
import { openKey, profileLock } from './lock.ts';
import { createLog } from './log.ts';

export interface OpenCore {
  readonly core: Core;
  /** Stops everything and closes the database. Twice is once. */
  close(): Promise<void>;
}

/** Sweeping left-over files takes at most this long at a time, and pauses in between. */
const SWEEP_MS = 5;
const SWEEP_PAUSE_MS = 1_000;
/** A file that nothing names may still be on its way into a message of a page that comes back; not for longer than this. */
const UNNAMED_MS = 24 * 60 * 60_000;

/**
 * Opens a profile, or makes a new one of the wanted kind, and starts core over it.
 * @throws PlainsealError `refused` when it is of the other kind, and what opening its lock, key and database throws.
 */
export async function openCore(
  options: ProfileCalls['profile.open']['args'] & {
    readonly host: HostLink;
    readonly log: (line: string) => void;
  },
): Promise<OpenCore> {
  const { folder, kind, version, host } = options;
  const harness = kind === 'test' ? options.harness : null;
  const offset = harness?.clockOffset ?? 0;
  const clock = (): number => Date.now() + offset;
  if (!existsSync(join(folder, PROFILE_FILE)) && isEmpty(folder))
    createProfile({ folder, kind, now: clock() });
  const profile = openProfile(folder);
  const undo: (() => unknown)[] = [() => profile.release()];
  try {
    if (profile.kind !== kind) throw new PlainsealError('refused', 'the profile is of the other kind');
    const place = { profile, folder, host };
    const key = await openKey(place);
    const log = createLog(options.log, clock);
    const onSlow = (slow: { readonly ms: number }): void => log('database.slow', { ms: Math.round(slow.ms) });
    let checkpointer: Checkpointer | null = null;
    const database = openDatabase({ folder, key, onSlow, onWritten: () => checkpointer?.wrote() });
    undo.push(() => database.close());
    const moving = createCheckpointer({ folder, key, onFault: () => log('checkpointer.died') });
    checkpointer = moving;
    undo.push(() => moving.close());
    const reader = createReader({ folder, key, onSlow, onCrash: () => log('reader.died') });
    undo.push(() => reader.close());
    key.fill(0);
    const instance = openInstance({ db: database, marks: options.marks, machine: machineName(), clock });
    undo.push(() => instance.close());
    if (instance.foundCopy) log('instance.copy');
    settleCutFiles(database);
    const told: ReadonlySet<CrashPoint> = new Set(harness?.crashPoints ?? []);
    const files = openFiles({
      database,
      folder,
      now: clock,
      crashPoint: async (name) => {
        if (told.has(name)) await host.call('crash.point', { name });
      },
    });
    const core = startCore({
      database,
      reader,
      checkpointer: moving,
      files,
      host,
      clock,
      log,
      profile: { kind, version },
      lock: profileLock(place),
      instance,
      harness: {
        crashPoints: harness?.crashPoints ?? [],
        clockOffset: offset,
        authority: harness?.authority ?? null,
        signal: harness?.signal ?? null,
      },
    });
    const sweeping = new AbortController();
    const unnamedBefore = clock() - UNNAMED_MS;
    const sweep = async (from: number): Promise<void> => {
      const { next } = await sweepFiles({ database, folder, budgetMs: SWEEP_MS, from, unnamedBefore });
      if (next !== null && !sweeping.signal.aborted) later(next);
    };
    const later = (from: number): void => {
      const timer = setTimeout(() => void sweep(from).catch(() => log('sweep.failed')), SWEEP_PAUSE_MS);
      sweeping.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
      timer.unref();
    };
    later(0);
    let closed: Promise<void> | null = null;
    const close = async (): Promise<void> => {
      sweeping.abort();
      await core.stop();
      try {
        instance.close();
      } catch (error) {
        log('instance.not-moved', { kind: kindOf(error) });
      }
      await moving.close();
      await reader.close();
      database.close();
      profile.release();
    };
    return { core, close: () => (closed ??= close()) };
  } catch (error) {
    for (const close of undo.toReversed()) await close();
    throw error;
  }
}

/** Whether there is nothing yet but what a creation that was cut off may have left. */
function isEmpty(folder: string): boolean {
  return !existsSync(folder) || readdirSync(folder).every((name) => name === `${PROFILE_FILE}.part`);
}
