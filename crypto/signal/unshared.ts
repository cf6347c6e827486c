/**
 * The same bytes in the type that libsignal asks for, which promises that no other thread writes to them. Copied only where they lie
 * in memory that threads share.
 */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes);
}
