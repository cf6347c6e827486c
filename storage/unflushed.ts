import { kindOf, PlainsealError } from '../shared/errors.ts';

/** How long what stands waits for another transaction to flush it, in ms: about as long as a lane takes to seal a message. */
export const FLUSH_WITHIN_MS = 5;
/** After a flush that failed it is tried again, in ms: a reader may have been in the way of the log. */
const AGAIN_MS = 100;
/** Tries after which whoever waits is told that it is not on the disk. */
const PATIENCE = 20;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Keeps account of what stands in the write-ahead log and may not be on the disk yet, and sees to it that it comes there: by the flush
 * of the next transaction, or by one of its own where none comes in time.
 *
 * After a flush that failed, what was written before it may be gone from the log while what is written next is not, and by its
 * checksums the log would end at the gap, whatever is flushed behind it (https://sqlite.org/fileformat2.html#walformat). So then the
 * whole log is moved into the database, which is flushed by itself, before anything else is written.
 */
export function createUnflushed(of: {
  /** A transaction that is flushed. Calls `mend` and `stands` as every other does. */
  readonly flush: () => void;
  /** Moves the log into the database; false while a reader is in the way. */
  readonly checkpoint: () => boolean;
}): {
  /** Whether something stands that may not be on the disk. */
  readonly open: boolean;
  /** Something stands that was not flushed. */
  note(): void;
  /** Everything that stands is on the disk. */
  stands(): void;
  /** A transaction failed. */
  fails(error: unknown): void;
  /** Before each transaction. @throws PlainsealError `io` where what stands cannot be brought to the disk. */
  mend(): void;
  /** Flushes now. */
  flush(): void;
  /** Resolves once everything that stands now is on the disk. Rejects with why it is not, after some seconds. */
  settled(): Promise<void>;
  /** The connection is closed. */
  end(): void;
} {
  let open = false;
  let failed = false;
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let waiting: Waiting[] = [];

  function over(tell: (one: Waiting) => void): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const told = waiting;
    waiting = [];
    // In a turn of its own: whoever made the transaction that flushed this goes on first.
    if (told.length > 0) setImmediate(() => told.forEach(tell));
  }

  function stands(): void {
    open = failed = false;
    tries = 0;
    over(({ resolve }) => resolve());
  }

  function mend(): void {
    if (!failed) return;
    if (!of.checkpoint()) throw new PlainsealError('io', 'what was written is not on the disk');
    stands();
  }

  function flush(): void {
    if (!open) return;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    try {
      of.flush();
    } catch {
      // No room for one more page, or a disk that refused: the log may still go into the database.
      failed = true;
      try {
        mend();
      } catch (error) {
        tries += 1;
        if (tries >= PATIENCE) over(({ reject }) => reject(error));
        arm(AGAIN_MS);
      }
    }
  }

  const arm = (afterMs: number): void => void (timer ??= setTimeout(flush, afterMs));

  return {
    get open() {
      return open;
    },
    note() {
      open = true;
      arm(FLUSH_WITHIN_MS);
    },
    stands,
    fails(error) {
      if (open && kindOf(error) === 'io') failed = true;
    },
    mend,
    flush,
    settled: () =>
      open
        ? new Promise((resolve, reject) => {
            waiting.push({ resolve, reject });
            arm(FLUSH_WITHIN_MS);
          })
        : Promise.resolve(),
    end: () => over(({ reject }) => reject(new PlainsealError('gone', 'the database is closed'))),
  };
}
