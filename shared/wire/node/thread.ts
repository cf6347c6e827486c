import { parentPort, type MessagePort, type Worker } from 'node:worker_threads';
import { PlainsealError } from '../../errors.ts';
import { pipeEnd } from '../end.ts';
import type { Pipe } from '../pipe.ts';

/** The pipe to a worker thread, seen from the thread that started it. Closing it ends the thread. */
export function workerPipe(worker: Worker): Pipe {
  const end = pipeEnd({
    send: (bytes) => worker.postMessage(bytes),
    close: () => void worker.terminate(),
  });
  worker.on('message', end.arrived);
  worker.once('exit', end.gone);
  return end.pipe;
}

/** A `MessagePort` of Node as a pipe. */
export function messagePortPipe(port: MessagePort): Pipe {
  const end = pipeEnd({ send: (bytes) => port.postMessage(bytes), close: () => port.close() });
  port.on('message', end.arrived);
  port.once('close', end.gone);
  return end.pipe;
}

/**
 * The pipe to the thread that started this one.
 * @throws PlainsealError `gone` in a main thread.
 */
export function parentThreadPipe(): Pipe {
  if (!parentPort) throw new PlainsealError('gone', 'this is not a worker thread');
  return messagePortPipe(parentPort);
}
