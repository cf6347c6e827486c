import * as v from 'valibot';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { ContentHint, IdentityKey } from '../../crypto/signal/engine.ts';
import type { Millis, OutboxId } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import { evidenceSchema } from '../../shared/label/schema.ts';
import { knownDecoded } from '../../shared/lane/decoded.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { list, shape, text, time } from '../../shared/shape.ts';
import { encodeFrame } from '../../shared/wire/codec.ts';
import { readCell, writeCell } from './cell.ts';

/*
 * What was sealed is kept for a while, so that a device that could not open it may ask for it again:
 *   sent/<service id>/<time>   one content
 *   sent-at/<service id>       which there are, oldest first
 */

/** One content as it was sealed for a service id. */
export interface SentRecord {
  readonly item: OutboxId;
  /** A `Content`, encoded. */
  readonly content: Uint8Array;
  readonly hint: ContentHint;
  /** The identity it was sealed for; it is given to no other. */
  readonly identity: IdentityKey;
  readonly devices: readonly number[];
  /** Until the outcome is known: a fallback to unsealed sending, or one more device, changes it. */
  readonly evidence: Evidence | null;
  /** How often it was given again. */
  readonly resends: number;
  readonly expiresAt: Millis;
}

/** Signal Desktop keeps as long: a device that has not asked by then has other troubles. */
export const SENT_FOR_MS = 14 * 24 * 60 * 60 * 1_000;
/** Contents kept per service id. */
export const MAX_SENT = 100;

const recordSchema = shape<SentRecord>(
  v.strictObject({
    item: v.string(),
    content: v.instance(Uint8Array),
    hint: v.picklist(['default', 'resendable', 'implicit']),
    identity: text(512),
    devices: list(v.number()),
    evidence: v.nullable(evidenceSchema),
    resends: time,
    expiresAt: time,
  }),
);
type Times = readonly (readonly [sentAt: Millis, expiresAt: Millis])[];
/**
 * Each as its difference from the one before, in what it was sent at and in how long it is kept: the list is written with every message, and so
 * it is some 500 bytes and not 2 000.
 */
const difference = v.pipe(v.number(), v.safeInteger());
const timesSchema = v.pipe(
  v.array(v.strictTuple([difference, difference])),
  v.transform((differences): Times => unpacked(differences)),
);

function packed(times: Times): readonly (readonly [number, number])[] {
  let [sentBefore, keptBefore] = [0, 0];
  return times.map(([sentAt, expiresAt]) => {
    const kept = expiresAt - sentAt;
    const differences = [sentAt - sentBefore, kept - keptBefore] as const;
    [sentBefore, keptBefore] = [sentAt, kept];
    return differences;
  });
}

function unpacked(differences: readonly (readonly [number, number])[]): Times {
  let [sentAt, kept] = [0, 0];
  return differences.map(([sent, longer]) => {
    sentAt += sent;
    kept += longer;
    return [sentAt, sentAt + kept];
  });
}

const TIMES = 'sent-at';
/** Where the lists were before, in two forms that cannot be told apart. What they name is let go of. */
const OLDER_TIMES = 'sent-times';
const RECORDS = 'sent';
const recordCell = (service: ServiceId, sentAt: Millis): StateKey => ({
  space: RECORDS,
  key: `${service}/${sentAt}`,
});
const timesCell = (service: ServiceId): StateKey => ({ space: TIMES, key: service });

/** What was sent to a service id at a time; null where nothing is kept of it. */
export async function readSent(
  work: Pick<Work, 'get'>,
  service: ServiceId,
  sentAt: Millis,
  now: Millis,
): Promise<SentRecord | null> {
  if (!hasTime(await timesOf(work, service), sentAt)) return null;
  const record = await readCell(work, recordCell(service, sentAt), recordSchema);
  return record !== null && record.expiresAt > now ? record : null;
}

/** The list of times says which records there are: of a message that was not sent before nothing is asked of core. */
const timesOf = async (work: Pick<Work, 'get'>, service: ServiceId): Promise<Times> =>
  (await readCell(work, timesCell(service), timesSchema)) ?? [];

const hasTime = (times: Times, sentAt: Millis): boolean => times.some(([at]) => at === sentAt);

/** Keeps what was sent, in place of what is kept under the same time; lets go of what is over, and of the oldest beyond {@link MAX_SENT}. */
export async function writeSent(
  work: Work,
  service: ServiceId,
  sentAt: Millis,
  record: SentRecord,
  now: Millis,
): Promise<void> {
  const cell = recordCell(service, sentAt);
  const times = await timesOf(work, service);
  if (hasTime(times, sentAt)) await work.get(cell);
  writeCell(work, cell, record);
  const others = times.filter(([at]) => at !== sentAt);
  await keepTimes(work, service, [...others, [sentAt, record.expiresAt]], now);
}

/** Lets go of what was sent at a time. */
export async function forgetSent(work: Work, service: ServiceId, sentAt: Millis): Promise<void> {
  const times = await timesOf(work, service);
  if (!hasTime(times, sentAt)) return;
  await removeRecord(work, service, sentAt);
  writeTimes(
    work,
    service,
    times.filter(([at]) => at !== sentAt),
  );
}

/** Lets go of what is over of a service id; gives when the next of it is, null for nothing. */
export async function sweepSent(work: Work, service: ServiceId, now: Millis): Promise<Millis | null> {
  const times = await timesOf(work, service);
  const left = times.filter(([, expiresAt]) => expiresAt > now);
  if (left.length < times.length) await keepTimes(work, service, times, now);
  return left.length === 0 ? null : Math.min(...left.map(([, expiresAt]) => expiresAt));
}

/** The service ids of which anything is kept. */
export async function keptServices(work: Pick<Work, 'scan'>): Promise<readonly ServiceId[]> {
  return (await work.scan(TIMES, '')).map(([{ key }]) => key as ServiceId);
}

/** The service ids of which a list of an earlier version is left. */
export async function olderServices(work: Pick<Work, 'scan'>): Promise<readonly ServiceId[]> {
  return (await work.scan(OLDER_TIMES, '')).map(([{ key }]) => key as ServiceId);
}

/** Lets go of what an earlier version kept of a service id, and of its list. */
export async function forgetOlder(work: Work, service: ServiceId): Promise<void> {
  const times = await timesOf(work, service);
  for (const [{ key }] of await work.scan(RECORDS, `${service}/`)) {
    const sentAt = Number(key.slice(service.length + 1));
    if (!hasTime(times, sentAt)) await removeRecord(work, service, sentAt);
  }
  const older = { space: OLDER_TIMES, key: service };
  await work.get(older);
  writeCell(work, older, null);
}

async function keepTimes(work: Work, service: ServiceId, times: Times, now: Millis): Promise<void> {
  const kept = times.filter(([, expiresAt]) => expiresAt > now).slice(-MAX_SENT);
  for (const known of times) if (!kept.includes(known)) await removeRecord(work, service, known[0]);
  writeTimes(work, service, kept);
}

function writeTimes(work: Work, service: ServiceId, times: Times): void {
  const cell = timesCell(service);
  if (times.length === 0) return writeCell(work, cell, null);
  // Read again with the next message.
  work.put(cell, knownDecoded(encodeFrame(packed(times)), timesSchema, times));
}

async function removeRecord(work: Work, service: ServiceId, sentAt: Millis): Promise<void> {
  const cell = recordCell(service, sentAt);
  // A removal names the version it removes, as any write.
  await work.get(cell);
  writeCell(work, cell, null);
}
