import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { Change } from '../../../crypto/mls/engine.ts';
import { touchesNobody } from '../../../crypto/mls/marmot-rules.ts';
import type { FailureCode, OutboxItem, Stored } from '../../../shared/lane/intent.ts';
import type { SignedEvent } from '../event.ts';
import { groupOperation, startFanout } from '../fanout.ts';
import { sealGroupEvent } from '../marmot/group-event.ts';
import { accountOf } from '../marmot/member.ts';
import type { Turn } from '../turn.ts';
import { noteCommit } from './commit-note.ts';
import { converge, mustRecord } from './converge.ts';
import { datedNext } from './dated.ts';
import { eventKey } from './event-keys.ts';
import { readStaged, writeStaged, type Invitee } from './staged.ts';
import { writeRecord, type GroupRecord } from './record.ts';
import { faceNow } from './view.ts';
import { passesRelays } from './welcomes.ts';

/** How a group is called among the destinations of an item: what is sealed is for the group, not for each of its members. */
export const DESTINATION = 'group';

/** Publishing goes to every relay of a group: where there are several, what is left is remembered. Gives whether it is. */
export async function startGroupFanout(turn: Turn, group: GroupKey, event: SignedEvent): Promise<boolean> {
  const { routing, relays } = await mustRecord(turn, group);
  if (relays.length < 2) return false;
  const operation = groupOperation(turn.running.self.key, routing, event);
  await startFanout(turn.work, { id: event.id, operation, left: relays, madeAt: turn.now });
  return true;
}

/**
 * An event as it lies in the outbox until it is published. Whom it is sealed for is the group; where two talk the other, whichever of their
 * groups it is.
 */
export const storedEvent = (
  group: GroupKey,
  { direct }: Pick<GroupRecord, 'direct'>,
  event: SignedEvent,
  at = 0,
): Stored => ({
  to: at === 0 ? DESTINATION : `${DESTINATION}#${at}`,
  identity: direct ?? group,
  bytes: Buffer.from(JSON.stringify(event), 'utf8'),
  outcome: 'pending',
});

/**
 * Makes a commit for an item and seals the item with it: it is published before it counts (Marmot, group-messaging.md). Gives why it cannot
 * be made.
 */
export async function stageFor(
  turn: Turn,
  group: GroupKey,
  item: OutboxItem,
  of: {
    readonly changes: readonly Change[];
    readonly added: readonly Invitee[];
    readonly quiet: boolean;
    readonly leaves?: boolean;
  },
): Promise<
  | { readonly kind: 'staged'; readonly event: SignedEvent }
  | { readonly kind: 'failed'; readonly failure: FailureCode }
> {
  const { running, work, ledger, now } = turn;
  const record = await mustRecord(turn, group);
  const { current } = await running.engine.standing(group, work);
  const point = work.savepoint();
  const staged = await running.engine.stage(group, of.changes, work, now);
  if (staged.kind === 'refused') {
    point.drop();
    running.context.log('stage', { why: staged.why });
    return { kind: 'failed', failure: 'not-possible' };
  }
  if (staged.welcome !== null && !passesRelays(turn, record.relays, staged.welcome, of.added)) {
    point.drop();
    return { kind: 'failed', failure: 'too-large' };
  }
  const event = sealGroupEvent(
    await eventKey(turn, group, current.id),
    record.routing,
    staged.commit,
    await datedNext(turn, group),
  );
  await writeStaged(work, group, staged.digest, {
    item: item.id,
    quiet: of.quiet,
    parent: current.id,
    privileged: !touchesNobody(staged.view),
    leaves: of.leaves ?? false,
    left: staged.view.left.flatMap((member) => accountOf(member) ?? []),
    state: 'open',
    welcome: staged.welcome === null ? null : { message: staged.welcome, to: of.added.map(inviteeOf) },
  });
  await startGroupFanout(turn, group, event);
  ledger.moved.add(group);
  ledger.outbound.push({ item: item.id, to: 'sealed', artifacts: [storedEvent(group, record, event)] });
  return { kind: 'staged', event };
}

const inviteeOf = ({ key, keyPackageEvent, inbox }: Invitee): Invitee => ({ key, keyPackageEvent, inbox });

/** A relay has taken a commit of mine: it is a branch from now on, and whether it is the one is decided with all others. */
export async function taken(turn: Turn, group: GroupKey, digest: string): Promise<void> {
  const { running, work, ledger, now } = turn;
  const { engine, self } = running;
  const staged = await readStaged(work, group, digest);
  // Its echo was quicker, or it was given back.
  if (staged?.state !== 'open') return;
  const { epochs, current, active } = await engine.standing(group, work);
  if (!epochs.some(({ id }) => id === staged.parent)) return converge(turn, group);
  const before = await faceNow(turn, group);
  const record = await mustRecord(turn, group);
  if (!active || current.id !== staged.parent) await engine.rewind(group, staged.parent, work);
  await engine.applyPending(group, digest, work, now);
  await noteCommit(work, group, digest, {
    committer: self.key,
    privileged: staged.privileged,
    removal: null,
  });
  // That the others follow it is not said by it: a group that fell apart stays so.
  await writeRecord(work, group, { ...record, out: null });
  const after = await faceNow(turn, group);
  const moved = [...before.members, ...after.members].filter(
    (key) => before.members.includes(key) !== after.members.includes(key),
  );
  ledger.doers.set(group, new Map(moved.map((key) => [key, staged.left.includes(key) ? key : self.key])));
  if (before.title !== after.title) ledger.namers.set(group, self.key);
  ledger.grown.add(group);
  await converge(turn, group);
}
