import { Worker } from 'node:worker_threads';
import { assertNever } from '../shared/assert.ts';
import type { CheckpointAnswer, CheckpointRequest } from './checkpoint-server.ts';
import { endThread } from './end-thread.ts';
import { threadFile } from './thread-file.ts';

/**
 * After a write, so long is waited for the next: pages that are written again and again are moved once. The writer moves the log
 * itself where it grows beyond its own bound (`database.ts`) meanwhile.
 */
const AFTER_MS = 250;
/** The thread holds nothing but a connection. */
const HEAP_MIB = 32;

/** Moves the write-ahead log into the database, in a thread: each page is opened and sealed on the way, which no turn of core waits for. */
export interface Checkpointer {
  /** Something was written. */
  wrote(): void;
  /** Runs `work` while no page is being moved, nor begins to be. */
  pause<T>(work: () => T | Promise<T>): Promise<T>;
  /** Ends the thread once it rests. Twice is once. */
  close(): Promise<void>;
}

export interface CheckpointerOptions {
  readonly folder: string;
  readonly key: Uint8Array;
  /** Told when the thread ended by itself or cannot open the database; the writer then does without it. */
  readonly onFault?: () => void;
  /** Told after each run, with the pages in the log and how many of them are in the database. */
  readonly onMoved?: (pages: { readonly log: number; readonly moved: number }) => void;
}

/** Starts the thread. The database must exist. */
export function createCheckpointer(options: CheckpointerOptions): Checkpointer {
  const worker = new Worker(threadFile('checkpoint-thread'), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    env: {},
  });
  const post = (request: CheckpointRequest, give: readonly ArrayBuffer[] = []): void =>
    worker.postMessage(request, [...give]);
  let state: 'resting' | 'running' | 'gone' = 'resting';
  let pauses = 0;
  let wanted = false;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let resting = Promise.withResolvers<void>();
  resting.resolve();

  function rest(as: 'resting' | 'gone'): void {
    if (state === 'gone') return;
    state = as;
    worker.unref();
    resting.resolve();
    if (as === 'gone') options.onFault?.();
    else if (wanted) schedule();
  }
  function schedule(): void {
    if (timer !== null || state !== 'resting' || pauses > 0) return;
    timer = setTimeout(run, AFTER_MS);
    timer.unref();
  }
  function run(): void {
    timer = null;
    if (state !== 'resting' || pauses > 0) return;
    wanted = false;
    state = 'running';
    resting = Promise.withResolvers();
    worker.ref();
    post({ do: 'checkpoint' });
  }

  worker.on('message', (answer: CheckpointAnswer) => {
    switch (answer.kind) {
      case 'moved':
        options.onMoved?.(answer);
        return rest('resting');
      case 'cannot':
        return rest('gone');
      default:
        assertNever(answer);
    }
  });
  worker.on('error', () => rest('gone'));
  worker.on('exit', () => rest('gone'));
  worker.unref();
  // The copy goes over to the thread, which wipes it: none stays here.
  const key = Uint8Array.from(options.key);
  post({ do: 'open', folder: options.folder, key }, [key.buffer]);

  return {
    wrote() {
      wanted = true;
      schedule();
    },
    async pause(work) {
      pauses += 1;
      try {
        await resting.promise;
        return await work();
      } finally {
        pauses -= 1;
        if (wanted) schedule();
      }
    },
    async close() {
      pauses += 1;
      if (timer !== null) clearTimeout(timer);
      await resting.promise;
      state = 'gone';
      await endThread(worker, () => post({ do: 'close' }));
    },
  };
}
