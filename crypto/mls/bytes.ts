import type { Decoder } from 'ts-mls/codec/tlsDecoder.js';

/** Bytes that do not read as what they should be. Never leaves the engine: it becomes a refusal, or `corrupt` for a cell of mine. */
export class Malformed extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'Malformed';
  }
}

const MAX_LENGTH = 2 ** 30;

export const u8 = (n: number): Uint8Array => Uint8Array.of(n);

export function u16(n: number): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(n);
  return bytes;
}

export function u32(n: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n);
  return bytes;
}

export function u64(n: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(n);
  return bytes;
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** One array of its own: nothing of it is shared with the parts or with a pool. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A vector of MLS (RFC 9420 §2.1.2): its length in the shortest form, then its bytes. */
export function vector(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length >= MAX_LENGTH) throw new RangeError('too long for MLS');
  const header =
    length < 0x40 ? u8(length) : length < 0x4000 ? u16(0x4000 | length) : u32(0x80000000 + length);
  return joined(header, bytes);
}

/** A vector of elements that are written one after the other. */
export const vectorOf = (parts: readonly Uint8Array[]): Uint8Array => vector(joined(...parts));

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && Buffer.compare(a, b) === 0;

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Reads bytes from front to back. Every read throws {@link Malformed} where there is nothing to read. */
export interface Reader {
  readonly left: number;
  take(length: number): Uint8Array;
  u8(): number;
  u16(): number;
  u32(): number;
  u64(): bigint;
  vector(): Uint8Array;
  /** Elements until the vector is used up. */
  list<T>(read: (from: Reader) => T): T[];
  /** What one of ts-mls's decoders reads here. */
  one<T>(decoder: Decoder<T>): T;
  /** @throws Malformed unless everything was read. */
  end(): void;
}

export function readerOf(bytes: Uint8Array): Reader {
  let at = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

  /** Moves on by `length` bytes and gives where they began. */
  function skip(length: number): number {
    if (length > bytes.length - at) throw new Malformed('cut off');
    const from = at;
    at += length;
    return from;
  }

  const reader: Reader = {
    get left() {
      return bytes.length - at;
    },
    take: (length) => bytes.subarray(skip(length), at),
    u8: () => view.getUint8(skip(1)),
    u16: () => view.getUint16(skip(2)),
    u32: () => view.getUint32(skip(4)),
    u64: () => view.getBigUint64(skip(8)),
    vector() {
      const first = reader.u8();
      if (first < 0x40) return reader.take(first);
      at -= 1;
      if (first < 0x80) return reader.take(shortest(reader.u16() & 0x3fff, 0x40));
      if (first < 0xc0) return reader.take(shortest(reader.u32() & 0x3fffffff, 0x4000));
      throw new Malformed('no length');
    },
    list(read) {
      const inner = readerOf(reader.vector());
      const found = [];
      while (inner.left > 0) found.push(read(inner));
      return found;
    },
    one(decoder) {
      // The decoder gets no bytes but those that are left: it may look at the whole of what it is given.
      const read = attempt(() => decoder(bytes.subarray(at), 0));
      if (read === undefined) throw new Malformed('no such thing');
      skip(read[1]);
      return read[0];
    },
    end() {
      if (reader.left > 0) throw new Malformed('more than there should be');
    },
  };
  return reader;
}

/** A length, refused where a shorter form would have done. */
function shortest(length: number, least: number): number {
  if (length < least) throw new Malformed('not the shortest form');
  return length;
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new Malformed('no such thing');
  }
}

/** Reads the whole of some bytes. @throws Malformed. */
export function readWhole<T>(bytes: Uint8Array, read: (from: Reader) => T): T {
  const reader = readerOf(bytes);
  const value = read(reader);
  reader.end();
  return value;
}
