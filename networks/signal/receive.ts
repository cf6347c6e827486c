import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Unsealed } from '../../crypto/signal/engine.ts';
import { assertNever } from '../../shared/assert.ts';
import { kindOf } from '../../shared/errors.ts';
import type { EnvelopeKey } from '../../shared/ids.ts';
import type { CommitResult } from '../../shared/lane/commit.ts';
import { newNetworkKey } from '../../shared/lane/network-key.ts';
import type { Work } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import type { AttachmentPointer } from './codec/content.ts';
import { isAci } from './codec/service-id.ts';
import { meetSender } from './correspondent.ts';
import { createFetchedFiles, type FileStore } from './fetched-files.ts';
import { takeOpened } from './incoming.ts';
import { takeServerReceipt } from './incoming-receipt.ts';
import { addLedger, commitOf, createLedger, type Ledger } from './ledger.ts';
import { conversationWith } from './names.ts';
import { readPeer } from './peer-record.ts';
import { commit, CONFLICT_TRIES } from './performing.ts';
import { consumed, FileNeeded, refuse, type Receiving, type Reception } from './receiving.ts';
import { noteOpened, stateLost, stateUnopened, takeUnopened } from './unopened.ts';
import type { Unwrapped } from './unwrap.ts';

/** A commit could not be made: the disk is full, or core is gone. Nothing of it is acknowledged; the server gives it again. */
export class CommitFault extends Error {
  readonly why: Exclude<CommitResult, { readonly ok: true }>['why'];
  constructor(why: CommitFault['why']) {
    super(`commit: ${why}`);
    this.name = 'CommitFault';
    this.why = why;
  }
}

/** Most changes of a commit before the rest of a batch goes into the next one; core takes 10 000. */
const ENOUGH_CHANGES = 4_000;

/**
 * Opens a batch of deliveries and makes them durable in one commit, then acknowledges them. Whatever one of them is, the others
 * stand. @throws CommitFault when core cannot commit; then none of the rest is acknowledged.
 */
export async function receiveBatch(reception: Reception, batch: readonly Unwrapped[]): Promise<void> {
  const files = createFetchedFiles(reception);
  for (let rest = batch; rest.length > 0;) {
    const outcome = await reception.withLocks(servicesOf(reception, rest), () =>
      takeBatch(reception, rest, files),
    );
    switch (outcome.kind) {
      case 'taken':
        await settle(reception, rest.slice(0, outcome.count), outcome.ledger);
        rest = rest.slice(outcome.count);
        break;
      case 'needs-files':
        // Not under the locks, and before anything is committed: a text is shown whole, or as one that could not be fetched.
        await files.fetch(outcome.pointers);
        break;
      case 'refused':
        rest = await takeApart(reception, rest);
        break;
      default:
        return assertNever(outcome);
    }
  }
}

type Outcome =
  | { readonly kind: 'taken'; readonly count: number; readonly ledger: Ledger }
  | { readonly kind: 'needs-files'; readonly pointers: readonly AttachmentPointer[] }
  /** Core refuses the commit: something in it is against its rules. */
  | { readonly kind: 'refused' };

/** Whose ratchets a batch may move. */
function servicesOf({ own }: Reception, batch: readonly Unwrapped[]): readonly ServiceId[] {
  const senders = batch.flatMap((one) => (one.kind === 'unsealed' ? [one.unsealed.from.service] : []));
  return [...new Set([own.service, ...senders])];
}

async function takeBatch(
  reception: Reception,
  batch: readonly Unwrapped[],
  files: FileStore,
): Promise<Outcome> {
  const { context } = reception;
  for (let attempt = 0; attempt < CONFLICT_TRIES; attempt++) {
    const { receiving, count, needed } = await openBatch(reception, batch, files);
    if (needed.length > 0) return { kind: 'needs-files', pointers: needed };
    const { work, ledger } = receiving;
    tellArrivals(receiving);
    const forecasts = await forecastsOf(receiving);
    let result: CommitResult;
    try {
      result = await commit(context, commitOf(work, ledger, forecasts));
    } catch (error) {
      if (!['bad-request', 'refused'].includes(kindOf(error))) throw error;
      context.log('commit-refused', { kind: kindOf(error), deliveries: batch.length });
      return { kind: 'refused' };
    }
    if (result.ok) return { kind: 'taken', count, ledger };
    if (result.why !== 'conflict') throw new CommitFault(result.why);
  }
  throw new CommitFault('conflict');
}

/** Opens one delivery after the other over one unit of work, until there is enough for a commit. */
async function openBatch(
  reception: Reception,
  batch: readonly Unwrapped[],
  files: FileStore,
): Promise<{
  readonly receiving: Receiving;
  readonly count: number;
  readonly needed: readonly AttachmentPointer[];
}> {
  const receiving = receivingOn(reception, createWork(reception.context.view), files);
  const { ledger } = receiving;
  const needed: AttachmentPointer[] = [];
  const seen = new Set<EnvelopeKey>();
  let count = 0;
  await stateLost(receiving);
  for (const one of batch) {
    if (ledger.changes.length >= ENOUGH_CHANGES) break;
    count += 1;
    // The server gave it twice: its outcome is settled above, and must not be replaced.
    if (seen.has(one.delivery.key)) continue;
    seen.add(one.delivery.key);
    try {
      await takeOne(receiving, one);
    } catch (error) {
      if (!(error instanceof FileNeeded)) throw error;
      needed.push(error.pointer);
    }
  }
  return { receiving, count, needed };
}

function receivingOn(reception: Reception, work: Work, fetched: FileStore): Receiving {
  const { context, engine, own } = reception;
  return {
    account: context.account,
    own,
    engine,
    work,
    ledger: createLedger(),
    // One moment for the whole batch: what it is judged by is judged once.
    now: context.now(),
    log: context.log,
    files: context.files,
    reception,
    fetched,
  };
}

/** One delivery. Whatever goes wrong with it, what it wrote is dropped and it is set aside. */
async function takeOne(receiving: Receiving, one: Unwrapped): Promise<void> {
  const point = receiving.work.savepoint();
  const ledger = createLedger();
  try {
    await takeUnwrapped({ ...receiving, ledger }, one);
    addLedger(receiving.ledger, ledger);
    point.keep();
  } catch (error) {
    point.drop();
    if (error instanceof FileNeeded || isCoreGone(error)) throw error;
    const aside = createLedger();
    const from = one.kind === 'unsealed' ? one.unsealed : null;
    await setAside({ ...receiving, ledger: aside }, one, from, 'fault', error);
    addLedger(receiving.ledger, aside);
  }
}

/** Errors of the pipe to core and of its disk are no fault of an envelope. */
function isCoreGone(error: unknown): boolean {
  return ['gone', 'io', 'disk-full', 'cancelled', 'read-only'].includes(kindOf(error));
}

async function takeUnwrapped(receiving: Receiving, one: Unwrapped): Promise<void> {
  const { delivery } = one;
  switch (one.kind) {
    case 'unsealed':
      return takeUnsealed(receiving, one);
    case 'receipt':
      return takeServerReceipt(receiving, delivery, one.receipt);
    case 'refused':
      // Sealed by this very device: an echo, and no news.
      return one.why === 'own-message' ? consumed(receiving, one) : refuse(receiving, one, one.why);
    case 'malformed':
      return refuse(receiving, one, 'malformed');
    case 'deadly':
      return setAside(receiving, one, one.claimed, 'ended-the-program', null);
    default:
      return assertNever(one);
  }
}

async function takeUnsealed(
  receiving: Receiving,
  { delivery, unsealed }: Extract<Unwrapped, { readonly kind: 'unsealed' }>,
): Promise<void> {
  const { engine, work, ledger, own, now } = receiving;
  const { from } = unsealed;
  if (!isAci(from.service)) return refuse(receiving, { delivery }, 'sender');
  if (from.service === own.service && from.device === own.device) return consumed(receiving, { delivery });
  const before = work.savepoint();
  const opened = await engine.open(unsealed, work, now);
  if (opened.kind === 'duplicate') {
    before.drop();
    ledger.inbound.push({ kind: 'duplicate', envelope: delivery.key });
    return;
  }
  if (opened.kind === 'refused') {
    before.drop();
    return takeUnopened(receiving, delivery, unsealed, opened);
  }
  const isMine = from.service === own.service;
  const isProven = unsealed.type !== 'plaintext';
  if (isProven) ledger.moved.add(from.service);
  const trust = isProven && !isMine ? await meetSender(receiving, opened) : ({ kind: 'unchecked' } as const);
  if (isProven) await noteOpened(work, from, unsealed.sentAt);
  // The ratchet has moved and stays so, whatever the content is.
  const inside = work.savepoint();
  const content = createLedger();
  try {
    await takeOpened({ ...receiving, ledger: content }, { delivery, unsealed, opened, trust });
    addLedger(ledger, content);
    inside.keep();
  } catch (error) {
    inside.drop();
    if (error instanceof FileNeeded || isCoreGone(error)) throw error;
    const kept = { delivery: { ...delivery, raw: opened.plaintext } };
    await setAside(receiving, kept, isProven ? unsealed : null, 'content', error);
  }
}

/** Keeps what cannot be taken in; the conversation of its sender says that something could not be opened. */
async function setAside(
  receiving: Receiving,
  { delivery }: Pick<Unwrapped, 'delivery'>,
  from: Pick<Unsealed, 'from' | 'sentAt'> | null,
  why: string,
  error: unknown,
): Promise<void> {
  receiving.log('envelope-set-aside', { why, kind: error === null ? 'none' : kindOf(error) });
  receiving.ledger.inbound.push({ kind: 'quarantined', envelope: delivery.key, raw: delivery.raw, why });
  // What is known of them does not read: they alone are stopped by it.
  if (from !== null && kindOf(error) !== 'corrupt') await stateUnopened(receiving, from.from, from.sentAt);
}

/** One receipt per conversation for all that arrived; core lets it go where the other side is a stranger. */
function tellArrivals({ ledger, reception }: Receiving): void {
  for (const [conversation, of] of ledger.arrived) {
    const sentAt = reception.stamp();
    const key = newNetworkKey('signal', sentAt);
    ledger.enqueue.push({
      conversation,
      sentAt,
      what: { kind: 'receipt', key, of, as: 'delivered', tell: true },
    });
  }
}

async function forecastsOf({ account, engine, work, ledger, now }: Receiving) {
  const forecasts = [];
  for (const service of ledger.moved) {
    if (!(await readPeer(work, service))?.conversation) continue;
    const facts = await engine.forecast(service, work, now);
    forecasts.push({ conversation: conversationWith(account, service), facts, hold: null });
  }
  return forecasts;
}

/** The commit stands: the server is told, and whoever waits for it. */
async function settle(reception: Reception, batch: readonly Unwrapped[], ledger: Ledger): Promise<void> {
  const { context, own, profileNames } = reception;
  await context.crashPoint('lane.before-acknowledge');
  for (const { delivery } of batch) delivery.acknowledge();
  await context.crashPoint('lane.after-acknowledge');
  for (const run of ledger.after) run();
  for (const service of ledger.moved) if (service !== own.service) profileNames.want(service);
}

/**
 * Core refuses what a batch makes: each delivery is taken alone, and the one that it refuses by itself is kept and takes no
 * part. Gives what is left to take in.
 */
async function takeApart(reception: Reception, batch: readonly Unwrapped[]): Promise<readonly Unwrapped[]> {
  const [first, ...others] = batch;
  if (first === undefined) return [];
  if (others.length > 0) {
    for (const one of batch) await receiveBatch(reception, [one]);
    return [];
  }
  const { key, raw } = first.delivery;
  const ledger = createLedger();
  ledger.inbound.push({ kind: 'quarantined', envelope: key, raw, why: 'refused-by-core' });
  const result = await commit(reception.context, commitOf(createWork(reception.context.view), ledger, []));
  if (!result.ok) throw new CommitFault(result.why);
  await settle(reception, batch, ledger);
  return [];
}
