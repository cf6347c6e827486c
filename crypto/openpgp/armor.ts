const BEGIN = '-----BEGIN PGP MESSAGE-----';
const END = '-----END PGP MESSAGE-----';
const LINE = 76;
const BYTES_PER_LINE = (LINE / 4) * 3;
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

/** Armors a binary message: CRLF lines of 76 characters, no armor headers and no checksum (RFC 9580 §6.1 forbids one after SEIPDv2). */
export function armor(binary: Uint8Array): Uint8Array {
  const view = Buffer.from(binary.buffer, binary.byteOffset, binary.length);
  const head = Buffer.from(`${BEGIN}\r\n\r\n`, 'latin1');
  const foot = Buffer.from(`${END}\r\n`, 'latin1');
  const lines = Math.ceil(view.length / BYTES_PER_LINE);
  const text = Buffer.from(view.toString('base64'), 'latin1');
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
