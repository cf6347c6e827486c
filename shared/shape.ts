import * as v from 'valibot';

// Building blocks of the border checks. A schema is given the type it checks for by hand: the types come first, in files of their
// own, and the compiler holds the two together where they meet.

/** Most entries of one list that comes over a border. */
export const MAX_LIST = 10_000;

/** Gives a schema the type it checks for. */
export const shape = <T>(schema: unknown): v.GenericSchema<unknown, T> =>
  schema as v.GenericSchema<unknown, T>;

/** A list of bounded length. */
export const list = <T>(item: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T[]> =>
  shape(v.pipe(v.array(item), v.maxLength(MAX_LIST)));

/** Text of at most `max` UTF-16 units. */
export const text = (max: number) => v.pipe(v.string(), v.maxLength(max));

/** At most `max` bytes. */
export const bytes = (max: number) =>
  v.pipe(
    v.instance(Uint8Array),
    v.check((value) => value.byteLength <= max),
  );

/** Epoch milliseconds, or any count. */
export const time = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
