import { Worker } from 'node:worker_threads';
import { assertNever } from '../shared/assert.ts';
import { PlainsealError } from '../shared/errors.ts';
import type { SlowQuery } from './connection.ts';
import type { QueryTable, queries } from './queries/list.ts';
import { endThread } from './end-thread.ts';
import type { ReaderAnswer, ReaderRequest } from './query-server.ts';
import { threadFile } from './thread-file.ts';

/** Heap of the reader thread unless told otherwise, in MiB: a page of rows needs little, and a runaway query must not take core with it. */
const HEAP_MIB = 256;
/** A query during which the thread died is tried once more: it may have been another's fault. Never a third time. */
const MAX_TRIES = 2;

/** The reader: a read-only connection in a thread. */
export type Reader<Q extends QueryTable = typeof queries> = {
  /**
   * Runs a query of `queries/list.ts` on a snapshot of its own.
   * @throws PlainsealError the query's own; `gone` after `close`, or when the thread died of it twice.
   */
  run<K extends keyof Q & string>(name: K, args: Parameters<Q[K]>[1]): Promise<Awaited<ReturnType<Q[K]>>>;
  /**
   * Waits until no query holds a snapshot, runs `work` while none can begin, then goes on.
   * What a checkpoint needs: `endSnapshot(() => database.checkpointTruncate())`.
   */
  endSnapshot<T>(work: () => T): Promise<T>;
  /** Ends the thread; open queries fail with `gone`. Twice is once. */
  close(): Promise<void>;
};

export type ReaderOptions = {
  readonly folder: string;
  /** Kept for restarts; wiped by `close`. */
  readonly key: Uint8Array;
  readonly onSlow?: (slow: SlowQuery) => void;
  /** Told when the thread died by itself; it is started again with the next query. */
  readonly onCrash?: (error: Error | null) => void;
  /** Heap of the thread, in MiB. */
  readonly heapMib?: number;
  /** The thread's file, where the build put it elsewhere. */
  readonly entry?: URL;
};

type Job = {
  readonly name: string;
  readonly args: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  tries: number;
};

/** Starts the reader of a profile. The database must exist. */
export function createReader<Q extends QueryTable = typeof queries>(options: ReaderOptions): Reader<Q> {
  const key = Uint8Array.from(options.key);
  const entry = options.entry ?? threadFile('reader-thread');
  /** Sent and not answered, in order. */
  const open = new Map<number, Job>();
  /** Held back while a snapshot must not begin. */
  let waiting: Job[] = [];
  let pauses = 0;
  let whenIdle: (() => void)[] = [];
  let worker: Worker | null = null;
  let closed = false;
  let nextId = 0;

  function start(): Worker {
    const made = new Worker(entry, {
      resourceLimits: { maxOldGenerationSizeMb: options.heapMib ?? HEAP_MIB },
      env: {},
    });
    let failure: Error | null = null;
    made.on('message', (answer: ReaderAnswer) => hear(made, answer));
    made.on('error', (error) => {
      failure = error instanceof Error ? error : new Error('the reader thread failed');
    });
    made.on('exit', () => {
      if (worker === made) died(failure);
    });
    // An idle reader keeps no process from ending.
    made.unref();
    post(made, { do: 'open', folder: options.folder, key });
    return made;
  }

  function hear(from: Worker, answer: ReaderAnswer): void {
    if (worker !== from) return;
    switch (answer.kind) {
      case 'opened':
        return;
      case 'cannot-open':
        worker = null;
        void endThread(from, () => post(from, { do: 'close' }));
        failAll(new PlainsealError(answer.why, answer.message));
        return;
      case 'result':
        settle(answer.id, (job) => job.resolve(answer.result));
        return;
      case 'error':
        settle(answer.id, (job) => job.reject(new PlainsealError(answer.why, answer.message)));
        return;
      case 'slow':
        options.onSlow?.(answer.slow);
        return;
      default:
        assertNever(answer);
    }
  }

  function settle(id: number, tell: (job: Job) => void): void {
    const job = open.get(id);
    open.delete(id);
    if (job !== undefined) tell(job);
    tellIdle();
  }

  function tellIdle(): void {
    if (open.size > 0) return;
    worker?.unref();
    const ready = whenIdle;
    whenIdle = [];
    for (const go of ready) go();
  }

  function failAll(error: Error): void {
    const jobs = [...open.values()];
    open.clear();
    for (const job of jobs) job.reject(error);
    tellIdle();
  }

  /** The oldest open query was the one running; those behind it had no part in it. */
  function died(failure: Error | null): void {
    worker = null;
    const [running, ...behind] = open.values();
    open.clear();
    options.onCrash?.(failure);
    if (running !== undefined) {
      running.tries += 1;
      if (running.tries < MAX_TRIES) behind.unshift(running);
      else
        running.reject(
          new PlainsealError('gone', 'the reader thread died of this query', { cause: failure }),
        );
    }
    for (const job of behind) send(job);
    tellIdle();
  }

  function send(job: Job): void {
    worker ??= start();
    worker.ref();
    nextId += 1;
    open.set(nextId, job);
    post(worker, { do: 'run', id: nextId, name: job.name, args: job.args });
  }

  function resume(): void {
    pauses -= 1;
    if (pauses > 0) return;
    const jobs = waiting;
    waiting = [];
    for (const job of jobs) send(job);
  }

  worker = start();
  return {
    run: <K extends keyof Q & string>(name: K, args: Parameters<Q[K]>[1]) =>
      new Promise<Awaited<ReturnType<Q[K]>>>((resolve, reject) => {
        if (closed) throw new PlainsealError('gone', 'the reader is closed');
        const job: Job = { name, args, resolve: resolve as (result: unknown) => void, reject, tries: 0 };
        if (pauses > 0) waiting.push(job);
        else send(job);
      }),
    endSnapshot: async (work) => {
      pauses += 1;
      try {
        if (open.size > 0) await new Promise<void>((resolve) => whenIdle.push(resolve));
        return work();
      } finally {
        resume();
      }
    },
    close: async () => {
      if (closed) return;
      closed = true;
      key.fill(0);
      const ending = worker;
      worker = null;
      const held = waiting;
      waiting = [];
      const gone = new PlainsealError('gone', 'the reader is closed');
      for (const job of held) job.reject(gone);
      failAll(gone);
      if (ending) await endThread(ending, () => post(ending, { do: 'close' }));
    },
  };
}

function post(worker: Worker, request: ReaderRequest): void {
  worker.postMessage(request);
}
