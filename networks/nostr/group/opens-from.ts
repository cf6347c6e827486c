import type { EpochRef, GroupKey } from '../../../crypto/mls/cells.ts';
import type { Millis } from '../../../shared/ids.ts';
import type { Work } from '../../../shared/lane/state.ts';
import { seconds } from '../event.ts';
import type { Turn } from '../turn.ts';
import { readNote } from './commit-note.ts';
import { readRecord, type GroupRecord } from './record.ts';

/**
 * From when on what is said in a group can be opened, now or by a commit that is still to come, in epoch seconds: since the first epoch that is kept
 * began. The dates are those of others, whose clocks may be wrong: it decides nothing alone.
 */
async function opensFrom(
  work: Pick<Work, 'get'>,
  group: GroupKey,
  { since }: Pick<GroupRecord, 'since'>,
  epochs: readonly EpochRef[],
  now: Millis,
): Promise<number> {
  const begins = epochs.map(async ({ parent, commit, startedAt }): Promise<number> => {
    // Mine was wrong when I came, if that was in days to come.
    if (parent === null) return Math.min(since, seconds(now));
    const dated = (await readNote(work, group, commit))?.datedAt;
    // Who was away takes in at once what others did in weeks.
    return Math.min(dated ?? Number.POSITIVE_INFINITY, seconds(startedAt));
  });
  return Math.min(seconds(now), ...(await Promise.all(begins)));
}

/** From when on what is said in any of these groups can be opened ({@link opensFrom}); null: none of them is mine. */
export async function anyOpensFrom(
  { running, work, now }: Turn,
  groups: readonly GroupKey[],
): Promise<number | null> {
  let from: number | null = null;
  for (const group of groups) {
    const record = await readRecord(work, group);
    if (record === null) continue;
    const { epochs } = await running.engine.standing(group, work);
    from = Math.min(from ?? Infinity, await opensFrom(work, group, record, epochs, now));
  }
  return from;
}
