import { base64Inside } from '../../shared/test/base64.ts';

const MIN_WORD_BYTES = 8;

/**
 * Whether a word can be read in a byte stream: as it is (UTF-8), inside base64 at any offset and across line breaks, or
 * inside quoted-printable (RFC 2045 §6.7, §6.8). Throws for words under 8 bytes, which would turn up by chance.
 */
export function containsWord(bytes: Uint8Array, word: string): boolean {
  const wanted = Buffer.from(word);
  if (wanted.length < MIN_WORD_BYTES) throw new Error(`a canary word needs ${MIN_WORD_BYTES} bytes: ${word}`);
  const stream = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (stream.includes(wanted)) return true;
  const text = stream.toString('latin1');
  const unfolded = text.replace(/[\r\n]+/g, '');
  return base64Inside(wanted).some((form) => unfolded.includes(form)) || unquoted(text).includes(wanted);
}

function unquoted(text: string): Buffer {
  const joined = text.replace(/=[ \t]*\r?\n/g, '');
  return Buffer.from(
    joined.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}
