const known = new WeakMap<Uint8Array, { readonly by: object; readonly value: unknown }>();

/**
 * What the bytes of a cell say, read once for as long as that very array is remembered (remembered.ts): cells are asked for several times for
 * every message and changed seldom. Nobody changes the bytes of a cell, nor what was read from them. `by` names how they are read;
 * what cannot be read is read again each time.
 */
export function decodedOnce<T>(bytes: Uint8Array, by: object, decode: (bytes: Uint8Array) => T): T {
  const before = known.get(bytes);
  if (before?.by === by) return before.value as T;
  const value = decode(bytes);
  known.set(bytes, { by, value });
  return value;
}

/** What was just encoded need not be read back: `value` is what `by` would read from the bytes, and holds nothing that is wiped. */
export function knownDecoded<T>(bytes: Uint8Array, by: object, value: T): Uint8Array {
  known.set(bytes, { by, value });
  return bytes;
}
