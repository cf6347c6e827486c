import type { MessagePort } from 'node:worker_threads';
import { kindOf } from '../shared/errors.ts';
import type { ErrorKind } from '../shared/errors.ts';
import type { SlowQuery } from './connection.ts';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import type { QueryTable } from './queries/list.ts';

/** Core → reader thread. The key comes in a message: workerData and the environment can be read by more than the thread's own code. */
export type ReaderRequest =
  | { readonly do: 'open'; readonly folder: string; readonly key: Uint8Array }
  | { readonly do: 'run'; readonly id: number; readonly name: string; readonly args: unknown }
  | { readonly do: 'close' };

/** Reader thread → core. */
export type ReaderAnswer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'cannot-open'; readonly why: ErrorKind; readonly message: string }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly why: ErrorKind; readonly message: string }
  | { readonly kind: 'slow'; readonly slow: SlowQuery };

/** Serves queries on one port until it is told to close. Each query has a snapshot of its own that ends with it. */
export function serveQueries(port: MessagePort, table: QueryTable): void {
  let database: Database | null = null;
  const answer = (value: ReaderAnswer): void => port.postMessage(value);
  port.on('message', (request: ReaderRequest) => {
    switch (request.do) {
      case 'open':
        try {
          database = openDatabase({
            folder: request.folder,
            key: request.key,
            readOnly: true,
            onSlow: (slow) => answer({ kind: 'slow', slow }),
          });
          answer({ kind: 'opened' });
        } catch (error) {
          answer({ kind: 'cannot-open', why: kindOf(error), message: messageOf(error) });
        } finally {
          request.key.fill(0);
        }
        return;
      case 'run':
        try {
          answer({ kind: 'result', id: request.id, result: run(database, table, request) });
        } catch (error) {
          answer({ kind: 'error', id: request.id, why: kindOf(error), message: messageOf(error) });
        }
        return;
      case 'close':
        database?.close();
        port.close();
    }
  });
}

function run(
  database: Database | null,
  table: QueryTable,
  request: { readonly name: string; readonly args: unknown },
): unknown {
  const query = Object.hasOwn(table, request.name) ? table[request.name] : undefined;
  if (query === undefined || database === null) throw new Error('no such query');
  return database.readTransaction(() => query(database, request.args as never));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'not an error';
}
