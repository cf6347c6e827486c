import { parentPort } from 'node:worker_threads';
import { queries } from './queries/list.ts';
import { serveQueries } from './query-server.ts';

// The read-only connection in a thread of its own: history and search never wait for the writer, nor it for them.
if (parentPort !== null) serveQueries(parentPort, queries);
