import * as v from 'valibot';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { Millis } from '../../../shared/ids.ts';
import type { StateKey } from '../../../shared/lane/state.ts';
import { readCell, writeCell } from '../cell.ts';
import type { Turn } from '../turn.ts';

/*
 * dated/<group>   when the last event to a group was dated, where that was ahead of its time
 */

/** Relays take events that are dated a quarter of an hour ahead (strfry; NIP-11, `created_at_upper_limit`): a third of that. */
const MOST_AHEAD_MS = 5 * 60_000;
const SECOND_MS = 1_000;

const keyOf = (group: GroupKey): StateKey => ({ space: 'dated', key: group });
const schema = v.object({ at: v.number() });

/**
 * When the next event to a group is dated: later than the one before, also after a restart, since events have whole seconds, and what is
 * stored is put in order by them. Never far ahead: of what is said faster than that, for more than five minutes, the order is open.
 */
export async function datedNext(
  { running: { datedLast, context }, work }: Pick<Turn, 'running' | 'work'>,
  group: GroupKey,
): Promise<Millis> {
  const now = context.now();
  const noted = datedLast.get(group) ?? (await readCell(work, keyOf(group), schema))?.at ?? 0;
  // Further ahead than any: it was noted while my own clock was wrong.
  const last = noted > now + MOST_AHEAD_MS ? 0 : noted;
  const at = Math.min(Math.max(now, last + SECOND_MS), now + MOST_AHEAD_MS);
  datedLast.set(group, at);
  if (at > now) {
    await work.get(keyOf(group));
    writeCell(work, keyOf(group), { at });
  }
  return at;
}
