import { SessionRecord } from '@signalapp/libsignal-client';
import { PlainsealError } from '../../shared/errors.ts';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import type { Device, Local } from './address.ts';
import { unshared } from './unshared.ts';

/** What the last message of a session proved of its keys; never set for anything else. */
export type Proven = 'nothing' | 'handshake' | 'ongoing';

/** A session as it is kept: libsignal's record, and what the record does not tell. */
export interface Session {
  readonly record: SessionRecord;
  readonly registrationId: number;
  readonly proven: Proven;
  /** When the other side last answered with a new ratchet key, else when the session was made. */
  readonly turnedAt: Millis;
  /** The ratchet key my last message was sealed under, until the other side has answered it. 33 bytes. */
  readonly ownRatchet: Uint8Array | null;
}

/*
 * How it is stored: a byte for the form, one for what is proven, the registration id (4 bytes), the time (8 bytes, a float), the own
 * ratchet key (33 bytes, zeroes for none), libsignal's record. Numbers are big-endian.
 */
const FORM = 1;
const REGISTRATION_AT = 2;
const TURNED_AT = 6;
const RATCHET_AT = 14;
const RATCHET_BYTES = 33;
const RECORD_AT = RATCHET_AT + RATCHET_BYTES;
const provenNames: readonly Proven[] = ['nothing', 'handshake', 'ongoing'];

/** Where the sessions of one of my identities lie. */
export const sessionSpace = (local: Local): string => `session/${local}`;

export const sessionKey = (local: Local, { service, device }: Device): StateKey => ({
  space: sessionSpace(local),
  key: `${service}.${device}`,
});

/**
 * The records that stored bytes stand for. A record is found under the very array that was read or written, so it never outlives it:
 * a dropped savepoint brings back the array, and with it the record, that stood before.
 */
const records = new WeakMap<Uint8Array, SessionRecord>();

function recordOf(bytes: Uint8Array): SessionRecord {
  const known = records.get(bytes);
  if (known) return known;
  const record = SessionRecord.deserialize(unshared(bytes.subarray(RECORD_AT)));
  records.set(bytes, record);
  return record;
}

/** Reads what {@link writeSession} wrote. @throws PlainsealError `corrupt` for anything else. */
export function decodeSession(bytes: Uint8Array): Session {
  const [form, proof = 0] = bytes;
  const proven = provenNames[proof];
  if (form !== FORM || proven === undefined || bytes.length <= RECORD_AT) throw corrupt();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ratchet = bytes.subarray(RATCHET_AT, RECORD_AT);
  let record: SessionRecord;
  try {
    record = recordOf(bytes);
  } catch (cause) {
    throw corrupt(cause);
  }
  return {
    record,
    registrationId: view.getUint32(REGISTRATION_AT),
    proven,
    turnedAt: view.getFloat64(TURNED_AT),
    ownRatchet: ratchet[0] === 0 ? null : ratchet,
  };
}

const corrupt = (cause?: unknown): PlainsealError =>
  new PlainsealError('corrupt', 'a session does not read', { cause });

/** The session with a device, or null. @throws PlainsealError `corrupt`. */
export async function readSession(
  work: Pick<Work, 'get'>,
  local: Local,
  device: Device,
): Promise<Session | null> {
  const bytes = await work.get(sessionKey(local, device));
  return bytes === null ? null : decodeSession(bytes);
}

/** Writes a session. It must have been read through the same work before. */
export function writeSession(work: Work, local: Local, device: Device, session: Session): void {
  const { record, registrationId, proven, turnedAt, ownRatchet } = session;
  const serialized = record.serialize();
  const bytes = new Uint8Array(RECORD_AT + serialized.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = FORM;
  bytes[1] = provenNames.indexOf(proven);
  view.setUint32(REGISTRATION_AT, registrationId);
  view.setFloat64(TURNED_AT, turnedAt);
  if (ownRatchet !== null) bytes.set(ownRatchet, RATCHET_AT);
  bytes.set(serialized, RECORD_AT);
  records.set(bytes, record);
  work.put(sessionKey(local, device), bytes);
}

/** The session with its current ratchet put away: it opens what is under way, and seals nothing any more. */
export function archived(session: Session): Session {
  // The record may stand for stored bytes; it is changed in place, so on a copy.
  const record = SessionRecord.deserialize(session.record.serialize());
  record.archiveCurrentState();
  return { ...session, record, proven: 'nothing', ownRatchet: null };
}
