import { assertNever } from '../../shared/assert.ts';
import type { GroupKey } from '../../crypto/mls/cells.ts';
import type { Change } from '../../crypto/mls/engine.ts';
import type { ConversationId, Millis, PeerId } from '../../shared/ids.ts';
import type { FailureCode, GroupChange, OutboxItem } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import { planChange, planStepDown, type Committed, type Planned } from './group/change.ts';
import { converge, RENEWAL_MS } from './group/converge.ts';
import { departing } from './group/departing.ts';
import type { Errand } from './group/errand.ts';
import { foundGroup, MAX_FOUNDING } from './group/found.ts';
import { inviteLater, sayNotAdded } from './group/invite-later.ts';
import { lookForAll, type Found } from './group/invitees.ts';
import { groupOf, readRecord, stays, writeRecord } from './group/record.ts';
import { stageFor } from './group/stage.ts';
import { faceNow } from './group/view.ts';
import type { SignedEvent } from './event.ts';
import { handOverCommit, resumeCommit } from './hand-over-commit.ts';
import type { PublicKey } from './keys.ts';
import { keyOfPeer } from './names.ts';
import { afterCommit, DONE, fail, finish, sentAtOnce, unfound } from './outcome.ts';
import type { Running } from './running.ts';
import { transact, type Turn, type TurnResult } from './turn.ts';

const keysOf = (peers: readonly PeerId[]): readonly PublicKey[] =>
  peers.flatMap((peer) => keyOfPeer(peer) ?? []);

/** Brings a change of a group, which a person wants, to its end. */
export async function performGroup(
  running: Running,
  item: OutboxItem,
  change: GroupChange,
  signal: AbortSignal,
): Promise<Performed> {
  const { conversation } = item.intent;
  if (conversation === null) return fail(running, item, 'not-possible');
  if (change.act === 'create') return create(running, item, conversation, change);
  const group = await groupOf(createWork(running.context.view), conversation);
  if (group === null) return fail(running, item, 'not-possible');
  if (item.state === 'sealed') return resumeCommit(running, item, group, signal);
  if (change.act === 'leave') return leave(running, item, group, signal);
  return commitChange(running, item, group, { change, quiet: false }, signal);
}

/** What the protocol does by itself. */
export async function performErrand(
  running: Running,
  item: OutboxItem,
  { op, group, keys }: Errand,
  signal: AbortSignal,
): Promise<Performed> {
  if ((await readRecord(createWork(running.context.view), group)) === null)
    return finish(running, item, { to: item.state === 'sealed' ? 'sent' : 'cancelled' });
  if (item.state === 'sealed') return resumeCommit(running, item, group, signal);
  const change: Wish['change'] = op === 'invite' ? { act: 'add', keys } : op;
  return commitChange(running, item, group, { change, quiet: true }, signal);
}

interface Wish {
  readonly change:
    Committed | { readonly act: 'add'; readonly keys: readonly PublicKey[] } | 'renew' | 'depart';
  readonly quiet: boolean;
}

/** Founds the group of a conversation that core has made. */
async function create(
  running: Running,
  item: OutboxItem,
  conversation: ConversationId,
  { title, members }: Extract<GroupChange, { readonly act: 'create' }>,
): Promise<Performed> {
  const keys = [...new Set(keysOf(members))].filter((key) => key !== running.self.key);
  if (keys.length === 0) return fail(running, item, 'address-unknown');
  const [first, rest] = [keys.slice(0, MAX_FOUNDING), keys.slice(MAX_FOUNDING)];
  const { found, failed } = await lookForAll(running, first);
  if (failed !== null) return unfound(running, item, failed);
  const { result, value } = await transact(running, async (turn) => {
    const point = turn.work.savepoint();
    const founded = await foundGroup(turn, { conversation, direct: null, title, members: found });
    if (founded.kind === 'failed') {
      point.drop();
      return founded;
    }
    inviteLater(turn, founded.group, rest, MAX_FOUNDING);
    turn.ledger.outbound.push(...sentAtOnce(item));
    return founded;
  });
  if (!result.ok) return afterCommit(running, item, result);
  return value.kind === 'founded' ? DONE : fail(running, item, value.failure);
}

async function leave(
  running: Running,
  item: OutboxItem,
  group: GroupKey,
  signal: AbortSignal,
): Promise<Performed> {
  const turned = await transact(running, async (turn): Promise<Staging> => {
    const { work, ledger } = turn;
    const record = await readRecord(work, group);
    if (record === null) return { kind: 'failed', failure: 'not-possible' };
    const face = await faceNow(turn, group);
    const isAdmin = face.admins.includes(running.self.key);
    if (isAdmin && face.members.length > 1 && record.out === null) {
      const planned = planStepDown(face, running.self.key);
      if (planned.kind !== 'changes') return { kind: 'failed', failure: 'not-possible' };
      return stageFor(turn, group, item, { ...planned, quiet: false, leaves: true });
    }
    await writeRecord(work, group, { ...record, leaving: record.leaving ?? '' });
    ledger.moved.add(group);
    ledger.outbound.push(...sentAtOnce(item));
    // Core takes no commit that seals without the facts of the next send; there is none any more.
    await converge(turn, group);
    return { kind: 'so-already' };
  });
  return afterStaging(running, item, group, turned, signal);
}

type Staging =
  | { readonly kind: 'staged'; readonly event: SignedEvent }
  | { readonly kind: 'so-already' }
  | { readonly kind: 'failed'; readonly failure: FailureCode };

/** What follows on an attempt to stage, once that is durable. */
async function afterStaging(
  running: Running,
  item: OutboxItem,
  group: GroupKey,
  { result, value }: TurnResult<Staging>,
  signal: AbortSignal,
): Promise<Performed> {
  if (!result.ok) return afterCommit(running, item, result);
  switch (value.kind) {
    case 'staged':
      return (await handOverCommit(running, item, group, value.event, signal)) ?? DONE;
    case 'so-already':
      return DONE;
    case 'failed':
      return fail(running, item, value.failure);
    default:
      return assertNever(value);
  }
}

async function commitChange(
  running: Running,
  item: OutboxItem,
  group: GroupKey,
  wish: Wish,
  signal: AbortSignal,
): Promise<Performed> {
  const { change, quiet } = wish;
  let keys: readonly PublicKey[] = [];
  let found: readonly Found[] = [];
  let rest: readonly PublicKey[] = [];
  let missing: readonly PublicKey[] = [];
  if (typeof change === 'object' && change.act === 'add') {
    keys = 'keys' in change ? change.keys : keysOf(change.peers);
    rest = keys.slice(MAX_FOUNDING);
    const looked = await lookForAll(running, keys.slice(0, MAX_FOUNDING));
    // Nobody waits for an errand: who cannot be added keeps nobody else out.
    if (looked.failed === 'unreachable' || (looked.failed !== null && !quiet))
      return unfound(running, item, looked.failed);
    ({ found, missing } = looked);
  }
  const turned = await transact(running, async (turn): Promise<Staging> => {
    const record = await readRecord(turn.work, group);
    // It would go into a branch that the others may have left; whoever decides what becomes of the group sees who is not in it.
    if (quiet && record?.forked) {
      await sayNotAdded(turn, group, keys);
      return nothingNow(turn, group, item, quiet);
    }
    const planned: Planned = stays(record)
      ? await planOf(turn, group, wish, found, item.intent.sentAt)
      : { kind: 'failed', failure: 'not-possible' };
    const wanted = found.map(({ key }) => key);
    if (quiet) await sayNotAdded(turn, group, planned.kind === 'failed' ? [...wanted, ...missing] : missing);
    if (planned.kind === 'changes') {
      const staged = await stageFor(turn, group, item, { ...planned, quiet });
      const added = planned.added.map(({ key }) => key);
      if (staged.kind === 'failed' && staged.failure === 'too-large' && added.length > 1) {
        inviteLater(turn, group, [...added, ...rest], Math.ceil(added.length / 2));
        return nothingNow(turn, group, item, quiet);
      }
      if (staged.kind === 'staged') inviteLater(turn, group, rest, MAX_FOUNDING);
      if (staged.kind === 'staged' || !quiet) return staged;
      await sayNotAdded(turn, group, added);
    } else if (!quiet) {
      if (planned.kind === 'failed') return planned;
      inviteLater(turn, group, rest, MAX_FOUNDING);
    }
    return nothingNow(turn, group, item, quiet);
  });
  return afterStaging(running, item, group, turned, signal);
}

/** There is no commit to be made of an item. What a person waits for counts as done; what nobody waits for is let go. */
function nothingNow({ ledger }: Turn, group: GroupKey, item: OutboxItem, quiet: boolean): Staging {
  if (quiet) ledger.outbound.push({ item: item.id, to: 'cancelled' });
  else {
    ledger.moved.add(group);
    ledger.outbound.push(...sentAtOnce(item));
  }
  return { kind: 'so-already' };
}

async function planOf(
  turn: Turn,
  group: GroupKey,
  { change }: Wish,
  found: readonly Found[],
  sentAt: Millis,
): Promise<Planned> {
  const { running, work } = turn;
  if (change === 'renew') {
    const record = await readRecord(work, group);
    // Another commit of mine has renewed them since.
    const isNew = record !== null && record.renewAt >= sentAt + RENEWAL_MS;
    return isNew ? { kind: 'so-already' } : { kind: 'changes', changes: [], added: [] };
  }
  if (change === 'depart') return planDeparture(turn, group);
  const standing = await running.engine.standing(group, work);
  const committed: Committed = 'keys' in change ? { act: 'add', peers: [] } : change;
  return planChange(standing, await faceNow(turn, group), running.self.key, committed, found);
}

/** Lets go all who have said that they leave; of several such words of one the lowest counts (Marmot, member-departure.md). */
async function planDeparture(turn: Turn, group: GroupKey): Promise<Planned> {
  const waiting = await departing(turn, group);
  const byLeaf = new Map<number, string>();
  for (const { ref, by } of waiting.toSorted((a, b) => (a.ref < b.ref ? 1 : -1))) byLeaf.set(by.leaf, ref);
  const changes = [...byLeaf.values()].map((ref): Change => ({ kind: 'proposed', ref }));
  return changes.length === 0 ? { kind: 'so-already' } : { kind: 'changes', changes, added: [] };
}
