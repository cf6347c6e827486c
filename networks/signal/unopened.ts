import * as v from 'valibot';
import type { Device, ServiceId } from '../../crypto/signal/address.ts';
import type { Refusal, Unsealed } from '../../crypto/signal/engine.ts';
import { kindOf } from '../../shared/errors.ts';
import type { Millis, NetworkKey } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { list, shape, text, time } from '../../shared/shape.ts';
import { readCell, writeCell } from './cell.ts';
import { errandIntent } from './errand.ts';
import { conversationWith } from './names.ts';
import { readPeer } from './peer-record.ts';
import type { Receiving } from './receiving.ts';
import type { Delivery } from './service/service.ts';

/*
 * lost/asked   what could not be opened, and was asked for again
 */

/** A message that did not open. */
interface Asked {
  readonly service: ServiceId;
  readonly device: number;
  readonly sentAt: Millis;
  readonly askedAt: Millis;
  /** Its conversation says so already, or there is nothing to say. */
  readonly stated: boolean;
}

/** A device that still has a message gives it again at once; after this long it will not come any more. */
export const LOST_AFTER_MS: Millis = 60 * 60 * 1_000;
/** How long it is remembered that a message was asked for. */
const REMEMBERED_FOR_MS: Millis = 14 * 24 * 60 * 60 * 1_000;
/** Most that is asked for at one time, of one device and of all: whoever forges envelopes must not make us write letters. */
const MAX_ASKED_OF_DEVICE = 10;
const MAX_ASKED = 200;
/** Most that is remembered, the newest. */
const MAX_REMEMBERED = 1_000;

const ASKED: StateKey = { space: 'lost', key: 'asked' };
const schema = shape<readonly Asked[]>(
  list(
    v.strictObject({
      service: text(64),
      device: v.number(),
      sentAt: time,
      askedAt: time,
      stated: v.boolean(),
    }),
  ),
);

/** One that does not read is begun anew: nothing of it is worth stopping everything else for. */
async function readAsked(work: Pick<Work, 'get'>): Promise<readonly Asked[]> {
  try {
    return (await readCell(work, ASKED, schema)) ?? [];
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error;
    return [];
  }
}

const writeAsked = (work: Work, asked: readonly Asked[]): void =>
  writeCell(work, ASKED, asked.length === 0 ? null : asked);

const isOf =
  ({ service, device }: Device, sentAt: Millis) =>
  (one: Asked): boolean =>
    one.service === service && one.device === device && one.sentAt === sentAt;

/** What the engine says of an envelope that it does not open. */
export interface Refused {
  readonly why: Refusal;
  /** Asks the sender to send it again; null where that is of no use. */
  readonly retry: Uint8Array | null;
}

/**
 * Settles an envelope of a known sender that does not open: it is asked for again, once; where asking is of no use the
 * conversation says that something could not be opened.
 */
export async function takeUnopened(
  receiving: Receiving,
  delivery: Pick<Delivery, 'key' | 'raw'>,
  unsealed: Unsealed,
  { why, retry }: Refused,
): Promise<void> {
  const { ledger, log } = receiving;
  const asked = retry === null ? 'no-use' : await ask(receiving, unsealed, retry);
  log('envelope-not-opened', { why, asked });
  ledger.inbound.push({ kind: 'quarantined', envelope: delivery.key, raw: delivery.raw, why });
  if (asked === 'asked' || isMissedByNobody(unsealed)) return;
  await stateUnopened(receiving, unsealed.from, unsealed.sentAt);
}

/** Receipts and typing notices are, and messages of groups have no conversation here yet. */
const isMissedByNobody = ({ hint, group }: Unsealed): boolean => hint === 'implicit' || group !== null;

async function ask(
  { account, work, ledger, now, reception }: Receiving,
  unsealed: Unsealed,
  retry: Uint8Array,
): Promise<'asked' | 'asked-before' | 'too-many'> {
  const { from, sentAt } = unsealed;
  const all = await readAsked(work);
  const before = all.find(isOf(from, sentAt));
  if (before !== undefined) {
    writeAsked(
      work,
      all.map((one) => (one === before ? { ...one, stated: true } : one)),
    );
    return 'asked-before';
  }
  const recent = all.filter(({ askedAt }) => askedAt + LOST_AFTER_MS > now);
  const ofDevice = recent.filter(({ service, device }) => service === from.service && device === from.device);
  if (ofDevice.length >= MAX_ASKED_OF_DEVICE || recent.length >= MAX_ASKED) return 'too-many';
  const { service, device } = from;
  const asked = { service, device, sentAt, askedAt: now, stated: isMissedByNobody(unsealed) };
  writeAsked(work, [...all, asked].slice(-MAX_REMEMBERED));
  const known = (await readPeer(work, service))?.conversation ?? false;
  const conversation = known ? conversationWith(account, service) : null;
  const errand = { op: 'retry-request', to: from, content: retry } as const;
  ledger.enqueue.push(errandIntent(errand, reception.stamp(), conversation));
  return 'asked';
}

/** The conversation of a sender, if there is one, says that something of theirs could not be opened. */
export async function stateUnopened(
  { account, work, ledger, now }: Pick<Receiving, 'account' | 'work' | 'ledger' | 'now'>,
  from: Device,
  sentAt: Millis,
): Promise<void> {
  if (!(await readPeer(work, from.service))?.conversation) return;
  ledger.changes.push({
    kind: 'note',
    conversation: conversationWith(account, from.service),
    key: `not-opened:${from.service}.${from.device}:${sentAt}` as NetworkKey,
    code: 'not-opened',
    at: now,
  });
}

/** A message opened: if it had been asked for, it is not lost. */
export async function noteOpened(work: Work, from: Device, sentAt: Millis): Promise<void> {
  if ((await work.get(ASKED)) === null) return;
  const asked = await readAsked(work);
  const left = asked.filter((one) => !isOf(from, sentAt)(one));
  if (left.length < asked.length) writeAsked(work, left);
}

/** States what was asked for and has not come, and forgets what is long past. */
export async function stateLost(
  receiving: Pick<Receiving, 'account' | 'work' | 'ledger' | 'now'>,
): Promise<void> {
  const { work, now } = receiving;
  const asked = await readAsked(work);
  const due = asked.filter(({ stated, askedAt }) => !stated && askedAt + LOST_AFTER_MS <= now);
  const old = asked.filter(({ askedAt }) => askedAt + REMEMBERED_FOR_MS <= now);
  if (due.length === 0 && old.length === 0) return;
  for (const { service, device, sentAt } of due) await stateUnopened(receiving, { service, device }, sentAt);
  writeAsked(
    work,
    asked
      .filter((one) => !old.includes(one))
      .map((one) => (due.includes(one) ? { ...one, stated: true } : one)),
  );
}
