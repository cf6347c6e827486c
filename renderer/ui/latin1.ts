/*
 * Bytes as text, one character each (ISO 8859-1): what QR codes hold is bytes, and the library takes and gives text. `TextDecoder`
 * calls another code by that name.
 */

/** One character for each byte. */
export function toLatin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

/** One byte for each character; all are below 256. */
export function fromLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
