import * as v from 'valibot';
import type { EpochId, GroupKey } from '../../../crypto/mls/cells.ts';
import type { StateKey, Work } from '../../../shared/lane/state.ts';
import { readCell, removeCell, writeCell } from '../cell.ts';
import type { Turn } from '../turn.ts';
import { readRecord } from './record.ts';

/*
 * entered/<group>   the epochs that invitations have led me into
 */

/** I am brought in again once in a while, where I was lost on another branch. */
const MAX_ENTERED = 64;

const keyOf = (group: GroupKey): StateKey => ({ space: 'entered', key: group });
const schema = v.object({ epochs: v.array(v.string()) });

const readEntered = async (work: Pick<Work, 'get'>, group: GroupKey): Promise<readonly string[]> =>
  (await readCell(work, keyOf(group), schema))?.epochs ?? [];

/**
 * Whether I am, or was, in an epoch that a welcome leads into. Whoever wraps it anew, and whichever relay gives it again once it is not remembered as
 * seen, would otherwise have my ratchet begin there a second time: no key seals twice.
 */
export async function wasEntered({ running, work }: Turn, group: GroupKey, epoch: EpochId): Promise<boolean> {
  if ((await readEntered(work, group)).includes(epoch)) return true;
  if ((await readRecord(work, group)) === null) return false;
  const { epochs } = await running.engine.standing(group, work);
  return epochs.some(({ id }) => id === epoch);
}

/** Notes that a welcome has led me into an epoch. */
export async function noteEntered(work: Work, group: GroupKey, epoch: EpochId): Promise<void> {
  const epochs = [...(await readEntered(work, group)), epoch].slice(-MAX_ENTERED);
  writeCell(work, keyOf(group), { epochs });
}

/** The group is no more. */
export const forgetEntered = (work: Work, group: GroupKey): Promise<void> => removeCell(work, keyOf(group));
