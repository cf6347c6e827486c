import { ErrorCode, LibSignalErrorBase } from '@signalapp/libsignal-client';
import type { Disconnected, Trouble } from './service.ts';

const SECOND_MS = 1_000;

/** Why a connection could not be made, or ended. A cause that is not known is the network's. */
export function disconnectedBy(cause: unknown): Disconnected {
  if (!(cause instanceof LibSignalErrorBase)) return { kind: 'offline' };
  switch (cause.code) {
    case ErrorCode.AppExpired:
      return { kind: 'expired' };
    case ErrorCode.DeviceDelinked:
      return { kind: 'unlinked' };
    case ErrorCode.ConnectedElsewhere:
      return { kind: 'elsewhere' };
    case ErrorCode.PossibleCaptiveNetwork:
      return { kind: 'captive-portal' };
    default:
      return { kind: 'offline' };
  }
}

/** What became of a request that threw. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof LibSignalErrorBase)) return { kind: 'offline' };
  switch (error.code) {
    case ErrorCode.AppExpired:
      return { kind: 'expired' };
    case ErrorCode.DeviceDelinked:
      return { kind: 'unlinked' };
    case ErrorCode.RateLimitedError: {
      const seconds = (error as { readonly retryAfterSecs?: unknown }).retryAfterSecs;
      return {
        kind: 'rate-limited',
        retryAfterMs: typeof seconds === 'number' && seconds >= 0 ? seconds * SECOND_MS : null,
      };
    }
    default:
      return { kind: 'offline' };
  }
}

/** The trouble an answer's status means everywhere; null for all others. */
export function troubleOfStatus(status: number, retryAfterMs: number | null): Trouble | null {
  if (status === 429) return { kind: 'rate-limited', retryAfterMs };
  if (status === 499) return { kind: 'expired' };
  if (status >= 500) return { kind: 'offline' };
  return null;
}
