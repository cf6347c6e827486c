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

/**
 * One of several shapes, chosen by the text in one of their members: `options` by that text. Looked up at once, where `v.variant`
 * tries one shape after the other; a lane's commit holds hundreds of them.
 */
export function chosenBy(
  member: string,
  options: Readonly<Record<string, v.GenericSchema>>,
): v.GenericSchema<unknown, unknown> {
  const byText = new Map(Object.entries(options));
  const none = v.never();
  return v.lazy((input) => {
    const text =
      typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[member] : null;
    return (typeof text === 'string' ? byText.get(text) : undefined) ?? none;
  });
}

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
