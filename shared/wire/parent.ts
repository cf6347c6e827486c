import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { readVisitor, type Visitor } from '../shell/visitor.ts';
import { laterPipe } from './later.ts';
import { parentProcessPipe } from './node/child.ts';
import { electronParentPipe, electronPortPipe, type ElectronParentPort } from './node/electron.ts';
import { inheritedLine, linePipe } from './node/line.ts';
import { parentThreadPipe } from './node/thread.ts';
import type { Pipe } from './pipe.ts';
import { trunk } from './trunk.ts';

/** What the shell is to core: one pipe to itself, and those it introduces. */
export interface ShellParent {
  readonly shell: Pipe;
  /** Called for the page and for each process lane, in the order the shell introduces them. Those introduced before anybody listens wait. */
  visits(hear: (visitor: Visitor, pipe: Pipe) => void): void;
}

function electronParent(): ElectronParentPort | null {
  return (process as { readonly parentPort?: ElectronParentPort }).parentPort ?? null;
}

/** The name under which the shell introduces a port or a socket, or null. */
function introduction(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || !('introduce' in data)) return null;
  return typeof data.introduce === 'string' ? data.introduce : null;
}

/**
 * For a lane's entry: the one pipe to core, whether core is this thread's parent, or the shell started this process
 * (Node: with the line to core; Electron: it hands over a port, until which what is sent waits).
 * @throws PlainsealError `gone` when nothing started this process.
 */
export function parentPipe(): Pipe {
  if (!isMainThread) return parentThreadPipe();
  const parent = electronParent();
  if (!parent) return inheritedLine();
  return laterPipe(
    new Promise<Pipe>((resolve) => {
      parent.on('message', (event) => {
        const [port] = event.ports;
        if (port && introduction(event.data) !== null) resolve(electronPortPipe(port));
      });
    }),
  );
}

/**
 * For core's entry: the shell that forked this process. Electron hands ports over, and Node the sockets of lanes; the other pipes share
 * the one channel that a process forked by Node has.
 * @throws PlainsealError `gone` when nothing started this process.
 */
export function shellParent(): ShellParent {
  const early: { readonly visitor: Visitor; readonly pipe: Pipe }[] = [];
  let hear: ((visitor: Visitor, pipe: Pipe) => void) | null = null;
  const introduce = (name: string, pipe: Pipe): void => {
    const visitor = readVisitor(name);
    if (!visitor) pipe.close();
    else if (hear) hear(visitor, pipe);
    else early.push({ visitor, pipe });
  };
  const visits: ShellParent['visits'] = (listener) => {
    hear = listener;
    for (const { visitor, pipe } of early.splice(0)) listener(visitor, pipe);
  };

  const parent = electronParent();
  if (parent) {
    parent.on('message', (event) => {
      const [port] = event.ports;
      const name = introduction(event.data);
      if (port && name !== null) introduce(name, electronPortPipe(port));
    });
    return { shell: electronParentPipe(parent), visits };
  }
  const lines = trunk(parentProcessPipe(), 'child');
  // Both sides know of the shell's own channel: the child opens it before anything else.
  const shell = lines.open('shell');
  lines.opened(introduce);
  process.on('message', (message, handle) => {
    const name = introduction(message);
    if (name !== null && handle instanceof Socket) introduce(name, linePipe(handle));
  });
  return { shell, visits };
}
