import type { ChildProcess } from 'node:child_process';
import { PlainsealError } from '../../errors.ts';
import { pipeEnd } from '../end.ts';
import type { Pipe } from '../pipe.ts';

/** The pipe to a forked process (`serialization: 'advanced'`, so that bytes stay bytes). Closing it hangs up; the child ends by itself. */
export function childPipe(child: ChildProcess): Pipe {
  const end = pipeEnd({
    send: (bytes) => void child.send(bytes, () => undefined),
    close: () => {
      if (child.connected) child.disconnect();
    },
  });
  child.on('message', end.arrived);
  child.once('disconnect', end.gone);
  child.once('exit', end.gone);
  // A process that could not be started tells an error and never exits.
  child.once('error', end.gone);
  return end.pipe;
}

/**
 * The pipe to the process that forked this one.
 * @throws PlainsealError `gone` when nobody forked it.
 */
export function parentProcessPipe(): Pipe {
  if (!process.send) throw new PlainsealError('gone', 'this process was not forked');
  const end = pipeEnd({
    // The callback takes the error of a parent that is gone; `disconnect` tells it properly.
    send: (bytes) => void process.send?.(bytes, undefined, undefined, () => undefined),
    close: () => {
      if (process.connected) process.disconnect();
    },
  });
  process.on('message', end.arrived);
  process.once('disconnect', end.gone);
  return end.pipe;
}
