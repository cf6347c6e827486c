import type { Millis } from '../../shared/ids.ts';

/** A header to be written: name and value, the value folded already where it must be. */
export type HeaderLine = readonly [name: string, value: string];

const MAX_ENCODED_WORD_BYTES = 45;
const DAY_MS = 86_400_000;
/** Delta Chat core hides the true time of sending: the outer Date is any moment of the last six days. */
export const OUTER_DATE_SPREAD_MS = 6 * DAY_MS;

const printable = /^[\x20-\x7e]*$/;
/** A fold is CRLF and a blank; any other line end in a value would start a header of its own. */
const brokenLine = /\r(?!\n)|(?<!\r)\n|\r\n(?![ \t])|\0/;

/**
 * Writes header lines, CRLF at each end.
 * @throws RangeError when a value would break out of its line (header injection) or is not ASCII.
 */
export function writeHeader(lines: readonly HeaderLine[]): string {
  let text = '';
  for (const [name, value] of lines) {
    if (
      !/^[A-Za-z][A-Za-z0-9-]*$/.test(name) ||
      brokenLine.test(value) ||
      !printable.test(value.replaceAll('\r\n', ''))
    )
      throw new RangeError('not a header line');
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

/** Text for an unstructured header: as it is, or in encoded words of UTF-8 base64 (RFC 2047), folded. Line ends become blanks. */
export function encodeText(text: string): string {
  const line = text.replace(/[\r\n\t\0]+/g, ' ').trim();
  if (printable.test(line) && !line.includes('=?') && line.length <= 900) return line;
  const words: string[] = [];
  let chunk = '';
  // By code points: an encoded word must not split a character (RFC 2047 §5).
  for (const character of line) {
    if (Buffer.byteLength(chunk + character) > MAX_ENCODED_WORD_BYTES) {
      words.push(chunk);
      chunk = '';
    }
    chunk += character;
  }
  words.push(chunk);
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ');
}

/** A mailbox with its display name (RFC 5322 §3.4), or the bare `<address>` where there is none. */
export function formatMailbox(name: string, address: string): string {
  const line = name.replace(/[\r\n\t\0]+/g, ' ').trim();
  if (line === '') return `<${address}>`;
  if (printable.test(line) && !line.includes('=?') && line.length <= 200)
    return `"${line.replace(/([\\"])/g, '\\$1')}" <${address}>`;
  return `${encodeText(line)} <${address}>`;
}

/** A date as RFC 5322 §3.3 wants it, in UTC: `Wed, 25 Nov 2026 20:08:00 +0000`. */
export function formatDate(at: Millis): string {
  return new Date(at).toUTCString().replace('GMT', '+0000');
}

/** The outer Date of an end-to-end mail; `random` is in [0, 1). */
export function outerDate(now: Millis, random: number): Millis {
  return now - Math.floor(random * OUTER_DATE_SPREAD_MS);
}

/** Reads a Date header; null when it is none. Never later than `now`: a sender's clock must not order anything. */
export function readDate(value: string | null, now: Millis): Millis | null {
  if (value === null || value.length > 200) return null;
  // A comment such as "(UTC)" may follow (RFC 5322 §3.3).
  const at = Date.parse(value.replace(/\([^()]*\)/g, '').trim());
  if (!Number.isFinite(at) || at < 0) return null;
  return Math.min(at, now);
}

/** A parameter value: a token or quoted string where it can be, RFC 2231 otherwise. Returned with its name, e.g. `filename="a.txt"`. */
export function formatParameter(name: string, value: string): string {
  // Controls out; the rest is the reader's to judge.
  const text = value.replace(/\p{Cc}+/gu, ' ').trim();
  if (printable.test(text) && text.length <= 180) return `${name}="${text.replace(/([\\"])/g, '\\$1')}"`;
  const encoded = encodeURIComponent(text.toWellFormed()).replace(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (encoded.length <= 180) return `${name}*=utf-8''${encoded}`;
  // RFC 2231 §3: continuations; an escape is not split.
  const pieces = encoded.match(/(?:%[0-9A-F]{2}|[^%]){1,60}/g) ?? [];
  return pieces
    .map((piece, index) => `${name}*${index}*=${index === 0 ? "utf-8''" : ''}${piece}`)
    .join(';\r\n ');
}
