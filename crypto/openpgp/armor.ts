const BEGIN = '-----BEGIN PGP MESSAGE-----';
const END = '-----END PGP MESSAGE-----';
const LINE = 76;
const CR = 13;
const LF = 10;
const HEADER_LINES = 32;

/** RFC 9580 §6.2: armor header lines are `Name: value`; a blank line ends them. */
const headerLine = /^[A-Za-z][A-Za-z0-9-]*: ?[^\r\n]*$/;
/** What is left of the body once line ends and other blanks are out; at most two `=` and only at its end. */
const base64Body = /^[A-Za-z0-9+/\s]*(?:={1,2}\s*)?$/;
/** RFC 9580 §6.1: the optional checksum line. It protects nothing (anyone can recompute it) and readers may ignore it. */
const checksumLine = /\n=[A-Za-z0-9+/]{4}\s*$/;

/**
 * The binary content of the one armored message in `bytes` (RFC 9580 §6.2), or null when there is none, it is not well formed, or text
 * other than blanks stands around it. Accepts CRLF and LF. Never throws.
 */
export function dearmor(bytes: Uint8Array): Uint8Array | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = view.indexOf(BEGIN, 0, 'latin1');
  const end = view.indexOf(END, start + BEGIN.length, 'latin1');
  if (start < 0 || end < 0) return null;
  if (!isBlank(view, 0, start) || !isBlank(view, end + END.length, view.length)) return null;
  let at = lineEnd(view, start + BEGIN.length, end);
  if (at === null || !isBlank(view, start + BEGIN.length, at)) return null;
  for (let line = 0; ; line++) {
    const next: number | null = lineEnd(view, at, end);
    if (next === null || line === HEADER_LINES) return null;
    const text = view.toString('latin1', at, next).trim();
    if (text !== '' && !headerLine.test(text)) return null;
    at = next;
    if (text === '') break;
  }
  // The checksum is at most the last few octets; a view of the tail keeps the search off a body of many megabytes.
  const tail = view.toString('latin1', Math.max(at - 1, end - 64), end);
  const checksum = checksumLine.exec(tail);
  const body = view.toString('latin1', at, checksum ? end - tail.length + checksum.index : end);
  if (!base64Body.test(body)) return null;
  const decoded = Buffer.from(body, 'base64');
  return decoded.length === 0 ? null : decoded;
}

/** Position after the next line end at or after `at`, or null when there is none before `end`. */
function lineEnd(view: Buffer, at: number, end: number): number | null {
  const found = view.indexOf(LF, at);
  return found < 0 || found >= end ? null : found + 1;
}

function isBlank(view: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const octet = view[i];
    if (octet !== 32 && octet !== 9 && octet !== CR && octet !== LF) return false;
  }
  return true;
}

/** RFC 9580 §6.1.1: generator and initial value of the 24-bit checksum. */
const CRC24_POLYNOMIAL = 0x1864cfb;
const CRC24_INITIAL = 0xb704ce;

const crc24Table = Int32Array.from({ length: 256 }, (_, octet) => {
  let value = octet << 16;
  for (let bit = 0; bit < 8; bit++) value = value & 0x800000 ? (value << 1) ^ CRC24_POLYNOMIAL : value << 1;
  return value & 0xffffff;
});

function crc24(bytes: Uint8Array): Uint8Array {
  let value = CRC24_INITIAL;
  for (let i = 0; i < bytes.length; i++) {
    value = ((value << 8) ^ (crc24Table[((value >> 16) ^ (bytes[i] as number)) & 0xff] as number)) & 0xffffff;
  }
  return Uint8Array.of(value >> 16, value >> 8, value);
}

/**
 * Armors a binary message: CRLF lines of 76 characters, no armor headers.
 * @param checksum adds the checksum line: GnuPG 2.2 cannot read an armored message without one. RFC 9580 §6.1 forbids it after a version 2 body.
 */
export function armor(binary: Uint8Array, checksum = false): Uint8Array {
  const head = Buffer.from(`${BEGIN}\r\n\r\n`, 'latin1');
  const sum = checksum ? `=${Buffer.from(crc24(binary)).toString('base64')}\r\n` : '';
  const foot = Buffer.from(`${sum}${END}\r\n`, 'latin1');
  const text = Buffer.from(
    Buffer.from(binary.buffer, binary.byteOffset, binary.length).toString('base64'),
    'latin1',
  );
  const lines = Math.ceil(text.length / LINE);
  const out = Buffer.allocUnsafe(head.length + text.length + lines * 2 + foot.length);
  let at = head.copy(out);
  for (let from = 0; from < text.length;) {
    const stop = Math.min(from + LINE, text.length);
    while (from < stop) out[at++] = text[from++] as number;
    out[at++] = CR;
    out[at++] = LF;
  }
  foot.copy(out, at);
  return out;
}
