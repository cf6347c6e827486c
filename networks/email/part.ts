import { readFields, readParameters, onlyValue, type Field } from './header-block.ts';

/** One MIME entity as it stands in the bytes (RFC 2045): nothing decoded, children only for multipart. */
export interface Part {
  readonly fields: readonly Field[];
  /** Lower case, e.g. `text/plain`; also what is assumed where the header says nothing (RFC 2045 §5.2). */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  readonly parts: readonly Part[];
}

/** Deeper nesting is not looked into: an encrypted mail has two levels, three where a server wrapped it. */
const DEPTH_LIMIT = 4;
/** More parts than this are not split; no shape we read has so many. */
const PART_LIMIT = 32;

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** Where the header ends and the body begins: after the first empty line. */
function bodyStart(bytes: Buffer): { readonly header: number; readonly body: number } {
  if (bytes[0] === 10) return { header: 0, body: 1 };
  if (bytes[0] === 13 && bytes[1] === 10) return { header: 0, body: 2 };
  const crlf = bytes.indexOf('\r\n\r\n', 0, 'latin1');
  const lf = bytes.indexOf('\n\n', 0, 'latin1');
  if (crlf >= 0 && (lf < 0 || crlf < lf)) return { header: crlf + 2, body: crlf + 4 };
  if (lf >= 0) return { header: lf + 1, body: lf + 2 };
  return { header: bytes.length, body: bytes.length };
}

/**
 * Takes a mail apart by its boundaries. Null when a header block is too large. A multipart without a boundary, or nested
 * too deep, has no parts. Never throws.
 */
export function readPart(bytes: Uint8Array, depth = 0): Part | null {
  const buffer = view(bytes);
  const { header, body: start } = bodyStart(buffer);
  const fields = readFields(buffer.subarray(0, header));
  if (fields === null) return null;
  const { main, parameters } = readParameters(onlyValue(fields, 'content-type') ?? '');
  const type = main === '' ? 'text/plain' : main;
  const body = buffer.subarray(start);
  const boundary = parameters.get('boundary') ?? '';
  const parts: Part[] = [];
  if (type.startsWith('multipart/') && boundary !== '' && depth < DEPTH_LIMIT) {
    for (const bytesOfPart of split(body, boundary)) {
      const part = readPart(bytesOfPart, depth + 1);
      if (part === null) return null;
      parts.push(part);
    }
  }
  return { fields, type, parameters, body, parts };
}

/** The bytes between the boundary lines (RFC 2046 §5.1.1); a missing last boundary ends at the end. [] when there are too many. */
function split(body: Buffer, boundary: string): readonly Buffer[] {
  const mark = Buffer.from(`--${boundary}`, 'utf8');
  const parts: Buffer[] = [];
  let open: number | null = null;
  let at = 0;
  for (;;) {
    const found = body.indexOf(mark, at);
    if (found < 0) break;
    at = found + mark.length;
    if (found > 0 && body[found - 1] !== 10) continue;
    const lineEnd = body.indexOf(10, at);
    const rest = body.toString('latin1', at, lineEnd < 0 ? body.length : lineEnd).trimEnd();
    if (rest !== '' && rest !== '--') continue;
    if (open !== null) parts.push(body.subarray(open, endOfPart(body, open, found)));
    if (parts.length > PART_LIMIT) return [];
    open = rest === '--' || lineEnd < 0 ? null : lineEnd + 1;
    if (rest === '--') return parts;
    at = lineEnd < 0 ? body.length : lineEnd;
  }
  if (open !== null) parts.push(body.subarray(open));
  return parts.length > PART_LIMIT ? [] : parts;
}

/** The line end before a boundary belongs to the boundary. */
function endOfPart(body: Buffer, start: number, boundary: number): number {
  let end = boundary;
  if (end > start && body[end - 1] === 10) end -= 1;
  if (end > start && body[end - 1] === 13) end -= 1;
  return end;
}

/** The body with its transfer encoding undone (RFC 2045 §6): base64 and quoted-printable; others as they are. Never throws. */
export function decodedBody(part: Part): Uint8Array {
  const encoding = (onlyValue(part.fields, 'content-transfer-encoding') ?? '').toLowerCase();
  if (encoding === 'base64') return Buffer.from(view(part.body).toString('latin1'), 'base64');
  if (encoding !== 'quoted-printable') return part.body;
  const text = view(part.body)
    .toString('latin1')
    .replace(/[ \t]+(?=\r?\n|$)/g, '')
    .replace(/=\r?\n/g, '');
  return Buffer.from(
    text.replace(/=([0-9A-Fa-f]{2})/g, (_whole, octet: string) =>
      String.fromCharCode(Number.parseInt(octet, 16)),
    ),
    'latin1',
  );
}
