import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { Millis } from '../../../shared/ids.ts';
import type { Running } from '../running.ts';

/** Relays take events that are dated a few minutes ahead. */
const MOST_AHEAD_MS = 60_000;
const SECOND_MS = 1_000;

/**
 * When the next event to a group is dated: later than the one before, since events have whole seconds, and what is stored is put in order by
 * them. Never far ahead.
 */
export function datedNext(
  { datedLast, context }: Pick<Running, 'datedLast' | 'context'>,
  group: GroupKey,
): Millis {
  const now = context.now();
  const last = datedLast.get(group) ?? 0;
  const at = Math.min(Math.max(now, last + SECOND_MS), now + MOST_AHEAD_MS);
  datedLast.set(group, at);
  return at;
}
