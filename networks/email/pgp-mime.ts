import { randomBytes } from 'node:crypto';
import { writeHeader, type HeaderLine } from './header-field.ts';
import { decodedBody, type Part } from './part.ts';

const PGP_ENCRYPTED = 'application/pgp-encrypted';
const OCTET_STREAM = 'application/octet-stream';

/**
 * The armored message of an encrypted mail, in the three shapes real servers deliver; null when the mail has none of them:
 * - `multipart/encrypted` of two parts (RFC 3156 §4);
 * - "mixed up": Exchange and Proton's bridge turn it into `multipart/mixed` of an empty text, the version and the data;
 * - wrapped: a footer service of Google Workspace puts `multipart/encrypted` behind its text in a `multipart/mixed`.
 * Nothing else is decrypted: no inline armor, no armor among other parts, so that clear text never stands beside opened text.
 */
export function encryptedPayload(mail: Part): Uint8Array | null {
  if (mail.type === 'multipart/encrypted') return standard(mail);
  if (mail.type !== 'multipart/mixed') return null;
  const [first, second, third] = mail.parts;
  if (mail.parts.length === 3 && first?.type === 'text/plain' && second?.type === PGP_ENCRYPTED) {
    return third?.type === OCTET_STREAM && isBlank(first) ? decodedBody(third) : null;
  }
  if (mail.parts.length === 2 && first?.type === 'text/plain' && second?.type === 'multipart/encrypted') {
    return standard(second);
  }
  return null;
}

function standard(part: Part): Uint8Array | null {
  const [version, data, ...more] = part.parts;
  if (version?.type !== PGP_ENCRYPTED || data?.type !== OCTET_STREAM || more.length > 0) return null;
  return decodedBody(data);
}

const isBlank = (part: Part): boolean => Buffer.from(decodedBody(part)).toString('latin1').trim() === '';

/**
 * The whole mail around an armored message (RFC 3156 §4), with exactly the outer header lines given.
 * @throws RangeError for a line no header can carry.
 */
export function wrapEncrypted(outer: readonly HeaderLine[], armored: Uint8Array): Uint8Array {
  const boundary = randomBytes(18).toString('hex');
  const head = writeHeader([
    ['Content-Type', `multipart/encrypted; protocol="${PGP_ENCRYPTED}";\r\n boundary="${boundary}"`],
    ...outer,
    ['MIME-Version', '1.0'],
  ]);
  const before =
    `${head}\r\n--${boundary}\r\nContent-Type: ${PGP_ENCRYPTED}\r\n\r\nVersion: 1\r\n\r\n` +
    `--${boundary}\r\nContent-Type: ${OCTET_STREAM}; name="encrypted.asc"\r\n\r\n`;
  return Buffer.concat([Buffer.from(before), armored, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}
