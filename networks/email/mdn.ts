import { readFields, readMessageIds, valuesOf } from './header-block.ts';
import type { ReadMail } from './mail-read.ts';

/** Delta Chat reports up to this many messages in one receipt; more than twice of it is nothing we need to take. */
const RECEIPT_LIMIT = 200;

/**
 * The messages a read receipt says were shown (RFC 8098; `Additional-Message-IDs` is Delta Chat's). Null when the mail is none, [] when it
 * reports something else than "displayed".
 */
export function readReceipt(mail: ReadMail): readonly string[] | null {
  if (mail.type !== 'multipart/report') return null;
  if (mail.parameters.get('report-type')?.toLowerCase() !== 'disposition-notification') return null;
  const part = mail.reports.find(({ type }) => type === 'message/disposition-notification');
  const fields = part ? readFields(part.bytes) : null;
  if (fields === null) return [];
  const disposition = valuesOf(fields, 'disposition')[0] ?? '';
  if (!/;\s*displayed\b/i.test(disposition)) return [];
  const ids = [...valuesOf(fields, 'original-message-id'), ...valuesOf(fields, 'additional-message-ids')];
  return [...new Set(ids.flatMap((value) => readMessageIds(value)))].slice(0, RECEIPT_LIMIT);
}
