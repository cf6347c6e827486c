import type { ConversationId, Millis, OutboxId } from '../shared/ids.ts';
import type { Database } from './database.ts';

/** Longest time a message can be told to stay, in ms: as many seconds as 32 bits hold. */
const MAX_STAY_MS = 2 ** 32 * 1_000;

/** What a message that goes by itself is stored with. */
export type Expires = { readonly afterMs: Millis; readonly startedAt: Millis | null };

/** When a message goes, by when its time began; null while it has not. A beginning later than now is now. */
export function endOf({ afterMs, startedAt }: Expires, now: Millis): Millis | null {
  return startedAt === null ? null : Math.min(startedAt, now) + stayOf(afterMs);
}

/** As long as it is told to stay, within what is sensible. */
export const stayOf = (afterMs: Millis): Millis => Math.min(afterMs, MAX_STAY_MS);

/**
 * What others wrote up to a rowid was read: the time of those that go by themselves begins, where it had not. Returns them.
 */
export function startRead(db: Database, conversation: ConversationId, upTo: number, at: Millis): number[] {
  return db
    .all<{ readonly id: number }>(
      `UPDATE message SET expires_at = ? + expires_after_ms
       WHERE conversation = ? AND id <= ? AND author IS NOT NULL AND expires_after_ms IS NOT NULL AND expires_at IS NULL
       RETURNING id`,
      at,
      conversation,
      upTo,
    )
    .map((row) => row.id);
}

/** The time of one message began; where it had begun earlier, that stands. */
export function startOne(db: Database, message: number, at: Millis): boolean {
  return (
    db.run(
      `UPDATE message SET expires_at = :at + expires_after_ms
       WHERE id = :message AND expires_after_ms IS NOT NULL AND coalesce(expires_at > :at + expires_after_ms, 1)`,
      { message, at },
    ).changes > 0
  );
}

/** When the next message goes, or null. One look at an index. */
export function nextExpiry(db: Database): Millis | null {
  return (
    db.get<{ readonly at: Millis | null }>(
      'SELECT min(expires_at) AS at FROM message WHERE expires_at IS NOT NULL',
    )?.at ?? null
  );
}

export type Expired = {
  readonly id: number;
  readonly conversation: ConversationId;
  readonly outbox: OutboxId | null;
};

/** Messages whose time is over, the longest over first. */
export function expired(db: Database, now: Millis, limit: number): readonly Expired[] {
  return db.all<Expired>(
    'SELECT id, conversation, outbox FROM message WHERE expires_at <= ? ORDER BY expires_at LIMIT ?',
    now,
    limit,
  );
}
