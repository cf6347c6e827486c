import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { PlainsealError } from '../../errors.ts';
import { pipeEnd } from '../end.ts';
import { frameHeader, frameReader } from '../frames.ts';
import type { Pipe } from '../pipe.ts';

/** A socket between two processes as a pipe, each message a frame. One that sends what is no frame is cut off. */
export function linePipe(socket: Socket): Pipe {
  const end = pipeEnd({
    send: (bytes) => {
      socket.cork();
      socket.write(frameHeader(bytes.byteLength));
      socket.write(bytes);
      socket.uncork();
    },
    // What was sent before still goes out.
    close: () => socket.destroySoon(),
  });
  const read = frameReader(end.arrived);
  socket.on('data', (piece: Uint8Array) => {
    try {
      read(piece);
    } catch {
      socket.destroy();
    }
  });
  // An error is followed by the close.
  socket.on('error', () => undefined);
  socket.once('end', () => socket.destroy());
  socket.once('close', end.gone);
  return end.pipe;
}

/** Which of the open files that it inherits is a process's line to whoever started it. */
const LINE = 3;

/**
 * Starts a script with a line to it, the other end of which it inherits: there is no name or number by which anybody else could reach
 * it. What it prints goes nowhere.
 * @throws PlainsealError `gone` when it cannot be started.
 */
export function spawnWithLine(
  entry: string,
  env: NodeJS.ProcessEnv,
): { readonly child: ChildProcess; readonly line: Socket } {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry], {
    env,
    // Windows: read and written at the same time. Elsewhere the same as 'pipe'.
    stdio: ['ignore', 'ignore', 'ignore', 'overlapped'],
  });
  child.on('error', () => undefined);
  const line = child.stdio[LINE];
  if (child.pid === undefined || !(line instanceof Socket))
    throw new PlainsealError('gone', 'the process could not be started');
  return { child, line };
}

/**
 * The pipe to whoever started this process by {@link spawnWithLine}.
 * @throws PlainsealError `gone` when it was started without a line.
 */
export function inheritedLine(): Pipe {
  try {
    return linePipe(new Socket({ fd: LINE, readable: true, writable: true }));
  } catch (cause) {
    throw new PlainsealError('gone', 'this process was started without a line', { cause });
  }
}

/**
 * Gives a line away to a forked process, which hears `name` with it (`shellParent`). Not on Windows, where Node passes no pipes on. Until the next
 * message to that process has arrived, what comes in may still be taken from the line here, and is lost: the other end must not speak first.
 */
export function handOver(to: ChildProcess, name: string, line: Socket): void {
  to.send({ introduce: name }, line, {}, () => undefined);
}
