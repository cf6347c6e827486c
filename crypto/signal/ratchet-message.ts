import { SignalMessage } from '@signalapp/libsignal-client';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Proven } from './session-cell.ts';
import { unshared } from './unshared.ts';

/*
 * libsignal's wire format: a byte with two version numbers, a protobuf, and for a ratchet message a MAC. A prekey message carries a
 * whole ratchet message in its field 4; a ratchet message its sender's ratchet key in field 1.
 */
const VERSION_BYTES = 1;
const MAC_BYTES = 8;
const RATCHET_KEY_FIELD = 1;
const MESSAGE_FIELD = 4;
/** PQXDH began with it; libsignal makes no sessions of older ones any more. */
const PQXDH_VERSION = 4;

/** The version a message says it is of, in its first byte's upper half. */
export const versionOf = (message: Uint8Array): number => (message[0] ?? 0) >> 4;

/** Whether a message is of a version before {@link PQXDH_VERSION}. */
export const isOld = (message: Uint8Array): boolean =>
  message.length > 0 && versionOf(message) < PQXDH_VERSION;

/** The ratchet message inside a prekey message; null where there is none. */
export const innerOf = (prekeyMessage: Uint8Array): Uint8Array | null =>
  bytesField(prekeyMessage.subarray(VERSION_BYTES), MESSAGE_FIELD);

/** The ratchet key a ratchet message was sealed under, 33 bytes; null where it names none. */
export const ratchetKeyOf = (message: Uint8Array): Uint8Array | null =>
  bytesField(message.subarray(VERSION_BYTES, -MAC_BYTES), RATCHET_KEY_FIELD);

/** The last value of a field of bytes, as protobuf has it; null where there is none, or where the bytes are no protobuf. */
function bytesField(message: Uint8Array, wanted: number): Uint8Array | null {
  let found: Uint8Array | null = null;
  try {
    const reader = new BinaryReader(message);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === wanted && type === WireType.LengthDelimited) found = reader.bytes();
      else reader.skip(type, field);
    }
  } catch {
    return null;
  }
  return found;
}

/** What a ratchet message shows of the keys it was sealed under. */
export interface Shown {
  /** How many messages were sealed before it since its ratchet key came. */
  readonly step: number;
  readonly proven: Proven;
}

/**
 * Reads a ratchet message that libsignal sealed or opened. Its version is the session's: 4 came with PQXDH; and a post-quantum ratchet
 * that is in use puts its own part into every message.
 */
export function shownBy(message: Uint8Array): Shown {
  return shownByRead(SignalMessage.deserialize(unshared(message)));
}

/** {@link shownBy}, for a message already read. */
export function shownByRead(read: SignalMessage): Shown {
  if (read.messageVersion() < PQXDH_VERSION) return { step: read.counter(), proven: 'nothing' };
  return { step: read.counter(), proven: read.pqRatchet().length > 0 ? 'ongoing' : 'handshake' };
}
