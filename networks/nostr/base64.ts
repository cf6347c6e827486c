/**
 * The bytes of standard, padded base64 (RFC 4648 §4); null for anything else: other alphabets, missing padding, bits set
 * behind the end, spaces. One byte string has one spelling, so nothing can be hidden in a second one.
 */
export function fromBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? Uint8Array.from(bytes) : null;
}

/** Bytes as standard, padded base64. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
