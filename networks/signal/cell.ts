import * as v from 'valibot';
import { PlainsealError } from '../../shared/errors.ts';
import { decodedOnce } from '../../shared/lane/decoded.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { decodeFrame, encodeFrame } from '../../shared/wire/codec.ts';

/**
 * Reads a record of the lane's state (MessagePack, since Signal's records hold keys and ciphertext).
 * @throws PlainsealError `corrupt` when the cell holds something else.
 */
export async function readCell<T>(
  work: Pick<Work, 'get'>,
  key: StateKey,
  schema: v.GenericSchema<unknown, T>,
): Promise<T | null> {
  const bytes = await work.get(key);
  return bytes === null ? null : decodeCell(bytes, key, schema);
}

/** As {@link readCell}, for a cell already read. @throws PlainsealError `corrupt`. */
export function decodeCell<T>(bytes: Uint8Array, key: StateKey, schema: v.GenericSchema<unknown, T>): T {
  try {
    return decodedOnce(bytes, schema, () => v.parse(schema, decodeFrame(bytes)));
  } catch (cause) {
    throw new PlainsealError('corrupt', `lane state ${key.space} does not read`, { cause });
  }
}

/** Writes a record; null removes it. The cell must have been read through the same work before. */
export function writeCell(work: Work, key: StateKey, value: object | null): void {
  work.put(key, value === null ? null : encodeFrame(value));
}
