import * as v from 'valibot';
import { PlainsealError } from '../../shared/errors.ts';
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

/**
 * What stored bytes say, by the very array that was read: records are read for every message and changed seldom. Its value is nobody's
 * to change.
 */
const decoded = new WeakMap<Uint8Array, { readonly schema: unknown; readonly value: unknown }>();

/** As {@link readCell}, for a cell already read. @throws PlainsealError `corrupt`. */
export function decodeCell<T>(bytes: Uint8Array, key: StateKey, schema: v.GenericSchema<unknown, T>): T {
  const known = decoded.get(bytes);
  if (known?.schema === schema) return known.value as T;
  try {
    const value = v.parse(schema, decodeFrame(bytes));
    decoded.set(bytes, { schema, value });
    return value;
  } catch (cause) {
    throw new PlainsealError('corrupt', `lane state ${key.space} does not read`, { cause });
  }
}

/** Writes a record; null removes it. The cell must have been read through the same work before. */
export function writeCell(work: Work, key: StateKey, value: object | null): void {
  work.put(key, value === null ? null : encodeFrame(value));
}
