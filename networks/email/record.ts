import * as v from 'valibot';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { PlainsealError } from '../../shared/errors.ts';

/** Turns a value into a state cell and back; JSON in UTF-8. */
const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), 'utf8');

/**
 * Reads a JSON record of the lane's state.
 * @throws PlainsealError `corrupt` when the cell holds something else.
 */
export async function readRecord<T>(
  work: Pick<Work, 'get'>,
  key: StateKey,
  schema: v.GenericSchema<unknown, T>,
): Promise<T | null> {
  const bytes = await work.get(key);
  return bytes === null ? null : decodeRecord(bytes, key, schema);
}

/** As {@link readRecord}, for a cell already read. @throws PlainsealError `corrupt`. */
export function decodeRecord<T>(bytes: Uint8Array, key: StateKey, schema: v.GenericSchema<unknown, T>): T {
  try {
    return v.parse(schema, JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw new PlainsealError('corrupt', `lane state ${key.space} does not read`, { cause: error });
  }
}

/** Writes a JSON record; null removes it. The cell must have been read through the same work before. */
export function writeRecord(work: Work, key: StateKey, value: object | null): void {
  work.put(key, value === null ? null : encode(value));
}
