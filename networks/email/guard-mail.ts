/** A mail as the guard reads it: strict, only what our own mails look like (RFC 5322 with CRLF, ASCII). */
export interface GuardMail {
  /** Lower-case names, unfolded values, in order of first appearance. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** The one value of a field; null when it is missing or there several times. */
  value(name: string): string | null;
  /** Everything after the empty line, as Latin-1. */
  readonly body: string;
}

/**
 * Parses a whole mail. Null for anything our builder has no reason to write: bare CR or LF, bytes beyond ASCII, a line that is no field,
 * no empty line after the header.
 */
export function guardParse(bytes: Uint8Array): GuardMail | null {
  for (const octet of bytes)
    if (octet > 126 || (octet < 32 && octet !== 13 && octet !== 10 && octet !== 9)) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  if (/\r(?!\n)|(?<!\r)\n/.test(text)) return null;
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const fields = new Map<string, string[]>();
  for (const line of text
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')) {
    const colon = line.indexOf(': ');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!/^[a-z][a-z0-9-]*$/.test(name)) return null;
    fields.set(name, [...(fields.get(name) ?? []), line.slice(colon + 2)]);
  }
  return {
    fields,
    value(name) {
      const values = fields.get(name) ?? [];
      return values.length === 1 ? (values[0] ?? null) : null;
    },
    body: text.slice(end + 4),
  };
}
