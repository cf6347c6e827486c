import PostalMime, { decodeWords } from 'postal-mime';
import { displayName, onlyMailbox, type Mailbox } from './address.ts';
import {
  HEADER_LIMIT_BYTES,
  onlyValue,
  readMessageIds,
  readParameters,
  valuesOf,
  type Field,
} from './header-block.ts';
import { htmlText } from './html-text.ts';
import { readPart } from './part.ts';

/** A file out of a mail. */
export interface ReadFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** A machine-readable part: delivery status, receipt, returned mail. */
export interface ReportPart {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** A mail (or the inside of a sealed one) as it reads; nothing of it is believed yet. */
export interface ReadMail {
  readonly fields: readonly Field[];
  /** Media type of the whole, lower case. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly text: string;
  readonly files: readonly ReadFile[];
  readonly reports: readonly ReportPart[];
}

const DEPTH_LIMIT = 32;
const FILE_LIMIT = 32;
const FILE_NAME_LIMIT = 200;
const reportTypes: ReadonlySet<string> = new Set([
  'message/disposition-notification',
  'message/delivery-status',
  'message/global-delivery-status',
  'message/rfc822',
  'message/rfc822-headers',
  'text/rfc822-headers',
]);

/**
 * Reads MIME bytes: fields of the root, the text (HTML only as text), files. Null when it nests too deep, its headers are too large or it
 * does not read at all. Never throws.
 */
export async function readMail(bytes: Uint8Array): Promise<ReadMail | null> {
  // The root's own fields are read here, so that a parser's idea of "the last one wins" decides nothing.
  const root = readPart(bytes, DEPTH_LIMIT);
  if (root === null) return null;
  try {
    const mail = await PostalMime.parse(bytes, {
      maxNestingDepth: DEPTH_LIMIT,
      maxHeadersSize: HEADER_LIMIT_BYTES,
      // A forwarded mail inside a signed one is a file, never words of the sender.
      forceRfc822Attachments: true,
      maxRfc822NestingDepth: 0,
    });
    const isReport = root.type === 'multipart/report';
    const files: ReadFile[] = [];
    const reports: ReportPart[] = [];
    for (const { filename, mimeType, content } of mail.attachments) {
      const bytesOf = contentBytes(content);
      if (isReport && reportTypes.has(mimeType)) reports.push({ type: mimeType, bytes: bytesOf });
      else if (files.length < FILE_LIMIT)
        files.push({ name: fileName(filename ?? '', mimeType), type: mimeType, bytes: bytesOf });
    }
    return {
      fields: root.fields,
      type: root.type,
      parameters: root.parameters,
      text: (mail.text ?? htmlText(mail.html ?? '')).toWellFormed(),
      files,
      reports,
    };
  } catch {
    return null;
  }
}

/** The parser gives strings only where it is asked to. */
function contentBytes(content: ArrayBuffer | Uint8Array | string): Uint8Array {
  return Buffer.from(content as ArrayBuffer);
}

/** A file name without path, controls and characters that turn text around; never empty. */
function fileName(name: string, type: string): string {
  const last = displayName(name.split(/[/\\]/).at(-1) ?? '').slice(0, FILE_NAME_LIMIT);
  if (last !== '' && last !== '.' && last !== '..') return last;
  return type === 'message/rfc822' ? 'mail.eml' : 'file';
}

/** An unstructured field with its encoded words decoded (RFC 2047); null when it is not there exactly once. */
export function textField(fields: readonly Field[], name: string): string | null {
  const value = onlyValue(fields, name);
  return value === null ? null : displayName(decodeWords(value.slice(0, 4_000)));
}

/** The one sender; null for none or several. */
export function fromField(fields: readonly Field[]): Mailbox | null {
  return onlyMailbox(valuesOf(fields, 'from'));
}

/** The Message-ID without brackets; null when it is missing, several or malformed. */
export function messageIdField(fields: readonly Field[], name = 'message-id'): string | null {
  const value = onlyValue(fields, name);
  return value === null ? null : (readMessageIds(value)[0] ?? null);
}

/** Main value of a structured field such as Content-Disposition, lower case; '' when it is not there. */
export function tokenField(fields: readonly Field[], name: string): string {
  return readParameters(onlyValue(fields, name) ?? '').main;
}
