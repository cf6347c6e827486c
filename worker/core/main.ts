// Entry of core, a process of its own. Everything it works on comes over the pipe from the shell, nothing by argument or environment.
import { appendFileSync, mkdirSync, statSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { PlainsealError } from '../../shared/errors.ts';
import type { ProfileCalls } from '../../shared/shell/core.ts';
import type { HostCalls, HostEvents } from '../../shared/shell/host.ts';
import { shellParent } from '../../shared/wire/parent.ts';
import { link } from '../../shared/wire/rpc.ts';
import type { Pipe } from '../../shared/wire/pipe.ts';
import type { Visitor } from '../../shared/shell/visitor.ts';
import { openCore, type OpenCore } from './open.ts';

const parent = shellParent();
let opening: Promise<OpenCore> | null = null;
let current: OpenCore | null = null;
const early: { readonly visitor: Visitor; readonly pipe: Pipe }[] = [];

function welcome(visitor: Visitor, pipe: Pipe): void {
  if (!current) early.push({ visitor, pipe });
  else if (visitor.kind === 'page') current.core.attachPage(pipe);
  else current.core.attachLane(visitor.account, pipe);
}

/** Largest log file, in bytes; the one before it is kept once. */
const MAX_LOG = 1024 * 1024;

/** The developer's log of a profile: codes and numbers only. A log that cannot be written stops nothing. */
function logTo(folder: string): (line: string) => void {
  const path = join(folder, 'log', 'core.log');
  return (line) => {
    try {
      mkdirSync(join(folder, 'log'), { recursive: true, mode: 0o700 });
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG) renameSync(path, `${path}.1`);
      appendFileSync(path, line, { mode: 0o600 });
    } catch {
      // A full or read-only disk is told to the person by whatever else fails on it.
    }
  };
}

const host = link<ProfileCalls, HostCalls, Record<string, never>, HostEvents>({
  pipe: parent.shell,
  serve: {
    'profile.open': async (args) => {
      if (opening) throw new PlainsealError('conflict', 'a profile is open already');
      opening = openCore({ ...args, host, log: logTo(args.folder) });
      try {
        current = await opening;
      } catch (error) {
        opening = null;
        throw error;
      }
      for (const { visitor, pipe } of early.splice(0)) welcome(visitor, pipe);
      return null;
    },
    'profile.close': async () => {
      await current?.close();
      current = null;
      // The answer goes out first.
      setTimeout(() => process.exit(0), 50);
      return null;
    },
  },
});
parent.visits(welcome);
// The shell is gone: nobody can be asked or told any more. Lanes stop before the database closes.
host.ended(() => {
  void Promise.resolve(current?.close()).finally(() => process.exit(0));
});
