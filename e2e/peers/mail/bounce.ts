import { randomUUID } from 'node:crypto';
import { headerLines } from './imap-fetch.ts';
import type { SubmittedMail } from './record.ts';

/** Sender of delivery failures. */
const POSTMASTER = 'mailer-daemon@localhost';

/** A delivery failure for one recipient (RFC 3464): text, status, and the header of the mail it is about. */
export function makeBounce(mail: SubmittedMail, recipient: string, now = Date.now()): Buffer {
  const boundary = randomUUID();
  const original = headerLines(mail.raw);
  const messageId = original.find(({ name }) => name === 'message-id')?.line.replace(/^[^:]*:\s*/, '');
  const lines = [
    `From: Mail Delivery System <${POSTMASTER}>`,
    `To: <${mail.from}>`,
    'Subject: Undelivered Mail Returned to Sender',
    `Date: ${new Date(now).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${randomUUID()}@localhost>`,
    ...(messageId === undefined ? [] : [`In-Reply-To: ${messageId}`, `References: ${messageId}`]),
    'Auto-Submitted: auto-replied',
    `X-Failed-Recipients: ${recipient}`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    `The mail to <${recipient}> could not be delivered: no such user here.`,
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; localhost',
    '',
    `Final-Recipient: rfc822; ${recipient}`,
    'Action: failed',
    'Status: 5.1.1',
    'Diagnostic-Code: smtp; 550 5.1.1 no such user here',
    '',
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    '',
    ...original.map(({ line }) => line),
    '',
    `--${boundary}--`,
    '',
  ];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}
