/** Bytes a lane may have read and not yet committed. */
export const CREDIT_BYTES = 16 * 1024 * 1024;
/** A grant that no commit has used for so long was for something that came to nothing (a broken download). */
const GRANT_MS = 60_000;

/**
 * Back-pressure of one lane: it asks before it reads more; core grants as long as what was granted and not yet committed is
 * bounded. A single larger amount is granted alone, so that no envelope is too big to ever be read.
 */
export function createCredit(limit = CREDIT_BYTES): {
  ask(bytes: number): Promise<void>;
  /** A commit settled something: what was granted before it is used up. */
  settled(): void;
  /** The lane is gone: nothing of its grants is in flight any more. */
  clear(): void;
} {
  let granted = 0;
  let generation = 0;
  const waiting: { readonly bytes: number; readonly grant: () => void }[] = [];
  let expiry: ReturnType<typeof setTimeout> | null = null;

  function serve(): void {
    for (let next = waiting[0]; next && (granted === 0 || granted + next.bytes <= limit); next = waiting[0]) {
      waiting.shift();
      granted += next.bytes;
      next.grant();
    }
    arm();
  }

  function arm(): void {
    if (expiry) clearTimeout(expiry);
    expiry = null;
    if (waiting.length === 0) return;
    const of = generation;
    expiry = setTimeout(() => {
      if (of === generation) settled();
    }, GRANT_MS);
    expiry.unref();
  }

  function settled(): void {
    generation += 1;
    granted = 0;
    serve();
  }

  return {
    ask: (bytes) =>
      new Promise((resolve) => {
        waiting.push({ bytes, grant: resolve });
        serve();
      }),
    settled,
    clear: () => {
      if (expiry) clearTimeout(expiry);
      expiry = null;
      granted = 0;
      // Their calls died with the lane; resolving lets their handlers end.
      for (const { grant } of waiting.splice(0)) grant();
    },
  };
}
