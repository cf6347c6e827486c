import { ConnectError } from './tls.ts';

/**
 * Signing in, and any command, may take this long at most, however busily a server talks meanwhile: silence alone would never end one that sends
 * a byte at a time.
 */
export const WHOLE_MS = 60_000;
/** So many bytes get as much time again, some 4 KB a second: what is slower is taken for a server that means to keep us. */
const BYTES_A_TIME = 256 * 1024;

/** How long a transfer may take that is `bytes` large, ms. */
export const timeFor = (wholeMs: number, bytes: number): number => wholeMs * (1 + bytes / BYTES_A_TIME);

/**
 * Waits for work that must end in time.
 * @param giveUp ends what the work waits for.
 * @throws ConnectError `unreachable` when the time is over; what the work throws.
 */
export async function inTime<T>(ms: number, work: Promise<T>, giveUp: () => void): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new ConnectError('unreachable'));
    giveUp();
  }, ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
    // It fails once what it waits for is gone; that it took too long is what is told.
    work.catch(() => undefined);
  }
}
