import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Unsealed } from '../../crypto/signal/engine.ts';
import { assertNever } from '../../shared/assert.ts';
import { kindOf } from '../../shared/errors.ts';
import type { EnvelopeKey } from '../../shared/ids.ts';
import type { Commit, Forecast } from '../../shared/lane/commit.ts';
import type { StateView, Work } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { noteArrivals } from './arrivals.ts';
import type { AttachmentPointer } from './codec/content.ts';
import { isAci } from './codec/service-id.ts';
import { meetSender } from './correspondent.ts';
import { takeOpened } from './incoming.ts';
import { takeServerReceipt } from './incoming-receipt.ts';
import { addLedger, commitOf, createLedger, type Ledger } from './ledger.ts';
import { conversationWith } from './names.ts';
import { readPeer } from './peer-record.ts';
import {
  consumed,
  FileNeeded,
  refuse,
  type FetchedFiles,
  type Receiving,
  type Reception,
} from './receiving.ts';
import { noteOpened, stateLost, stateUnopened, takeUnopened } from './unopened.ts';
import type { Unwrapped } from './unwrap.ts';

/** Deliveries of one commit at most, and changes before the rest goes into the next one; core takes 10 000. */
const MAX_DELIVERIES = 100;
const ENOUGH_CHANGES = 4_000;

/** A file that a delivery names, without which it is not taken in. */
export interface Needed {
  readonly pointer: AttachmentPointer;
  readonly of: Unwrapped;
}

/** The first of some deliveries, opened; nothing of it is durable yet. */
export interface Batch {
  readonly deliveries: readonly Unwrapped[];
  readonly commit: Commit;
  readonly ledger: Ledger;
  /** Files to be fetched before it can be taken in, and what names them. */
  readonly needed: readonly Needed[];
}

/** Opens one delivery after the other over one unit of work, until there is enough for a commit. */
export async function openBatch(
  reception: Reception,
  view: StateView,
  from: readonly Unwrapped[],
  files: FetchedFiles,
): Promise<Batch> {
  const receiving = receivingOn(reception, createWork(view), files);
  const { work, ledger } = receiving;
  const needed: Needed[] = [];
  const seen = new Set<EnvelopeKey>();
  let count = 0;
  await stateLost(receiving);
  for (const one of from) {
    if (count === MAX_DELIVERIES || ledger.changes.length >= ENOUGH_CHANGES || ledger.numberChanged) break;
    count += 1;
    // The server gave it twice: its outcome is settled above, and must not be replaced.
    if (seen.has(one.delivery.key)) continue;
    seen.add(one.delivery.key);
    try {
      await takeOne(receiving, one);
    } catch (error) {
      if (!(error instanceof FileNeeded)) throw error;
      needed.push({ pointer: error.pointer, of: one });
    }
  }
  noteArrivals(receiving);
  const commit = commitOf(work, ledger, await forecastsOf(receiving));
  return { deliveries: from.slice(0, count), commit, ledger, needed };
}

function receivingOn(reception: Reception, work: Work, fetched: FetchedFiles): Receiving {
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
    hasRoom: context.hasRoom,
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
  if (!(await isRoomFor(receiving, from.service, delivery.raw.length))) {
    const conversation = conversationWith(receiving.account, from.service);
    ledger.inbound.push({ kind: 'not-kept', envelope: delivery.key, conversation });
    return;
  }
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
  before.keep();
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

/** Whether core keeps something of a sender. Asked of whoever was not accepted, before anything of theirs is opened: a request is bounded too. */
async function isRoomFor(
  { account, own, work, hasRoom }: Receiving,
  service: ServiceId,
  bytes: number,
): Promise<boolean> {
  if (service === own.service) return true;
  if ((await readPeer(work, service))?.accepted === true) return true;
  return hasRoom(conversationWith(account, service), bytes);
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

async function forecastsOf({ account, engine, work, ledger, now }: Receiving): Promise<readonly Forecast[]> {
  const forecasts: Forecast[] = [];
  for (const service of ledger.moved) {
    if (!(await readPeer(work, service))?.conversation) continue;
    const facts = await engine.forecast(service, work, now);
    forecasts.push({ conversation: conversationWith(account, service), facts, hold: null });
  }
  return forecasts;
}
