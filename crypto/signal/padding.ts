/** Contents are padded to a multiple of this, less one byte that the cipher's own padding adds (Signal's PADDING_BLOCK). */
const BLOCK_BYTES = 80;
const TERMINATOR = 0x80;

/** A content with the terminator and zeroes after it, so that its length tells little. */
export function pad(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((content.length + 2) / BLOCK_BYTES) * BLOCK_BYTES - 1);
  padded.set(content);
  padded[content.length] = TERMINATOR;
  return padded;
}

/** What {@link pad} was given; null where the bytes do not end in the terminator and zeroes. */
export function unpad(padded: Uint8Array): Uint8Array | null {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  return end >= 0 && padded[end] === TERMINATOR ? padded.subarray(0, end) : null;
}
