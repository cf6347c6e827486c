import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { ConversationId, Millis } from '../../../shared/ids.ts';
import type { PublicKey } from '../keys.ts';
import { settleDeferred, deferredOf } from '../deferred.ts';
import type { Turn } from '../turn.ts';
import { pathTo } from './branch.ts';
import { dropOldNotes, heardFrom } from './commit-note.ts';
import { forgetEntered } from './entered.ts';
import { pastOf } from './past.ts';
import {
  dropRecord,
  groupOf,
  groupsAt,
  placeGroup,
  readRecord,
  stays,
  writeRecord,
  type GroupRecord,
} from './record.ts';
import { takeLost } from './said.ts';
import { allStaged, writeStaged } from './staged.ts';
import { forgetUninvited } from './uninvited.ts';

/*
 * A conversation of two is one group after the other: it may lose its group, fall apart and be started again, or both may start one at the same
 * moment. Which of two is written to, both sides must answer alike and without asking.
 */

/** What is still under way in a group that was replaced is read for so long. */
const LISTEN_MS = 24 * 60 * 60 * 1_000;

/** A group of a conversation of two, by what is compared. */
interface Candidate {
  readonly group: GroupKey;
  /** Epoch seconds, as its invitation says. */
  readonly foundedAt: number;
}

/** Whether both sides write to `next` rather than to `now`: to the one founded later, of one second to the lower name. */
export const outranks = (next: Candidate, now: Candidate): boolean =>
  next.foundedAt === now.foundedAt ? next.group < now.group : next.foundedAt > now.foundedAt;

/**
 * When the next group of a conversation of two says it was founded: later than the one before, whatever the clocks say, also where that is past
 * since the account has begun anew: the other side may write to it still. Epoch seconds.
 */
export async function foundedNext(
  { work }: Pick<Turn, 'work'>,
  conversation: ConversationId,
  at: number,
): Promise<number> {
  const before = await groupOf(work, conversation);
  const standing = before && (await readRecord(work, before));
  const earlier = [...(await pastOf(work, conversation)), ...(standing === null ? [] : [standing])];
  return Math.max(at, ...earlier.map(({ foundedAt }) => foundedAt + 1));
}

/**
 * Writes to a group of a conversation of two from now on, unless the one that is written to outranks it: then the new one is only listened to. What
 * was said in the other, and the other side may never have been able to read, is said again; who has read it knows it by its id.
 */
export async function placeDirect(turn: Turn, group: GroupKey, record: GroupRecord): Promise<void> {
  const { work } = turn;
  const { conversation, direct, foundedAt } = record;
  const before = await groupOf(work, conversation);
  const standing = before === null || before === group ? null : await readRecord(work, before);
  if (before === null || standing === null || direct === null) return placeGroup(work, conversation, group);
  const other = { group: before, foundedAt: standing.foundedAt };
  if (stays(standing) && !outranks({ group, foundedAt }, other)) return listenOnly(turn, group, record);
  await placeGroup(work, conversation, group);
  await giveBackUnread(turn, before, direct);
  await listenOnly(turn, before, standing);
}

async function listenOnly({ work, now }: Turn, group: GroupKey, record: GroupRecord): Promise<void> {
  await writeRecord(work, group, { ...record, replaced: true, renewAt: now + LISTEN_MS });
}

/** What I said in epochs from which nothing of the other was ever heard. */
async function giveBackUnread(
  { running, work, ledger }: Turn,
  group: GroupKey,
  other: PublicKey,
): Promise<void> {
  const { epochs } = await running.engine.standing(group, work);
  const read = new Set<string>();
  for (const id of await heardFrom(work, group, epochs, other))
    for (const before of pathTo(epochs, id)) read.add(before);
  for (const item of await takeLost(work, group, epochs, read))
    ledger.outbound.push({ item, to: 'queued', reseal: 'branch-lost' });
}

/** Whether a group was replaced so long ago that nothing of it is under way any more. */
export const isOver = ({ replaced, renewAt }: GroupRecord, now: Millis): boolean =>
  replaced && renewAt <= now;

/** Forgets all of a group. */
export async function forgetGroup(
  { running, work, now }: Turn,
  group: GroupKey,
  record: GroupRecord,
): Promise<void> {
  // What another group of that name waits for stays.
  if ((await groupsAt(work, record.routing)).every((one) => one === group))
    for (const one of await deferredOf(work, record.routing, now)) await settleDeferred(work, one);
  for (const [digest] of await allStaged(work, group)) await writeStaged(work, group, digest, null);
  await takeLost(work, group, [], new Set());
  await dropOldNotes(work, group, []);
  await forgetUninvited(work, group);
  await forgetEntered(work, group);
  await running.engine.forget(group, work);
  await dropRecord(work, group, record);
}
