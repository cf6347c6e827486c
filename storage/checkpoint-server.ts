import type { MessagePort } from 'node:worker_threads';
import { openForCheckpoints, type CheckpointConnection } from './database.ts';

/** Core → thread. The key comes in a message: workerData can be read by more than the thread's own code. */
export type CheckpointRequest =
  | { readonly do: 'open'; readonly folder: string; readonly key: Uint8Array }
  | { readonly do: 'checkpoint' }
  | { readonly do: 'close' };

/** Thread → core. `cannot`: the database does not open, or the log cannot be moved; nothing more is done. */
export type CheckpointAnswer =
  { readonly kind: 'moved'; readonly log: number; readonly moved: number } | { readonly kind: 'cannot' };

/** Moves the log each time it is asked to. */
export function serveCheckpoints(port: MessagePort): void {
  let connection: CheckpointConnection | null = null;
  const answer = (value: CheckpointAnswer): void => port.postMessage(value);
  port.on('message', (request: CheckpointRequest) => {
    if (request.do === 'close') {
      connection?.close();
      port.close();
      return;
    }
    try {
      if (request.do === 'checkpoint') {
        if (connection !== null) answer({ kind: 'moved', ...connection.moveLog() });
        return;
      }
      connection = openForCheckpoints(request);
    } catch {
      connection?.close();
      connection = null;
      answer({ kind: 'cannot' });
    } finally {
      if (request.do === 'open') request.key.fill(0);
    }
  });
}
