import { kindOf } from '../../shared/errors.ts';
import type { Millis } from '../../shared/ids.ts';
import { recountUnread } from '../../storage/conversations.ts';
import type { Database } from '../../storage/database.ts';
import { expired, nextExpiry } from '../../storage/expiry.ts';
import { forgetUnkept, nextUnkept } from '../../storage/inbound.ts';
import { removeMessage } from '../../storage/messages.ts';
import type { Log } from './log.ts';
import { touchMessage, type Touched } from './touched.ts';

/** Synchronous work of one turn, in ms, and most messages of it; what is left waits for the next. */
const TURN_MS = 8;
const MAX_AT_ONCE = 64;
/** What goes within this time goes together: with each end the log is emptied, so that nothing of it is left on the disk. */
const GAP_MS = 500;
/** Longest wait at once: a timer does not count the time a machine slept. */
const MAX_WAIT_MS = 10 * 60_000;
/** After the database failed. */
const RETRY_MS = 60_000;

/** Removes messages when their time is over, and the bytes of envelopes that are kept no longer. */
export interface Expiry {
  /** Something may go sooner than what was known to go next. */
  look(): void;
  /** The moment to ask the clock, which may have jumped: something is about to be shown, or a network came back. Costs nothing. */
  now(): void;
  stop(): void;
}

/**
 * Removes what is over, by one timer for the next that goes and none while nothing does. Nothing here grows with history: the
 * index of what goes names the next one. `wipe` takes what was removed off the disk.
 */
export function createExpiry(of: {
  readonly db: Database;
  readonly clock: () => Millis;
  readonly write: <T>(work: (touched: Touched) => T) => T;
  readonly wipe: () => void;
  readonly log: Log;
}): Expiry {
  let nextAt = Infinity;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let stopped = false;

  function arm(least: number): void {
    if (timer) clearTimeout(timer);
    timer = null;
    if (stopped || nextAt === Infinity) return;
    timer = setTimeout(turn, Math.min(MAX_WAIT_MS, Math.max(least, nextAt - of.clock())));
  }

  function look(least = 0): void {
    nextAt = Math.min(nextExpiry(of.db) ?? Infinity, nextUnkept(of.db) ?? Infinity);
    arm(least);
  }

  function turn(): void {
    timer = null;
    if (stopped) return;
    if (of.clock() < nextAt) return arm(0);
    try {
      if (of.write(removeSome)) return arm(0);
      of.wipe();
      look(GAP_MS);
    } catch (error) {
      of.log('expiry.failed', { kind: kindOf(error) });
      arm(RETRY_MS);
    }
  }

  /** Removes what one turn has time for; says whether there is more. */
  function removeSome(touched: Touched): boolean {
    const from = performance.now();
    const due = expired(of.db, of.clock(), MAX_AT_ONCE);
    let removed = 0;
    for (const message of due) {
      removeMessage(of.db, message);
      touchMessage(touched, message.conversation, message.id);
      removed += 1;
      if (performance.now() - from > TURN_MS) break;
    }
    for (const conversation of touched.conversations) recountUnread(of.db, conversation);
    if (removed < due.length || due.length === MAX_AT_ONCE) return true;
    return forgetUnkept(of.db, of.clock(), MAX_AT_ONCE) === MAX_AT_ONCE;
  }

  return {
    look: () => look(),
    now: () => {
      if (of.clock() >= nextAt) turn();
    },
    stop: () => {
      stopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}
