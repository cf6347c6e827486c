import { readMessageIds } from './header-block.ts';
import { messageIdField, type ReadMail } from './mail-read.ts';
import { readPart } from './part.ts';

/** A delivery failure as a mail server reports it (RFC 3464). */
export interface Bounce {
  /** Message-IDs the report names: of the returned mail first, else of the mail it answers. */
  readonly of: readonly string[];
  readonly permanent: boolean;
}

const deliveryStatus: ReadonlySet<string> = new Set([
  'message/delivery-status',
  'message/global-delivery-status',
]);
const returned: ReadonlySet<string> = new Set([
  'message/rfc822',
  'message/rfc822-headers',
  'text/rfc822-headers',
]);

/** True for a mail whose header says it reports on a delivery. */
export function isDeliveryReport(type: string, parameters: ReadonlyMap<string, string>): boolean {
  return type === 'multipart/report' && parameters.get('report-type')?.toLowerCase() === 'delivery-status';
}

/**
 * Reads a delivery report; null when it is none. Nothing in it is proven: who knows a Message-ID can write one, so it is only
 * ever believed about a mail that was sent, and only as far as "failed".
 */
export function readBounce(mail: ReadMail): Bounce | null {
  if (!isDeliveryReport(mail.type, mail.parameters)) return null;
  const status = mail.reports.find(({ type }) => deliveryStatus.has(type));
  if (!status) return null;
  const text = Buffer.from(status.bytes).toString('latin1');
  const permanent = /^action:[ \t]*failed\b/im.test(text);
  const original = mail.reports.find(({ type }) => returned.has(type));
  const header = original ? readPart(original.bytes, Number.POSITIVE_INFINITY) : null;
  const named = header ? messageIdField(header.fields) : null;
  const answered = mail.fields
    .filter(({ name }) => name === 'in-reply-to' || name === 'references')
    .flatMap(({ value }) => readMessageIds(value));
  return { of: [...new Set(named === null ? answered : [named])], permanent };
}
