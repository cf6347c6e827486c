import type { EpochId, GroupKey } from '../../crypto/mls/cells.ts';
import type { SealedMessage } from '../../crypto/mls/engine.ts';
import type { ConversationId } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { OutboxItem, Stored } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import { compose } from './compose.ts';
import { readOwnEvent, type EventId, type SignedEvent } from './event.ts';
import { groupOperation } from './fanout.ts';
import { noteWitness } from './group/commit-note.ts';
import { converge } from './group/converge.ts';
import { datedNext } from './group/dated.ts';
import { eventKey } from './group/event-keys.ts';
import { groupOf, readRecord, stays, type GroupRecord } from './group/record.ts';
import { expectUnsaid, forgetSaid, noteSaid, saidIn } from './group/said.ts';
import { startGroupFanout, storedEvent } from './group/stage.ts';
import { faceNow } from './group/view.ts';
import { guard } from './guard.ts';
import { npub } from './key-code.ts';
import { MAX_APP_EVENT_BYTES } from './marmot/app-event.ts';
import { sealGroupEvent } from './marmot/group-event.ts';
import { keyOfConversation, peerOf } from './names.ts';
import { openDirect } from './open-direct.ts';
import { afterCommit, atOnce, DONE, fail, finish, later, sentAtOnce, unfound } from './outcome.ts';
import { readPeer, trustIn } from './peer-record.ts';
import { publish, type Ahead } from './publish.ts';
import type { Running } from './running.ts';
import { takeWaiting } from './receive.ts';
import { transact, type Turn } from './turn.ts';

/** Members that evidence of a message names; in a larger group the rows of who is in it say so. */
const MAX_NAMED = 20;

/** Where an item goes. */
interface Place {
  readonly group: GroupKey;
  readonly record: GroupRecord;
  /** The epoch it was sealed in. */
  readonly epoch: EpochId;
}

/** What is handed over. */
interface Load {
  readonly place: Place;
  readonly artifacts: readonly Stored[];
  /** Those of them that no relay has taken yet, as they go out. */
  readonly letters: readonly Letter[];
}

/** An event on its way. */
interface Letter {
  readonly id: EventId;
  readonly operation: ReturnType<typeof groupOperation>;
  readonly ahead: Ahead;
}

function letterOf(
  { self }: Running,
  { routing }: GroupRecord,
  event: SignedEvent,
  isOwed: boolean = true,
): Letter {
  const operation = groupOperation(self.key, routing, event);
  return { id: event.id, operation, ahead: { checked: guard(operation), isOwed } };
}

/** What came of sealing. */
type Sealed =
  | ({ readonly kind: 'sealed' } & Load)
  /** There is no group in this conversation, or I am not in it. */
  | { readonly kind: 'nowhere' | 'void' | 'not-possible' | 'too-large' };

/** Brings what a person says to its end: sealed in the group as it is now, published, and noted as sent once a relay has it. */
export async function performMessage(
  running: Running,
  item: OutboxItem,
  signal: AbortSignal,
): Promise<Performed> {
  const { conversation } = item.intent;
  if (conversation === null) return fail(running, item, 'not-possible');
  if (item.state === 'sealed') return resume(running, item, conversation, signal);
  const missing = await foundAgain(running, conversation);
  if (missing !== null) return unfound(running, item, missing);
  const { result, value } = await transact(running, (turn) => seal(turn, item, conversation));
  if (!result.ok) return afterCommit(running, item, result);
  switch (value.kind) {
    case 'sealed':
      return handOver(running, item, value, signal);
    case 'void':
      return endVoid(running, item);
    case 'nowhere':
      return fail(running, item, 'address-unknown');
    case 'not-possible':
    case 'too-large':
      return fail(running, item, value.kind);
  }
}

/** A conversation of two that has lost its group, or whose invitation did not hold, gets another. Null when there is one to write to. */
async function foundAgain(
  running: Running,
  conversation: ConversationId,
): Promise<null | 'no-key' | 'unreachable'> {
  const other = keyOfConversation(running.context.account, conversation);
  const group = await groupOf(createWork(running.context.view), conversation);
  if (group !== null || other === null) return null;
  return openDirect(running, other);
}

/** There is nothing to say. What a person waits for counts as said. */
async function endVoid(running: Running, item: OutboxItem): Promise<Performed> {
  if (item.intent.what.kind === 'receipt') return finish(running, item, { to: 'cancelled' });
  const { result } = await transact(running, async ({ work, ledger }) => {
    const { conversation } = item.intent;
    const group = conversation && (await groupOf(work, conversation));
    if (group) ledger.moved.add(group);
    ledger.outbound.push(...sentAtOnce(item));
  });
  return afterCommit(running, item, result);
}

async function seal(turn: Turn, item: OutboxItem, conversation: ConversationId): Promise<Sealed> {
  const { running, work, ledger, now } = turn;
  const { engine, self } = running;
  const group = await groupOf(work, conversation);
  const record = group && (await readRecord(work, group));
  if (group === null || !stays(record)) return { kind: 'nowhere' };
  // Core flushes what was written while this is made, and answers nothing meanwhile: of what was never sealed it is not asked. Should it know
  // of it all the same the commit is a conflict, and the next attempt asks.
  const isNew = turn.isFirst && item.artifacts.length === 0;
  if (isNew) expectUnsaid(work, group, item.id);
  // What is written below is read along: one way to core and back instead of two.
  const [composed] = await Promise.all([
    compose(work, self.key, item.intent, isNew),
    saidIn(work, group, item.id),
  ]);
  if (composed.kind === 'void') return { kind: 'void' };
  if (composed.kind === 'failed') return { kind: 'not-possible' };
  const letters: Letter[] = [];
  const artifacts: Stored[] = [];
  let sealed: SealedMessage | null = null;
  for (const rumor of composed.events) {
    const plain = Buffer.from(JSON.stringify(rumor), 'utf8');
    if (plain.length > MAX_APP_EVENT_BYTES) return { kind: 'too-large' };
    sealed = await engine.seal(group, plain, new Uint8Array(), work, now);
    const event = sealGroupEvent(
      await eventKey(turn, group, sealed.epoch.id),
      record.routing,
      sealed.bytes,
      await datedNext(turn, group),
    );
    artifacts.push(storedEvent(group, record, event, artifacts.length));
    const isOwed = await startGroupFanout(turn, group, event);
    ledger.meanwhile.push(() => letters.push(letterOf(running, record, event, isOwed)));
  }
  if (sealed === null) return { kind: 'void' };
  await noteSaid(work, group, item.id, sealed.epoch.id);
  ledger.moved.add(group);
  const evidence = await evidenceOf(turn, group, sealed);
  ledger.outbound.push({ item: item.id, to: 'sealed', artifacts, evidence });
  return { kind: 'sealed', letters, artifacts, place: { group, record, epoch: sealed.epoch.id } };
}

async function evidenceOf(turn: Turn, group: GroupKey, { facts, details }: SealedMessage): Promise<Evidence> {
  const { members } = await faceNow(turn, group);
  const others = members.filter((key) => key !== turn.running.self.key);
  const named = others.length > MAX_NAMED ? [] : others;
  const to = await Promise.all(
    named.map(async (key) => ({
      peer: peerOf(key),
      key: npub(key),
      trust: trustIn(await readPeer(turn.work, key)),
    })),
  );
  return { how: 'sealed-here', at: turn.now, facts: [facts], details, to };
}

/** The event that lies in the outbox. */
export function eventOf({ bytes }: Stored): SignedEvent | null {
  if (typeof bytes === 'string') return null;
  try {
    return readOwnEvent(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    return null;
  }
}

/** Whether what is stored still belongs to an epoch that members can read. */
async function isFresh(
  { running, work }: Turn,
  group: GroupKey,
  epoch: EpochId,
  record: GroupRecord,
  events: readonly SignedEvent[],
): Promise<boolean> {
  const { epochs } = await running.engine.standing(group, work);
  const routed = events.every(({ tags }) => tags[0]?.[1] === record.routing);
  return routed && record.out === null && epochs.some(({ id }) => id === epoch);
}

/** What was sealed before is published as it is; unless that was too long ago: nobody has the keys of that epoch any more. */
async function resume(
  running: Running,
  item: OutboxItem,
  conversation: ConversationId,
  signal: AbortSignal,
): Promise<Performed> {
  const events = item.artifacts.map(eventOf);
  if (events.length === 0 || events.includes(null)) return fail(running, item, 'damaged');
  const { result, value } = await transact(running, async (turn) => {
    const group = await groupOf(turn.work, conversation);
    const record = group && (await readRecord(turn.work, group));
    if (group === null || record === null) return null;
    const epoch = await saidIn(turn.work, group, item.id);
    if (epoch !== null && (await isFresh(turn, group, epoch, record, events as readonly SignedEvent[])))
      return { group, record, epoch };
    await forgetSaid(turn.work, group, item.id);
    turn.ledger.outbound.push({ item: item.id, to: 'queued', reseal: 'epoch-passed' });
    return 'passed';
  });
  if (!result.ok) return afterCommit(running, item, result);
  if (value === null) return fail(running, item, 'not-possible');
  if (value === 'passed') return atOnce(running);
  const { artifacts } = item;
  const open = (events as readonly SignedEvent[]).filter((_, at) => artifacts[at]?.outcome !== 'accepted');
  const letters = open.map((event) => letterOf(running, value.record, event));
  return handOver(running, item, { place: value, artifacts, letters }, signal);
}

/** Publishes what is stored. */
async function handOver(
  running: Running,
  item: OutboxItem,
  { place, artifacts, letters }: Load,
  signal: AbortSignal,
): Promise<Performed> {
  const { group, record } = place;
  for (const { id, operation, ahead } of letters) {
    noteEcho(running, id);
    const published = await publish(running, operation, id, record.relays, signal, ahead);
    switch (published) {
      case 'accepted':
        break;
      case 'later':
        return later(running, item);
      case 'refused':
        return fail(running, item, 'refused-by-server', group);
      case 'too-large':
        return fail(running, item, 'too-large', group);
      case 'guarded':
        return holdGuarded(running, item, group);
    }
  }
  return settleSent(running, item, place, artifacts);
}

async function holdGuarded(running: Running, item: OutboxItem, group: GroupKey): Promise<Performed> {
  const { result } = await transact(running, async ({ work, ledger }) => {
    await forgetSaid(work, group, item.id);
    ledger.outbound.push({ item: item.id, to: 'held', hold: 'guard' });
  });
  return afterCommit(running, item, result);
}

async function settleSent(
  running: Running,
  item: OutboxItem,
  { group, epoch }: Place,
  artifacts: readonly Stored[],
): Promise<Performed> {
  const sent = artifacts.map((artifact): Stored => ({ ...artifact, outcome: 'accepted' }));
  const { result, value } = await transact(running, async (turn) => {
    const { work, ledger } = turn;
    // Its branch was left meanwhile: it is said again.
    const isGivenBack = (await saidIn(work, group, item.id)) === null;
    if (!isGivenBack) ledger.outbound.push({ item: item.id, to: 'sent', artifacts: sent });
    // Others have it either way, and count it.
    if (await noteWitness(work, group, epoch, running.self.key)) {
      await converge(turn, group);
      await takeWaiting(turn);
    }
    return isGivenBack ? 'given-back' : 'sent';
  });
  if (!result.ok) return afterCommit(running, item, result);
  return value === 'sent' ? DONE : atOnce(running);
}

/** Echoes remembered, the newest. */
const MOST_ECHOES = 1_000;

/** Relays give my own events back: of messages that says nothing that their OK does not say. */
function noteEcho({ echoes }: Running, id: string): void {
  echoes.add(id);
  const [oldest] = echoes;
  if (echoes.size > MOST_ECHOES && oldest !== undefined) echoes.delete(oldest);
}
