import * as v from 'valibot';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { IdentityKey } from '../../crypto/signal/engine.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Timer } from '../../shared/lane/intent.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { list, shape, text, time } from '../../shared/shape.ts';
import { decodeCell, readCell, writeCell } from './cell.ts';

/*
 * peer/<service id>   what this lane has told core of somebody, and what my phone says of them; core knows everybody who has one
 */

export interface PeerRecord {
  /** As my phone's list has them. */
  readonly number: string | null;
  readonly name: string | null;
  /** I accepted them, here or on my phone, or it has them in its list: what they write is no request. */
  readonly accepted: boolean;
  /** Core knows a conversation with them. */
  readonly conversation: boolean;
  /** The identity core was told; null before there was any. */
  readonly identity: IdentityKey | null;
  /** When another of my devices said that this very identity was compared. */
  readonly checkedAt: Millis | null;
  /** Devices seen under this identity. */
  readonly devices: readonly number[];
  /** The timer of the conversation as far as it is known; null: nobody ever set one. */
  readonly timer: Timer | null;
}

export const unknownPeer: PeerRecord = {
  number: null,
  name: null,
  accepted: false,
  conversation: false,
  identity: null,
  checkedAt: null,
  devices: [],
  timer: null,
};

const schema = shape<PeerRecord>(
  v.strictObject({
    number: v.nullable(text(32)),
    name: v.nullable(text(500)),
    accepted: v.boolean(),
    conversation: v.boolean(),
    identity: v.nullable(text(512)),
    checkedAt: v.nullable(time),
    devices: list(v.number()),
    timer: v.nullable(v.strictObject({ ms: v.nullable(time), version: time })),
  }),
);

const cellOf = (service: ServiceId): StateKey => ({ space: 'peer', key: service });

export function readPeer(work: Pick<Work, 'get'>, service: ServiceId): Promise<PeerRecord | null> {
  return readCell(work, cellOf(service), schema);
}

/** A peer's cell that was read in a scan. @throws PlainsealError `corrupt`. */
export function decodePeer(bytes: Uint8Array, key: StateKey): PeerRecord {
  return decodeCell(bytes, key, schema);
}

/** Writes a peer that was read through the same work. */
export function writePeer(work: Work, service: ServiceId, peer: PeerRecord): void {
  writeCell(work, cellOf(service), peer);
}

/**
 * Notes the timer a message carries. Of two timers the higher version stands; without any a first one counts as soon as it says
 * something. Null when it is not news.
 */
export function newerTimer(known: Timer | null, told: Timer): Timer | null {
  if (known === null) return told.ms !== null || told.version > 0 ? told : null;
  return told.version > known.version ? told : null;
}

/** Notes a timer that I set: the other side's messages carry it from now on, which is no news then. */
export async function noteOwnTimer(work: Work, service: ServiceId, timer: Timer): Promise<void> {
  const known = await readPeer(work, service);
  if (known !== null && newerTimer(known.timer, timer) !== null)
    writePeer(work, service, { ...known, timer });
}
