import type { EpochId, EpochRef, GroupKey } from '../../../crypto/mls/cells.ts';
import type { Processed } from '../../../crypto/mls/engine.ts';
import { digestOf } from '../../../crypto/mls/handshakes.ts';
import { touchesNobody } from '../../../crypto/mls/marmot-rules.ts';
import type { CommitView, Member } from '../../../crypto/mls/members.ts';
import type { Refusal } from '../../../crypto/mls/refusal.ts';
import { assertNever } from '../../../shared/assert.ts';
import type { NetworkKey } from '../../../shared/ids.ts';
import type { EventId } from '../event.ts';
import { OVERLAP_SECONDS } from '../cursor.ts';
import { keepDeferred, KEPT_MS, settleDeferred } from '../deferred.ts';
import type { FoundGroupEvent } from '../marmot/group-event.ts';
import { GROUP_PROFILE_COMPONENT } from '../marmot/group-profile.ts';
import { accountOf } from '../marmot/member.ts';
import { groupOfMessage, wireFormatOf } from '../marmot/mls-message.ts';
import { envelopeOf } from '../names.ts';
import type { Turn } from '../turn.ts';
import { hasRemovals, noteCommit, noteHeard, noteWitness, removalId } from './commit-note.ts';
import { converge, goTo, mustRecord } from './converge.ts';
import { openIn } from './opened.ts';
import { anyOpensFrom } from './opens-from.ts';
import { groupsAt, writeRecord } from './record.ts';
import { takeApp } from './take-app.ts';

/** An event of a group as relays gave it. */
export interface GroupDelivery {
  readonly id: EventId;
  /** Epoch seconds, as its writer wanted. */
  readonly created_at: number;
  readonly found: Pick<FoundGroupEvent, 'group' | 'sealed'>;
}

/** How long I listen, after I was removed, whether another branch wins on which I was not. */
const LISTEN_MS = 24 * 60 * 60 * 1_000;
/** What opened gives way to nothing that did not. */
const EVER = 0;
const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Takes in one event of a group. `waits`: a commit before it is not here yet, so it is kept. `full`: it was not, there is no room; relays
 * give it again. What else it may be, it is settled.
 */
export async function takeGroupEvent(
  turn: Turn,
  delivery: GroupDelivery,
): Promise<'settled' | 'waits' | 'full'> {
  const { work, running, ledger } = turn;
  const { id, found } = delivery;
  const groups = await groupsAt(work, found.group);
  const opened = await openIn(turn, groups, found);
  if (opened === null) {
    const from = await anyOpensFrom(turn, groups);
    // Not even by a clock that is days behind was it said under a key that is still to come.
    if (from === null || delivery.created_at < from - OVERLAP_SECONDS) return consume(turn, delivery);
    const kept = await defer(turn, delivery, from);
    // It may be the others going on without me.
    for (const group of groups)
      if (kept === 'waits' && (await hasRemovals(work, group))) await converge(turn, group);
    return kept;
  }
  const { group, message, at } = opened;
  // A member of two groups can put what was said in one under the key of the other.
  if (groupOfMessage(message) !== group) return refuse(turn, group, delivery, 'unknown-group');
  switch (wireFormatOf(message)) {
    case 'private-message':
      return takeMessage(turn, group, delivery, message, at);
    case 'public-message':
      return takeHandshake(turn, group, delivery, message, at);
    default:
      running.context.log('group-event', { why: 'format' });
      ledger.inbound.push({
        kind: 'quarantined',
        envelope: envelopeOf(id),
        raw: found.sealed,
        why: 'format',
      });
      return done(turn, delivery);
  }
}

/** Settles it for good. */
async function done({ work, ledger }: Turn, { id, found }: GroupDelivery): Promise<'settled'> {
  await settleDeferred(work, { group: found.group, id });
  ledger.seen.push(id);
  return 'settled';
}

function consume(
  turn: Turn,
  delivery: GroupDelivery,
  kind: 'consumed' | 'duplicate' = 'consumed',
): Promise<'settled'> {
  turn.ledger.inbound.push({ kind, envelope: envelopeOf(delivery.id) });
  return done(turn, delivery);
}

/** `from`: what is dated before gives way where there is no room ({@link anyOpensFrom}). */
async function defer(
  turn: Turn,
  delivery: GroupDelivery,
  from: number,
): Promise<'settled' | 'waits' | 'full'> {
  const { work, ledger, now } = turn;
  const { id, found, created_at } = delivery;
  const event = { id, ...found, datedAt: created_at, receivedAt: now };
  const { kind: kept, gone } = await keepDeferred(work, event, from);
  for (const old of gone) ledger.inbound.push({ kind: 'consumed', envelope: envelopeOf(old) });
  if (kept === 'refused') return created_at < from ? consume(turn, delivery) : 'full';
  ledger.seen.push(id);
  if (kept === 'kept') {
    const until = now + KEPT_MS;
    ledger.inbound.push({
      kind: 'parked',
      envelope: envelopeOf(id),
      raw: found.sealed,
      needs: 'epoch',
      until,
    });
  }
  return 'waits';
}

async function takeMessage(
  turn: Turn,
  group: GroupKey,
  delivery: GroupDelivery,
  message: Uint8Array,
  at: EpochRef,
): Promise<'settled' | 'waits' | 'full'> {
  const { work, running, now } = turn;
  const point = work.savepoint();
  const processed = await running.engine.process(message, work, now);
  switch (processed.kind) {
    case 'application': {
      point.keep();
      const from = accountOf(processed.from);
      if (from === null) return refuse(turn, group, delivery, 'member');
      const counts = await noteWitness(work, group, processed.epoch.id, from);
      const goesOn = from !== running.self.key && (await heard(turn, group, processed.epoch.id));
      await takeApp(turn, group, delivery, processed, from);
      if (counts || goesOn) await converge(turn, group);
      else turn.ledger.moved.add(group);
      return done(turn, delivery);
    }
    case 'duplicate':
      point.drop();
      // My own, come back: others have it too, and count it, whatever I know of its outcome.
      if (await noteWitness(work, group, at.id, running.self.key)) await converge(turn, group);
      return consume(turn, delivery, 'duplicate');
    case 'early':
      point.drop();
      return defer(turn, delivery, EVER);
    case 'refused':
      point.drop();
      if (processed.why === 'own-ahead')
        running.context.status({ kind: 'needs-person', why: 'clone-suspected' });
      return processed.why === 'replayed'
        ? consume(turn, delivery, 'duplicate')
        : refuse(turn, group, delivery, processed.why);
    case 'commit':
    case 'removed':
    case 'proposal':
    case 'competing':
      point.drop();
      return refuse(turn, group, delivery, 'malformed');
    default:
      return assertNever(processed);
  }
}

/** Sets it aside; once a day the group's conversation says that something was not opened. */
async function refuse(
  turn: Turn,
  group: GroupKey,
  delivery: GroupDelivery,
  why: Refusal | 'content',
): Promise<'settled'> {
  const { ledger, running, now } = turn;
  const { conversation } = await mustRecord(turn, group);
  running.context.log('group-event', { why });
  const { id, found } = delivery;
  ledger.inbound.push({ kind: 'quarantined', envelope: envelopeOf(id), raw: found.sealed, why });
  const key = `not-opened:${group}:${Math.floor(now / DAY_MS)}` as NetworkKey;
  ledger.changes.push({ kind: 'note', conversation, key, code: 'not-opened', at: now });
  return done(turn, delivery);
}

/** Refusals that say: a member is in a state that others may follow, and this program cannot. */
const forking: readonly Refusal[] = ['unsupported', 'confirmation', 'tree', 'path'];

/** A commit or proposal, in the epoch whose key it travelled under. */
async function takeHandshake(
  turn: Turn,
  group: GroupKey,
  delivery: GroupDelivery,
  message: Uint8Array,
  at: EpochRef,
): Promise<'settled' | 'waits' | 'full'> {
  const { work, running } = turn;
  const record = await mustRecord(turn, group);
  const { current } = await running.engine.standing(group, work);
  const here = record.out === null ? current.id : removalId(record.out);
  const isAside = here !== at.id;
  const point = work.savepoint();
  if (isAside) await running.engine.rewind(group, at.id, work);
  const processed = await running.engine.process(message, work, turn.now);
  switch (processed.kind) {
    case 'commit':
    case 'removed':
      point.keep();
      await applied(turn, group, processed, { message, at, datedAt: delivery.created_at });
      return consume(turn, delivery);
    case 'proposal':
      point.keep();
      if (isAside) await goTo(turn, group, here);
      turn.ledger.after.push(() => void running.departures.add(group));
      turn.ledger.grown.add(group);
      turn.ledger.moved.add(group);
      return consume(turn, delivery);
    case 'duplicate':
      point.drop();
      return consume(turn, delivery, 'duplicate');
    case 'early':
    case 'competing':
    case 'application':
      point.drop();
      return refuse(turn, group, delivery, 'malformed');
    case 'refused':
      point.drop();
      // The proposal it names may still come.
      if (processed.why === 'unknown-proposal') return defer(turn, delivery, EVER);
      if (!isAside && forking.includes(processed.why)) {
        await writeRecord(work, group, { ...record, forked: true });
        turn.ledger.moved.add(group);
      }
      return refuse(turn, group, delivery, processed.why);
    default:
      return assertNever(processed);
  }
}

async function heard({ work, running, now }: Turn, group: GroupKey, at: EpochId): Promise<boolean> {
  const { epochs } = await running.engine.standing(group, work);
  return noteHeard(work, group, epochs, at, now);
}

/** A commit has led on from an epoch: whether its branch is the one to take is decided with all that are known. */
async function applied(
  turn: Turn,
  group: GroupKey,
  processed: Extract<Processed, { readonly kind: 'commit' | 'removed' }>,
  { message, at, datedAt }: { readonly message: Uint8Array; readonly at: EpochRef; readonly datedAt: number },
): Promise<void> {
  const { work, ledger, running } = turn;
  const { kind, view } = processed;
  const digest = digestOf(message);
  await noteCommit(work, group, digest, {
    committer: Buffer.from(view.by.identity).toString('hex'),
    privileged: !touchesNobody(view),
    removal: kind === 'removed' ? { at: at.id, message, unreadFrom: turn.now } : null,
    datedAt,
  });
  if (accountOf(view.by) !== running.self.key) await heard(turn, group, at.id);
  const record = await mustRecord(turn, group);
  const isOut = kind === 'removed';
  const renewAt = isOut ? turn.now + LISTEN_MS : record.out === null ? record.renewAt : turn.now;
  await writeRecord(work, group, { ...record, out: isOut ? digest : null, renewAt });
  noteDoers(turn, group, view);
  if (kind === 'commit') ledger.grown.add(group);
  await converge(turn, group);
  if (kind === 'removed' || !processed.mine) await noteFollowed(turn, group, digest);
}

/** Somebody else has led on to where I am now: a group that fell apart is one again. A commit on a branch that nobody takes says nothing. */
async function noteFollowed(turn: Turn, group: GroupKey, digest: string): Promise<void> {
  const record = await mustRecord(turn, group);
  if (!record.forked) return;
  const { current } = await turn.running.engine.standing(group, turn.work);
  const tip = record.out ?? current.commit;
  if (tip === digest) await writeRecord(turn.work, group, { ...record, forked: false });
}

/** Who did what, for the rows of who is in the group. */
export function noteDoers({ ledger }: Turn, group: GroupKey, view: CommitView): void {
  const doers = ledger.doers.get(group) ?? new Map();
  const note = (member: Pick<Member, 'identity'>, by: Member): void => {
    const [key, doer] = [accountOf(member), accountOf(by)];
    if (key !== null && doer !== null) doers.set(key, doer);
  };
  for (const { member, by } of view.removed) note(member, by);
  for (const member of view.left) note(member, member);
  for (const member of view.added) note(member, view.by);
  const named = view.changed.find(({ component }) => component === GROUP_PROFILE_COMPONENT);
  const namer = named && accountOf(named.by);
  if (namer) ledger.namers.set(group, namer);
  ledger.doers.set(group, doers);
}
