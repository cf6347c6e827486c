import * as v from 'valibot';
import { PlainsealError } from '../../shared/errors.ts';
import { decodedOnce } from '../../shared/lane/decoded.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { decodeFrame, encodeFrame } from '../../shared/wire/codec.ts';
import { isHex } from './hex.ts';
import { readRelayUrl, type RelayUrl } from './relay-url.ts';

/** 32 bytes in hex: the id of an event, an account, the name of a group. */
export const hexId = <T extends string>() => v.custom<T>((value) => isHex(value, 32));

/** The address of a relay. */
export const relayUrl = v.custom<RelayUrl>((value) => readRelayUrl(value) !== null);

/** Reads a record of the lane's state (MessagePack). Throws `corrupt` without the cause: what does not read may hold a key. */
export function decodeCell<T>(bytes: Uint8Array, key: StateKey, schema: v.GenericSchema<unknown, T>): T {
  return decodedOnce(bytes, schema, () => {
    const read = v.safeParse(schema, decoded(bytes));
    if (!read.success) throw new PlainsealError('corrupt', `lane state ${key.space} does not read`);
    return read.output;
  });
}

function decoded(bytes: Uint8Array): unknown {
  try {
    return decodeFrame(bytes);
  } catch {
    return undefined;
  }
}

/** As {@link decodeCell}, for a cell still to be read; null when it does not exist. */
export async function readCell<T>(
  work: Pick<Work, 'get'>,
  key: StateKey,
  schema: v.GenericSchema<unknown, T>,
): Promise<T | null> {
  const bytes = await work.get(key);
  return bytes === null ? null : decodeCell(bytes, key, schema);
}

/** Writes a record; null removes it. The cell must have been read through the same work before. */
export function writeCell(work: Work, key: StateKey, value: object | null): void {
  work.put(key, value === null ? null : encodeFrame(value));
}

/** Removes a cell if it is there: what is not there is not written, so that core has nothing to compare. */
export async function removeCell(work: Work, key: StateKey): Promise<void> {
  if ((await work.get(key)) !== null) work.put(key, null);
}
