import { parentPort } from 'node:worker_threads';
import { serveCheckpoints } from './checkpoint-server.ts';

// The connection that moves the log into the database, in a thread of its own: neither the writer nor a page of history waits for it.
if (parentPort !== null) serveCheckpoints(parentPort);
