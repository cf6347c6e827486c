import type { StoredMail } from './mailbox.ts';
import { quote } from './imap-syntax.ts';

/** One thing a FETCH asks for. A section's `range` is BODY[]<start.length>, in bytes. */
export type FetchItem =
  | { readonly kind: 'UID' | 'FLAGS' | 'INTERNALDATE' | 'RFC822.SIZE' | 'MODSEQ' }
  | {
      readonly kind: 'section';
      /** What the answer calls it: as asked, without `.PEEK` and length. */
      readonly label: string;
      readonly part: Section;
      readonly range: { readonly start: number; readonly length: number } | null;
      readonly marksSeen: boolean;
    };

type Section =
  | { readonly kind: 'all' | 'header' | 'text' }
  | { readonly kind: 'fields'; readonly names: ReadonlySet<string>; readonly without: boolean };

const SECTION = /^BODY(\.PEEK)?\[([^\]]*)\](?:<(\d{1,10})\.(\d{1,10})>)?$/i;
const FIELDS = /^HEADER\.FIELDS(\.NOT)? \(([^)]*)\)$/i;
const FAST = ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** Reads the items of a FETCH (RFC 9051 §6.4.5). Null for what this server does not serve: ENVELOPE, BODYSTRUCTURE, MIME parts. */
export function parseFetchItems(names: readonly string[]): readonly FetchItem[] | null {
  const items = new Map<string, FetchItem>();
  for (const name of names.flatMap((one) => (one.toUpperCase() === 'FAST' ? FAST : [one]))) {
    const item = parseItem(name);
    if (item === null) return null;
    items.set(item.kind === 'section' ? item.label.toUpperCase() : item.kind, item);
  }
  return [...items.values()];
}

function parseItem(name: string): FetchItem | null {
  const upper = name.toUpperCase();
  switch (upper) {
    case 'UID':
    case 'FLAGS':
    case 'INTERNALDATE':
    case 'RFC822.SIZE':
    case 'MODSEQ':
      return { kind: upper };
    case 'RFC822':
      return { kind: 'section', label: upper, part: { kind: 'all' }, range: null, marksSeen: true };
    case 'RFC822.HEADER':
      return { kind: 'section', label: upper, part: { kind: 'header' }, range: null, marksSeen: false };
    case 'RFC822.TEXT':
      return { kind: 'section', label: upper, part: { kind: 'text' }, range: null, marksSeen: true };
  }
  const match = SECTION.exec(name);
  if (match === null) return null;
  const [, peek, text = '', start, length] = match;
  const part = parseSection(text);
  if (part === null) return null;
  return {
    kind: 'section',
    label: `BODY[${text}]${start === undefined ? '' : `<${start}>`}`,
    part,
    range: start === undefined ? null : { start: Number(start), length: Number(length) },
    marksSeen: peek === undefined,
  };
}

function parseSection(text: string): Section | null {
  const upper = text.toUpperCase();
  if (upper === '') return { kind: 'all' };
  if (upper === 'HEADER') return { kind: 'header' };
  if (upper === 'TEXT') return { kind: 'text' };
  const fields = FIELDS.exec(text);
  if (fields === null) return null;
  const names = (fields[2] ?? '').toLowerCase().replaceAll('"', '').split(' ').filter(Boolean);
  return { kind: 'fields', names: new Set(names), without: fields[1] !== undefined };
}

/** The untagged FETCH answer for one mail, whole. */
export function formatFetch(number: number, mail: StoredMail, items: readonly FetchItem[]): Buffer {
  const out: Buffer[] = [Buffer.from(`* ${number} FETCH (`)];
  items.forEach((item, at) => {
    if (at > 0) out.push(Buffer.from(' '));
    if (item.kind === 'section') {
      const bytes = sectionOf(mail.raw, item);
      out.push(Buffer.from(`${item.label} {${bytes.length}}\r\n`), bytes);
    } else {
      out.push(Buffer.from(attribute(mail, item.kind)));
    }
  });
  out.push(Buffer.from(')\r\n'));
  return Buffer.concat(out);
}

function attribute(mail: StoredMail, kind: Exclude<FetchItem['kind'], 'section'>): string {
  switch (kind) {
    case 'UID':
      return `UID ${mail.uid}`;
    case 'FLAGS':
      return `FLAGS (${[...mail.flags].join(' ')})`;
    case 'INTERNALDATE':
      return `INTERNALDATE ${quote(formatDate(mail.receivedAt))}`;
    case 'RFC822.SIZE':
      return `RFC822.SIZE ${mail.raw.length}`;
    case 'MODSEQ':
      return `MODSEQ (${mail.modseq})`;
  }
}

function sectionOf(raw: Buffer, { part, range }: Extract<FetchItem, { readonly kind: 'section' }>): Buffer {
  const bytes = partOf(raw, part);
  return range === null ? bytes : bytes.subarray(range.start, range.start + range.length);
}

function partOf(raw: Buffer, part: Section): Buffer {
  switch (part.kind) {
    case 'all':
      return raw;
    case 'header':
      return raw.subarray(0, headerLength(raw));
    case 'text':
      return raw.subarray(headerLength(raw));
    case 'fields': {
      const wanted = headerLines(raw).filter(({ name }) => part.names.has(name) !== part.without);
      return Buffer.from(`${wanted.map(({ line }) => `${line}\r\n`).join('')}\r\n`, 'latin1');
    }
  }
}

/** Bytes of the header with the empty line that ends it. */
function headerLength(raw: Buffer): number {
  const end = raw.indexOf('\r\n\r\n');
  return end < 0 ? raw.length : end + 4;
}

/** The header's fields in order, folded as they were; names in lower case, bytes as latin-1. */
export function headerLines(raw: Buffer): readonly { readonly name: string; readonly line: string }[] {
  return raw
    .toString('latin1', 0, headerLength(raw))
    .split(/\r\n(?![ \t])/)
    .filter((line) => line.includes(':'))
    .map((line) => ({ name: line.slice(0, line.indexOf(':')).trim().toLowerCase(), line }));
}

/** An IMAP date-time in UTC, e.g. `07-Feb-2026 21:52:25 +0000`. */
export function formatDate(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(date.getUTCDate())}-${MONTHS[date.getUTCMonth()] ?? 'Jan'}-${date.getUTCFullYear()}`;
  return `${day} ${[date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':')} +0000`;
}

/** Reads an IMAP date-time or date; epoch ms, or null. */
export function parseDate(text: string): number | null {
  const match = /^ ?(\d{1,2})-([A-Za-z]{3})-(\d{4})(?: (\d{2}:\d{2}:\d{2}) ([+-]\d{4}))?$/.exec(text);
  if (match === null) return null;
  const [, day, month, year, time = '00:00:00', zone = '+0000'] = match;
  const at = Date.parse(`${day} ${month} ${year} ${time} ${zone}`);
  return Number.isNaN(at) ? null : at;
}
