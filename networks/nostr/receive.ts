import { kindOf } from '../../shared/errors.ts';
import type { GroupKey } from '../../crypto/mls/cells.ts';
import { assertNever } from '../../shared/assert.ts';
import { isRefused, type CommitResult } from '../../shared/lane/commit.ts';
import { writeCaughtUp, type Scope } from './cursor.ts';
import { deferredOf, settleDeferred } from './deferred.ts';
import type { EventId, Rumor, SignedEvent } from './event.ts';
import { readRecord } from './group/record.ts';
import { takeGroupEvent, type GroupDelivery } from './group/take.ts';
import { addLedger, createLedger } from './ledger.ts';
import { readGroupEvent } from './marmot/group-event.ts';
import type { NostrGroupId } from './marmot/routing.ts';
import { envelopeOf } from './names.ts';
import type { RelayUrl } from './relay-url.ts';
import type { Running } from './running.ts';
import { takeWrap } from './take-wrap.ts';
import { transact, type Turn } from './turn.ts';
import type { Millis } from '../../shared/ids.ts';

/** An event that relays have brought. Messages of groups are signed by nobody in particular (relays/ask.ts, `isAnonymous`). */
export type ArrivedEvent =
  | { readonly kind: 'wrap'; readonly event: SignedEvent; readonly relay: RelayUrl }
  | { readonly kind: 'group'; readonly event: Rumor; readonly relay: RelayUrl };

/** Something that relays have brought. */
export type Arrival =
  | ArrivedEvent
  /** A relay has given all it had, as it was at `at`. */
  | {
      readonly kind: 'caught-up';
      readonly scopes: readonly Scope[];
      readonly relay: RelayUrl;
      readonly at: Millis;
    };

/** A commit could not be made: the disk is full, or core is gone. Nothing of it is settled; it has to be taken again. */
export class CommitFault extends Error {
  readonly why: Extract<CommitResult, { readonly ok: false }>['why'];
  constructor(why: CommitFault['why']) {
    super(`commit: ${why}`);
    this.name = 'CommitFault';
    this.why = why;
  }
}

/** Rounds over what did not open before: each takes at least one commit further. */
const MAX_ROUNDS = 300;

/**
 * Takes in what relays brought, in one commit. Whatever one of them is, the others stand. Gives the scopes of which something had to be
 * left at the relays. @throws CommitFault when core cannot commit.
 */
export async function receive(
  running: Running,
  batch: readonly Arrival[],
  leftBehind: (scope: Scope) => void,
): Promise<void> {
  try {
    const { result, value } = await transact(running, (turn) => takeBatch(turn, batch));
    if (!result.ok) throw new CommitFault(result.why);
    for (const scope of value) leftBehind(scope);
  } catch (error) {
    if (!isRefused(error)) throw error;
    running.context.log('commit-refused', { kind: error.kind, events: batch.length });
    await takeApart(running, batch, leftBehind);
  }
}

/** Core refuses what a batch makes: each is taken alone, and the one that it refuses by itself is kept and takes no part. */
async function takeApart(
  running: Running,
  batch: readonly Arrival[],
  leftBehind: (scope: Scope) => void,
): Promise<void> {
  const [first, ...others] = batch;
  if (first === undefined) return;
  if (others.length > 0) {
    for (const one of batch) await receive(running, [one], leftBehind);
    return;
  }
  if (first.kind === 'caught-up') return;
  await setAside(running, first.event, 'refused-by-core');
}

/** Keeps an event that cannot be taken in. @throws CommitFault. */
export async function setAside(running: Running, event: Rumor, why: string): Promise<void> {
  const { result } = await transact(running, async (turn) => quarantine(turn, event.id, rawOf(event), why));
  if (!result.ok) throw new CommitFault(result.why);
}

const rawOf = (event: Rumor): Uint8Array => Buffer.from(JSON.stringify(event), 'utf8');

function quarantine({ ledger }: Pick<Turn, 'ledger'>, id: EventId, raw: Uint8Array, why: string): void {
  ledger.inbound.push({ kind: 'quarantined', envelope: envelopeOf(id), raw, why });
  ledger.seen.push(id);
}

async function takeBatch(turn: Turn, batch: readonly Arrival[]): Promise<ReadonlySet<Scope>> {
  const full = new Set<Scope>();
  const taken = new Set<EventId>();
  for (const arrival of batch) {
    switch (arrival.kind) {
      case 'wrap':
      case 'group':
        if (taken.has(arrival.event.id)) break;
        taken.add(arrival.event.id);
        await takeOne(turn, arrival, full);
        break;
      case 'caught-up':
        for (const scope of arrival.scopes)
          if (!full.has(scope)) await writeCaughtUp(turn.work, scope, arrival.relay, arrival.at);
        break;
      default:
        assertNever(arrival);
    }
  }
  await takeWaiting(turn);
  return full;
}

/** One event. Whatever goes wrong with it, what it wrote is dropped and it is set aside. */
async function takeOne(turn: Turn, arrival: ArrivedEvent, full: Set<Scope>): Promise<void> {
  const raw = (): Uint8Array => rawOf(arrival.event);
  await guarded(turn, arrival.event.id, raw, async (inner) => {
    if (arrival.kind === 'wrap') return takeWrap(inner, arrival.event);
    const { id, created_at } = arrival.event;
    const found = readGroupEvent(arrival.event);
    if (found === null) return leaveOut(inner, id);
    if ((await takeGroupEvent(inner, { id, created_at, found })) === 'full') full.add(found.group);
  });
}

/** What cannot be a message of a group is settled, and not kept: anybody can send it. */
function leaveOut({ ledger, running }: Turn, id: EventId): void {
  running.context.log('group-event', { why: 'shape' });
  ledger.inbound.push({ kind: 'consumed', envelope: envelopeOf(id) });
  ledger.seen.push(id);
}

/** Takes one thing in; when that throws, what it wrote is dropped and it is set aside. @throws what says that core is gone. */
async function guarded(
  turn: Turn,
  id: EventId,
  raw: () => Uint8Array,
  take: (inner: Turn) => Promise<void>,
): Promise<'taken' | 'set-aside'> {
  const point = turn.work.savepoint();
  const ledger = createLedger();
  try {
    await take({ ...turn, ledger });
    addLedger(turn.ledger, ledger);
    point.keep();
    return 'taken';
  } catch (error) {
    point.drop();
    if (isCoreGone(error)) throw error;
    turn.running.context.log('event-set-aside', { kind: kindOf(error) });
    quarantine(turn, id, raw(), 'fault');
    return 'set-aside';
  }
}

/** Errors of the pipe to core and of its disk are no fault of an event. */
function isCoreGone(error: unknown): boolean {
  return ['gone', 'io', 'disk-full', 'cancelled', 'read-only'].includes(kindOf(error));
}

/** What no key opened may open by now, for as long as one leads to the next. After a change of mine too. */
export async function takeWaiting(turn: Turn): Promise<void> {
  for (let round = 0; turn.ledger.grown.size > 0 && round < MAX_ROUNDS; round += 1) {
    const groups = [...turn.ledger.grown];
    turn.ledger.grown.clear();
    for (const group of groups) await takeDeferredOf(turn, group);
  }
}

async function takeDeferredOf(turn: Turn, group: GroupKey): Promise<void> {
  const { work, now } = turn;
  const routing: NostrGroupId | undefined = (await readRecord(work, group))?.routing;
  if (routing === undefined) return;
  for (const { id, sealed, datedAt } of await deferredOf(work, routing, now)) {
    const delivery: GroupDelivery = {
      id,
      created_at: datedAt,
      found: { group: routing, sealed },
    };
    const take = async (inner: Turn): Promise<void> => void (await takeGroupEvent(inner, delivery));
    if ((await guarded(turn, id, () => sealed, take)) === 'set-aside')
      await settleDeferred(work, { group: routing, id });
  }
}
