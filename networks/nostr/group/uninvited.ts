import * as v from 'valibot';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { NetworkKey } from '../../../shared/ids.ts';
import type { StateKey, Work } from '../../../shared/lane/state.ts';
import { readCell, removeCell, writeCell } from '../cell.ts';
import type { EventId } from '../event.ts';
import { dropFanout, type Fanout } from '../fanout.ts';
import type { PublicKey } from '../keys.ts';
import { peerOf } from '../names.ts';
import type { Turn } from '../turn.ts';
import { readRecord, stays } from './record.ts';
import { faceNow } from './view.ts';

/*
 * uninvited/<group>   a conversation of two whose invitation reached nobody: starting it again makes another group
 */

const keyOf = (group: GroupKey): StateKey => ({ space: 'uninvited', key: group });
const schema = v.object({ invitation: v.string() });

/**
 * States in a group's conversation that somebody in it has no invitation, if publishing one has ended and no relay has it: for everybody else
 * they are in, and only a person can take them out and add them again.
 */
export async function sayUninvited(
  turn: Turn,
  { id, operation, invitesTo, reached = false }: Fanout,
): Promise<void> {
  const { work, ledger, now } = turn;
  if (operation.kind !== 'gift-wrap' || invitesTo === undefined || reached) return;
  const record = await readRecord(work, invitesTo);
  const to = operation.to as PublicKey;
  if (!stays(record) || !(await faceNow(turn, invitesTo)).members.includes(to)) return;
  if (record.direct !== null) {
    await work.get(keyOf(invitesTo));
    writeCell(work, keyOf(invitesTo), { invitation: id });
  }
  ledger.changes.push({
    kind: 'note',
    conversation: record.conversation,
    key: `note|not-invited|${id}` as NetworkKey,
    code: 'member-not-invited',
    at: now,
    of: [peerOf(to)],
  });
}

/** Gives up publishing an event. Where it was an invitation that no relay has, that is stated. */
export async function giveUpFanout(turn: Turn, id: EventId): Promise<void> {
  const owed = await dropFanout(turn.work, id);
  if (owed !== null) await sayUninvited(turn, owed);
}

/** Whether the other of a conversation of two never got an invitation to its group. */
export const isUninvited = async (work: Pick<Work, 'get'>, group: GroupKey): Promise<boolean> =>
  (await readCell(work, keyOf(group), schema)) !== null;

/** The group is no more. */
export const forgetUninvited = (work: Work, group: GroupKey): Promise<void> => removeCell(work, keyOf(group));
