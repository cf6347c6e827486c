import { PlainsealError } from '../../../shared/errors.ts';
import type { EpochRef, GroupKey } from '../../../crypto/mls/cells.ts';
import { deferredOf } from '../deferred.ts';
import { groupOperation, startFanout } from '../fanout.ts';
import { conversationOfGroup } from '../names.ts';
import { sealGroupEvent } from '../marmot/group-event.ts';
import type { OutboxId } from '../../../shared/ids.ts';
import type { Turn } from '../turn.ts';
import { bestTip, pathTo } from './branch.ts';
import { datedNext } from './dated.ts';
import { eventKey } from './event-keys.ts';
import { dropOldNotes, nodesOf, readNote, removalId } from './commit-note.ts';
import { sayGivenUp } from './invite-later.ts';
import { NOTHING_TOLD, placeGroup, readRecord, writeRecord, type GroupRecord } from './record.ts';
import { takeLost } from './said.ts';
import { allStaged, countLoss, forgetLosses, writeStaged, type Staged } from './staged.ts';
import { faceNow } from './view.ts';
import { sendWelcomes } from './welcomes.ts';

/** My own keys are renewed so often in any group: a thief of them is out after that long. */
export const RENEWAL_MS = 5 * 24 * 60 * 60 * 1_000;
/** A change that comes too late so often is not tried further. */
const MOST_LOSSES = 5;

/** What is known of a group that must be there. @throws PlainsealError `corrupt`. */
export async function mustRecord({ work }: Pick<Turn, 'work'>, group: GroupKey): Promise<GroupRecord> {
  const record = await readRecord(work, group);
  if (record === null) throw new PlainsealError('corrupt', 'a group is not known');
  return record;
}

/**
 * Takes the branch that everybody takes, whatever has just come: goes back and over to it where I am on another. Messages of mine that
 * only the other one has are said again; changes of mine that are not on it are asked for again; who was invited on it hears of it.
 */
export async function converge(turn: Turn, group: GroupKey): Promise<void> {
  const { work, running, ledger } = turn;
  const { engine } = running;
  const record = await mustRecord(turn, group);
  const { epochs, current } = await engine.standing(group, work);
  const unread = (await deferredOf(work, record.routing, turn.now)).map(({ receivedAt }) => receivedAt);
  const nodes = await nodesOf(work, group, epochs, unread);
  const here = nodes.find(({ id }) => record.out !== null && id === removalId(record.out))?.id ?? current.id;
  const best = bestTip(nodes, here);
  if (best.id !== here) {
    running.context.log('branch', { from: String(current.number), to: String(best.number) });
    await goTo(turn, group, best.id);
  }
  ledger.moved.add(group);
  const path = pathTo(nodes, best.id);
  for (const item of await takeLost(work, group, epochs, path))
    ledger.outbound.push({ item, to: 'queued', reseal: 'branch-lost' });
  await settleStaged(turn, group, epochs, path, best.id);
  await dropOldNotes(work, group, epochs);
  await leaveDirect(turn, group);
  await sayLeaving(turn, group);
}

/** Goes to an epoch that is kept, or out of the group by a commit that removes me. */
export async function goTo(turn: Turn, group: GroupKey, id: string): Promise<void> {
  const { work, running } = turn;
  const record = await mustRecord(turn, group);
  const { epochs } = await running.engine.standing(group, work);
  const epoch = epochs.find((one) => one.id === id);
  if (epoch !== undefined) {
    await running.engine.rewind(group, epoch.id, work);
    await writeRecord(work, group, { ...record, out: null });
    return;
  }
  const digest = id.slice(removalId('').length);
  const removal = (await readNote(work, group, digest))?.removal;
  if (!removal) throw new PlainsealError('corrupt', 'a commit is not known');
  await running.engine.rewind(group, removal.at, work);
  const again = await running.engine.process(removal.message, work, turn.now);
  if (again.kind !== 'removed') throw new PlainsealError('internal', 'a removal that was one before');
  await writeRecord(work, group, { ...record, out: digest });
}

/**
 * What became of commits of mine, now that it is known which branch is taken. A change that was made anew has several commits: one of them
 * on the branch is enough.
 */
async function settleStaged(
  turn: Turn,
  group: GroupKey,
  epochs: readonly EpochRef[],
  path: ReadonlySet<string>,
  tip: string,
): Promise<void> {
  const { work } = turn;
  const kept = new Set<string>(epochs.map(({ id }) => id));
  const byCommit = new Map(epochs.map((epoch) => [epoch.commit, epoch.id]));
  const all = await allStaged(work, group);
  const isOn = (digest: string): boolean => path.has(byCommit.get(digest) ?? '');
  const settled = new Set(all.filter(([digest]) => isOn(digest)).map(([, { item }]) => item));
  for (const [digest, staged] of all) {
    const epoch = byCommit.get(digest);
    if (isOn(digest)) await win(turn, group, digest, staged);
    else if (epoch === undefined && !kept.has(staged.parent)) {
      if (staged.state === 'open') await giveBack(turn, group, staged, settled);
      await writeStaged(work, group, digest, null);
    }
    // Not taken yet, in the epoch all are in: it is still on its way.
    else if (epoch !== undefined || staged.parent !== tip) await lose(turn, group, digest, staged, settled);
  }
}

async function win(turn: Turn, group: GroupKey, digest: string, staged: Staged): Promise<void> {
  if (staged.state === 'won') return;
  if (staged.state === 'open') turn.ledger.outbound.push({ item: staged.item, to: 'sent' });
  await forgetLosses(turn.work, staged.item);
  await invite(turn, group, staged);
  const record = await mustRecord(turn, group);
  const leaving = staged.leaves ? (record.leaving ?? '') : record.leaving;
  // Every commit of mine renews my keys.
  await writeRecord(turn.work, group, { ...record, leaving, renewAt: turn.now + RENEWAL_MS });
  await writeStaged(turn.work, group, digest, { ...staged, state: 'won', welcome: null });
}

async function lose(
  turn: Turn,
  group: GroupKey,
  digest: string,
  staged: Staged,
  settled: Set<OutboxId>,
): Promise<void> {
  if (staged.state === 'lost') return;
  await writeStaged(turn.work, group, digest, { ...staged, state: 'lost' });
  // What was done already, and nobody has asked for, is done anew when it is due.
  if (staged.state === 'won' && staged.quiet) {
    const record = await mustRecord(turn, group);
    await writeRecord(turn.work, group, { ...record, renewAt: Math.min(record.renewAt, turn.now) });
  } else if (staged.state === 'open' || !settled.has(staged.item))
    await giveBack(turn, group, staged, settled);
}

/**
 * The change is asked for again, against the group as it is now; a few times, then the person decides. `settled`: changes that are on the
 * branch, or were given back a moment ago: they are no loss more.
 */
async function giveBack(turn: Turn, group: GroupKey, staged: Staged, settled: Set<OutboxId>): Promise<void> {
  const { ledger, work } = turn;
  const { item } = staged;
  if (settled.has(item) || (await countLoss(work, item)) < MOST_LOSSES) {
    ledger.outbound.push({ item, to: 'queued', reseal: 'commit-race-lost' });
    settled.add(item);
    return;
  }
  await forgetLosses(work, item);
  ledger.outbound.push({ item, to: 'failed', failure: 'refused-by-server' });
  await sayGivenUp(turn, group, staged);
}

/** I leave, and somebody else has to let me go. Said in one epoch it counts in no other: then it is said again. */
async function sayLeaving(turn: Turn, group: GroupKey): Promise<void> {
  const { work, running, now } = turn;
  const { engine, self } = running;
  const record = await mustRecord(turn, group);
  if (record.leaving === null || record.out !== null) return;
  const { current } = await engine.standing(group, work);
  const { members, admins } = await faceNow(turn, group);
  if (record.leaving === current.id || admins.includes(self.key) || members.length < 2) return;
  const proposed = await engine.propose(group, { kind: 'self-remove' }, work);
  if (proposed.kind === 'refused') return;
  const event = sealGroupEvent(
    await eventKey(turn, group, current.id),
    record.routing,
    proposed.message,
    await datedNext(turn, group),
  );
  const operation = groupOperation(self.key, record.routing, event);
  await startFanout(work, { id: event.id, operation, left: record.relays, madeAt: now });
  await writeRecord(work, group, { ...record, leaving: current.id });
}

/** Sends those whom a commit has added their way in. */
async function invite(turn: Turn, group: GroupKey, { welcome }: Staged): Promise<void> {
  if (welcome === null) return;
  const { relays } = await mustRecord(turn, group);
  await sendWelcomes(turn, group, relays, welcome);
}

/** Where a third person comes into what was a conversation of two, it is one no more: nothing that was meant for one goes to two. */
async function leaveDirect(turn: Turn, group: GroupKey): Promise<void> {
  const { work, running, ledger } = turn;
  const record = await mustRecord(turn, group);
  if (record.direct === null || record.out !== null || record.replaced) return;
  const face = await faceNow(turn, group);
  const others = face.members.filter((key) => key !== running.self.key && key !== record.direct);
  if (others.length === 0) return;
  const conversation = conversationOfGroup(running.context.account, group);
  await placeGroup(work, record.conversation, null);
  await placeGroup(work, conversation, group);
  await writeRecord(work, group, {
    ...record,
    conversation,
    direct: null,
    told: NOTHING_TOLD,
  });
  ledger.changes.push({
    kind: 'conversation',
    id: conversation,
    patch: { kind: 'group', protocol: 'mls', state: 'active', title: face.title },
  });
}
