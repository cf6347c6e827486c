import { randomBytes } from 'node:crypto';
import type { Millis } from '../../shared/ids.ts';
import {
  encodeText,
  formatDate,
  formatMailbox,
  formatParameter,
  outerDate,
  writeHeader,
  type HeaderLine,
} from './header-field.ts';

/** A file that goes along. */
export interface LetterFile {
  readonly name: string;
  /** Media type as it came from the person's machine; replaced when it is none. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** What stands in the body. */
export type LetterBody =
  | { readonly kind: 'text'; readonly text: string; readonly disposition?: 'reaction' }
  | { readonly kind: 'files'; readonly text: string; readonly files: readonly LetterFile[] }
  /** A read receipt (RFC 8098) for these messages, by me. */
  | { readonly kind: 'receipt'; readonly of: readonly string[] };

/** A mail before it is sealed: everything a reader is to see. */
export interface Letter {
  readonly from: { readonly address: string; readonly name: string };
  readonly to: string;
  readonly subject: string;
  readonly messageId: string;
  readonly sentAt: Millis;
  /** Fields beside the common ones, e.g. `Autocrypt`, `Chat-Edit`, `In-Reply-To`. */
  readonly fields: readonly HeaderLine[];
  readonly body: LetterBody;
}

/** How the outside of a sealed mail looks. */
export interface Outside {
  /** The other side is a chat program: no recipient in the header, no true time, marked as chat. */
  readonly hidden: boolean;
  /** Announce `Chat-Version` outside, as Delta Chat core 2.x does for all but the first steps of SecureJoin. */
  readonly chatVersion: boolean;
  readonly now: Millis;
  /** In [0, 1): picks the outer Date. */
  readonly random: number;
}

/** What the outside of every sealed mail says for a subject (Delta Chat, RFC 9788 §11.2's obscured Subject). */
export const OUTER_SUBJECT = '[...]';
export const HIDDEN_RECIPIENTS = '"hidden-recipients": ;';

/** Media types a part may have; anything else could smuggle parameters into the header. */
const mediaType = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,60}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}$/;

const lines = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('base64')
    .replace(/.{76}(?=.)/g, '$&\r\n');

const boundaryName = (): string => randomBytes(12).toString('hex');

/** Text with CRLF line ends (RFC 2046 §4.1.1), as base64 of UTF-8: no line is too long and nothing in it is taken for a header. */
const textLines = (text: string): string =>
  lines(Buffer.from(text.toWellFormed().replace(/\r\n|\r|\n/g, '\r\n'), 'utf8'));

interface Entity {
  readonly type: string;
  readonly fields: readonly HeaderLine[];
  readonly content: string;
}

const TEXT: HeaderLine = ['Content-Transfer-Encoding', 'base64'];

function filePart(file: LetterFile): string {
  const type = mediaType.test(file.type) ? file.type : 'application/octet-stream';
  const head = writeHeader([
    ['Content-Type', type],
    ['Content-Disposition', `attachment;\r\n ${formatParameter('filename', file.name)}`],
    ['Content-Transfer-Encoding', 'base64'],
  ]);
  return `${head}\r\n${lines(file.bytes)}\r\n`;
}

function textPart(text: string): string {
  return `Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n${textLines(text)}\r\n`;
}

/** RFC 8098 §3: machine-readable notification; the words are for programs that know nothing of it. */
function receiptParts(of: readonly string[], by: string): readonly string[] {
  const [first = '', ...more] = of;
  const notification = writeHeader([
    ['Original-Recipient', `rfc822;${by}`],
    ['Final-Recipient', `rfc822;${by}`],
    ['Original-Message-ID', `<${first}>`],
    ['Disposition', 'manual-action/MDN-sent-automatically; displayed'],
    ...(more.length > 0
      ? [['Additional-Message-IDs', more.map((id) => `<${id}>`).join('\r\n ')] as const]
      : []),
  ]);
  return [
    'Content-Type: text/plain\r\n\r\nThis is a receipt notification.\r\n',
    `Content-Type: message/disposition-notification\r\n\r\n${notification}\r\n`,
  ];
}

function multipart(type: string, parts: readonly string[]): Entity {
  const boundary = boundaryName();
  const content = `${parts.map((part) => `--${boundary}\r\n${part}`).join('')}--${boundary}--\r\n`;
  return { type: `${type};\r\n boundary="${boundary}"`, fields: [], content };
}

function entity(letter: Letter): Entity {
  const { body } = letter;
  switch (body.kind) {
    case 'text':
      return {
        type: 'text/plain; charset="utf-8"',
        fields: body.disposition ? [TEXT, ['Content-Disposition', body.disposition]] : [TEXT],
        content: `${textLines(body.text)}\r\n`,
      };
    case 'files':
      return multipart('multipart/mixed', [textPart(body.text), ...body.files.map(filePart)]);
    case 'receipt':
      return multipart(
        'multipart/report; report-type=disposition-notification',
        receiptParts(body.of, letter.from.address),
      );
  }
}

function commonFields(letter: Letter): readonly HeaderLine[] {
  return [
    ['From', formatMailbox(letter.from.name, letter.from.address)],
    ['To', `<${letter.to}>`],
    ['Subject', encodeText(letter.subject)],
    ['Date', formatDate(letter.sentAt)],
    ['Message-ID', `<${letter.messageId}>`],
    ...letter.fields,
  ];
}

/** The outer header lines of a sealed mail and what is to be sealed inside it. */
export interface ProtectedLetter {
  readonly outer: readonly HeaderLine[];
  /** A MIME entity whose header holds all the real fields and what the outside shows (RFC 9788 §4, `HP-Outer`). */
  readonly inner: Uint8Array;
}

/**
 * A letter with header protection (RFC 9788, `hp="cipher"`, and the older `protected-headers="v1"` that Thunderbird and K-9 read). Outside stand
 * only the sender's address, a blank subject, a date (towards chat programs a random one) and the Message-ID.
 * @throws RangeError when a field would break out of its line.
 */
export function protectLetter(letter: Letter, outside: Outside): ProtectedLetter {
  const outer: readonly HeaderLine[] = [
    ['From', `<${letter.from.address}>`],
    ['To', outside.hidden ? HIDDEN_RECIPIENTS : `<${letter.to}>`],
    ['Subject', OUTER_SUBJECT],
    ['Date', formatDate(outside.hidden ? outerDate(outside.now, outside.random) : letter.sentAt)],
    ['Message-ID', `<${letter.messageId}>`],
    ...(outside.chatVersion ? [['Chat-Version', '1.0'] as const] : []),
  ];
  const { type, fields, content } = entity(letter);
  const head = writeHeader([
    ['Content-Type', `${type}; protected-headers="v1"; hp="cipher"`],
    ...fields,
    ...commonFields(letter),
    ...outer.map(([name, value]) => ['HP-Outer', `${name}: ${value}`] as const),
  ]);
  return { outer, inner: Buffer.from(`${head}\r\n${content}`, 'utf8') };
}

/**
 * A letter as an ordinary mail, for a conversation the person opened without encryption.
 * @throws RangeError when a field would break out of its line.
 */
export function plainLetter(letter: Letter): Uint8Array {
  const { type, fields, content } = entity(letter);
  const head = writeHeader([
    ...commonFields(letter),
    ['MIME-Version', '1.0'],
    ['Content-Type', type],
    ...fields,
  ]);
  return Buffer.from(`${head}\r\n${content}`, 'utf8');
}
