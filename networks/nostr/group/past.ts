import { groupCell, type GroupKey } from '../../../crypto/mls/cells.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import type { LaneContext } from '../../../shared/lane/lane.ts';
import type { StateKey, Work } from '../../../shared/lane/state.ts';
import { createWork } from '../../../shared/lane/work.ts';
import { readSelf, writeAccount } from '../account-record.ts';
import { decodeCell, writeCell } from '../cell.ts';
import { publicKeyOf } from '../keys.ts';
import { freshSlot } from '../marmot/key-package-event.ts';
import { allRecords, dropRecord, groupOf, placeGroup, recordSchema, type GroupRecord } from './record.ts';

/*
 * past/<group>   a group whose MLS state is no more, as this lane knew it: where it is shown, and who core was told is in it
 */

/**
 * What an account that begins anew goes on with: its key and relays, who was met, how messages are named, and which groups there were.
 * Nothing of MLS.
 */
export const TOLD_SPACES: readonly string[] = [
  'account',
  'peer',
  'own',
  'own-id',
  'reaction',
  'reaction-id',
  'group',
  'route',
  'place',
  'past',
];

const keyOf = (group: GroupKey): StateKey => ({ space: 'past', key: group });

/** Takes a past group out, as it comes back; null when it is none. */
export async function takePast(work: Work, group: GroupKey): Promise<GroupRecord | null> {
  const past = await readPast(work, group);
  if (past !== null) work.put(keyOf(group), null);
  return past;
}

/** A past group, or null. */
export async function readPast(work: Pick<Work, 'get'>, group: GroupKey): Promise<GroupRecord | null> {
  const bytes = await work.get(keyOf(group));
  return bytes === null ? null : decodeCell(bytes, keyOf(group), recordSchema);
}

/** The past groups of a conversation. */
export async function pastOf(
  work: Pick<Work, 'scan'>,
  conversation: ConversationId,
): Promise<readonly GroupRecord[]> {
  const all = await allRecords(work, 'past');
  return all.map(([, past]) => past).filter((past) => past.conversation === conversation);
}

/**
 * Once an account has begun anew its groups are past: a chat of two gets another as soon as something is said, into a group an admin takes me
 * again. Its key packages get another place at relays, since whoever goes on with the old state offers in the old one.
 * @throws PlainsealError `io` when that cannot be written.
 */
export async function partFromLostGroups(context: LaneContext): Promise<void> {
  const work = createWork(context.view);
  const heads = await work.scan(groupCell('').space, '');
  const standing = new Set(heads.map(([{ key }]) => key));
  const lost = (await allRecords(work)).filter(([group]) => !standing.has(group));
  if (lost.length === 0) return;
  const self = await readSelf(work);
  const me = publicKeyOf(self.secret);
  const others = (keys: GroupRecord['told']['members']) => keys.filter((key) => key !== me);
  for (const [group, record] of lost) {
    const { members, admins, title } = record.told;
    const told = { members: others(members), admins: others(admins), title };
    await readPast(work, group);
    writeCell(work, keyOf(group), { ...record, told });
    await dropRecord(work, group, record);
    if ((await groupOf(work, record.conversation)) === group)
      await placeGroup(work, record.conversation, null);
  }
  await writeAccount(work, { ...self, slot: freshSlot() });
  const result = await context.commit({ ...emptyCommit, work: work.writes() });
  if (!result.ok) throw new PlainsealError('io', 'lost groups could not be noted');
  context.log('groups-lost', { count: lost.length });
}
