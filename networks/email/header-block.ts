/** One header field as it came: name in lower case, value unfolded and trimmed, otherwise untouched. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** Larger header blocks are refused: real ones stay under 64 KiB, an Autocrypt header with a large RSA key included. */
export const HEADER_LIMIT_BYTES = 256 * 1024;
const FIELD_LIMIT = 1_000;

const fieldStart = /^([!-9;-~]+)[ \t]*:(.*)$/s;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Header bytes as text: UTF-8 (RFC 6532), else each octet as Latin-1 so that nothing throws. */
function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  }
}

/**
 * Reads a header block (RFC 5322 §2.2) up to the first empty line or the end; lines may end in CRLF or LF. Lines that are no fields are left
 * out. Null when it is larger than {@link HEADER_LIMIT_BYTES} or has too many fields. Never throws.
 */
export function readFields(bytes: Uint8Array): readonly Field[] | null {
  if (bytes.length > HEADER_LIMIT_BYTES) return null;
  const fields: { name: string; value: string }[] = [];
  let open: { name: string; value: string } | null = null;
  for (const line of decode(bytes).split(/\r?\n/)) {
    if (line === '') break;
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (open) open.value += line;
      continue;
    }
    const [, name, value] = fieldStart.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      open = null;
      continue;
    }
    if (fields.length === FIELD_LIMIT) return null;
    open = { name: name.toLowerCase(), value };
    fields.push(open);
  }
  return fields.map(({ name, value }) => ({ name, value: value.trim() }));
}

/** Every value of a field, in order. */
export function valuesOf(fields: readonly Field[], name: string): readonly string[] {
  return fields.filter((field) => field.name === name).map((field) => field.value);
}

/** The value of a field that occurs exactly once; null otherwise. Several would let two readers see two different mails. */
export function onlyValue(fields: readonly Field[], name: string): string | null {
  const values = valuesOf(fields, name);
  return values.length === 1 ? (values[0] ?? null) : null;
}

/** A structured value: `type/subtype; name=value; …` (RFC 2045 §5.1), names and the main value in lower case. Never throws. */
export function readParameters(value: string): {
  readonly main: string;
  readonly parameters: ReadonlyMap<string, string>;
} {
  const parameters = new Map<string, string>();
  const semicolon = value.indexOf(';');
  const main = (semicolon < 0 ? value : value.slice(0, semicolon)).trim().toLowerCase();
  if (semicolon < 0) return { main, parameters };
  const form = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))/gy;
  form.lastIndex = semicolon;
  for (let match = form.exec(value); match; match = form.exec(value)) {
    const name = (match[1] ?? '').toLowerCase();
    const text = match[2] === undefined ? (match[3] ?? '').trim() : match[2].replace(/\\(.)/g, '$1');
    if (!parameters.has(name)) parameters.set(name, text);
  }
  return { main, parameters };
}

/** Left part, `@`, right part; anything a header can carry, without brackets, blanks and control characters. */
const messageIdForm = /^[^\s\p{Cc}<>"(),:;]{1,250}$/u;

/** The Message-IDs of a field such as References, without brackets (RFC 5322 §3.6.4), at most 100. */
export function readMessageIds(value: string): readonly string[] {
  return [...value.slice(0, 64 * 1024).matchAll(/<([^<>]+)>/g)]
    .map((match) => (match[1] ?? '').trim())
    .filter((id) => messageIdForm.test(id))
    .slice(0, 100);
}
