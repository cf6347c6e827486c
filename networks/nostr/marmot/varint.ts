/** Lengths as MLS writes them (RFC 9420 §2.1.2): one, two or four bytes, the shortest that fits. */
export function encodeLength(length: number): Uint8Array {
  if (length < 0x40) return Uint8Array.of(length);
  const bytes = Buffer.alloc(length < 0x4000 ? 2 : 4);
  if (length < 0x4000) bytes.writeUInt16BE(0x4000 | length);
  else bytes.writeUInt32BE(0x80000000 + length);
  return bytes;
}

/** A vector: its length, then its bytes. */
export function encodeVector(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([encodeLength(bytes.length), bytes]);
}

/** The vector at `at` and the place behind it; null when it is cut off, longer than `most`, or its length not the shortest form. */
export function readVector(
  bytes: Uint8Array,
  at: number,
  most: number,
): { readonly value: Uint8Array; readonly end: number } | null {
  const first = bytes[at];
  if (first === undefined || first >= 0xc0) return null;
  const size = 1 << (first >> 6);
  if (at + size > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length =
    size === 1 ? first : size === 2 ? view.getUint16(at) & 0x3fff : view.getUint32(at) & 0x3fffffff;
  if (length > most || encodeLength(length).length !== size) return null;
  const end = at + size + length;
  return end > bytes.length ? null : { value: bytes.subarray(at + size, end), end };
}
