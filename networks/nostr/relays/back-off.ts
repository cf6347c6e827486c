import type { Millis } from '../../../shared/ids.ts';
import type { RelayFault } from './socket.ts';

const FIRST_MS = 500;
const MOST_MS = 5 * 60_000;
const BUSY_MS = 30_000;
/** People have to act first. */
const CERTIFICATE_MS = 15 * 60_000;

/** How long to wait before the next attempt. `failures`: in a row, this one included. `dice`: from 0 to 1. */
export function pauseAfter(fault: RelayFault, failures: number, dice: number = Math.random()): Millis {
  if (fault === 'certificate') return CERTIFICATE_MS;
  const first = fault === 'busy' ? BUSY_MS : FIRST_MS;
  const grown = Math.min(first * 2 ** Math.min(failures - 1, 12), MOST_MS);
  // Not all at once, when a relay comes back for thousands.
  return Math.round(grown * (0.8 + 0.4 * dice));
}

/** A connection that held this long ends the row of failures before it. */
const STABLE_MS = 10_000;
/** One that ended sooner but gave what was asked for leaves so many at most: the relay is there, and is tried again within seconds. */
const MOST_SERVED = 4;

/** How many failures in a row came before the end of a connection. */
export function failuresBefore(
  failures: number,
  { heldMs, served }: { readonly heldMs: Millis; readonly served: boolean },
): number {
  if (heldMs > STABLE_MS) return 0;
  return served ? Math.min(failures, MOST_SERVED) : failures;
}
