import type { EpochId, EpochRef, GroupKey } from '../../../crypto/mls/cells.ts';
import type { OutboxId } from '../../../shared/ids.ts';
import type { StateKey, Work } from '../../../shared/lane/state.ts';
import { removeCell } from '../cell.ts';

/*
 * said/<group>/<item>   the epoch in which an item of mine was sealed, for as long as that epoch is kept
 */

const SPACE = 'said';
const keyOf = (group: GroupKey, item: OutboxId): StateKey => ({ space: SPACE, key: `${group}/${item}` });

/** An item that was never sealed has no place yet: core need not be asked ({@link Work.expectAbsent}). */
export const expectUnsaid = (work: Work, group: GroupKey, item: OutboxId): void =>
  work.expectAbsent(keyOf(group, item));

/** Notes in which epoch an item was sealed. */
export async function noteSaid(work: Work, group: GroupKey, item: OutboxId, epoch: EpochId): Promise<void> {
  await work.get(keyOf(group, item));
  work.put(keyOf(group, item), Buffer.from(epoch, 'utf8'));
}

/** The epoch in which an item was sealed; null when that is not known any more, or it was given back. */
export async function saidIn(
  work: Pick<Work, 'get'>,
  group: GroupKey,
  item: OutboxId,
): Promise<EpochId | null> {
  const bytes = await work.get(keyOf(group, item));
  return bytes === null ? null : (Buffer.from(bytes).toString('utf8') as EpochId);
}

/** Forgets an item. */
export const forgetSaid = (work: Work, group: GroupKey, item: OutboxId): Promise<void> =>
  removeCell(work, keyOf(group, item));

/** Items whose epoch is kept and not on the branch that is taken: they have to be said again. They are forgotten, as are those of old epochs. */
export async function takeLost(
  work: Work,
  group: GroupKey,
  epochs: readonly EpochRef[],
  path: ReadonlySet<string>,
): Promise<readonly OutboxId[]> {
  const kept = new Set<string>(epochs.map(({ id }) => id));
  const lost: OutboxId[] = [];
  for (const [key, bytes] of await work.scan(SPACE, `${group}/`)) {
    const epoch = Buffer.from(bytes).toString('utf8');
    if (path.has(epoch)) continue;
    if (kept.has(epoch)) lost.push(key.key.slice(group.length + 1) as OutboxId);
    work.put(key, null);
  }
  return lost;
}
