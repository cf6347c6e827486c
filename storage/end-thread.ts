import type { Worker } from 'node:worker_threads';

/** A thread in a query that takes so long is ended from outside. */
const END_MS = 2_000;

/**
 * Ends a thread that has a database, by its own hand: it closes the connection and has nothing more to listen to. Ended from outside while it loads
 * SQLite, or is inside it, a thread takes the whole program with it: what Node-API answers in a thread that is being ended is fatal to node-addon-api
 * (`FATAL ERROR: Error::New napi_get_last_error_info`; https://nodejs.org/api/n-api.html#napi_get_last_error_info).
 * @param ask tells it to end.
 */
export function endThread(worker: Worker, ask: () => void): Promise<void> {
  return new Promise((resolve) => {
    // It has ended already.
    if (worker.threadId === -1) return resolve();
    const late = setTimeout(() => void worker.terminate(), END_MS);
    worker.once('exit', () => {
      clearTimeout(late);
      resolve();
    });
    worker.ref();
    ask();
  });
}
