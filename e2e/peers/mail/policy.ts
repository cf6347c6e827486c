import type { SubmittedMail } from './record.ts';

/** Why a mail is not taken: an SMTP reply. */
export interface Refusal {
  readonly code: number;
  readonly text: string;
}

/** Which mail a server takes: any, or only what a chatmail relay takes. */
export type Policy = 'open' | 'chatmail';

const NEEDS_ENCRYPTION: Refusal = { code: 523, text: 'Encryption Needed: Invalid Unencrypted Mail' };
const ARMOR =
  /^-----BEGIN PGP MESSAGE-----\r\n\r\n([A-Za-z0-9+/=\r\n]+?)(?:\r\n=[A-Za-z0-9+/]{4})?\r\n-----END PGP MESSAGE-----$/;
const PKESK = 1;
const SKESK = 3;
const SEIPD = 18;

/**
 * The submission rule of a chatmail relay, written anew from reading what its filter does: PGP/MIME with exactly two
 * parts, armour without header lines, only session-key packets and one encrypted-data packet; the header's From is the
 * envelope's. One plaintext shape passes: the first message of the older SecureJoin. Null = taken.
 */
export function checkPolicy(policy: Policy, mail: SubmittedMail): Refusal | null {
  if (policy === 'open') return null;
  const text = mail.raw.toString('latin1');
  const { fields, body } = splitEntity(text);
  const from = /<([^<>]+)>\s*$|^\s*([^\s<>]+)\s*$/.exec(fields.get('from') ?? '');
  if ((from?.[1] ?? from?.[2] ?? '').toLowerCase() !== mail.from.toLowerCase()) {
    return { code: 500, text: `Invalid FROM <${mail.from}>` };
  }
  const type = fields.get('content-type') ?? '';
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  const parts =
    boundary === undefined
      ? []
      : body
          .split(`--${boundary}`)
          .slice(1, -1)
          .map((part) => splitEntity(part.replace(/^\r\n/, '')));
  return isHandshake(fields.get('secure-join') ?? '', parts) || isEncrypted(type, parts)
    ? null
    : NEEDS_ENCRYPTION;
}

interface Entity {
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

function splitEntity(text: string): Entity {
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  const fields = new Map<string, string>();
  for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { fields, body: end < 0 ? '' : text.slice(end + 4) };
}

const mediaType = ({ fields }: Entity): string =>
  (fields.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

function isHandshake(secureJoin: string, parts: readonly Entity[]): boolean {
  const [part, ...more] = parts;
  return (
    part !== undefined &&
    more.length === 0 &&
    /^v[cg]-request$/.test(secureJoin) &&
    mediaType(part) === 'text/plain' &&
    /^secure-join: v[cg]-request$/i.test(part.body.trim())
  );
}

function isEncrypted(type: string, [version, data, ...more]: readonly Entity[]): boolean {
  if (!/^multipart\/encrypted/i.test(type) || version === undefined || data === undefined || more.length > 0)
    return false;
  if (mediaType(version) !== 'application/pgp-encrypted' || version.body.trim() !== 'Version: 1')
    return false;
  if (mediaType(data) !== 'application/octet-stream') return false;
  const armor = ARMOR.exec(data.body.trim());
  return armor?.[1] !== undefined && isEncryptedMessage(Buffer.from(armor[1], 'base64'));
}

/** Whether the packets are session keys and then one final encrypted-data packet, in the new format (RFC 9580 §4.2). */
function isEncryptedMessage(bytes: Buffer): boolean {
  let at = 0;
  while (at < bytes.length) {
    const header = bytes[at] ?? 0;
    if ((header & 0xc0) !== 0xc0) return false;
    const tag = header & 0x3f;
    const end = packetEnd(bytes, at + 1);
    if (end === null || end > bytes.length) return false;
    if (tag === SEIPD) return end === bytes.length;
    if (tag !== PKESK && tag !== SKESK) return false;
    at = end;
  }
  return false;
}

/** Where the packet whose length begins at `at` ends (RFC 9580 §4.2.1), partial lengths included. */
function packetEnd(bytes: Buffer, start: number): number | null {
  let at = start;
  for (;;) {
    const first = bytes[at];
    if (first === undefined) return null;
    if (first < 192) return at + 1 + first;
    if (first < 224)
      return at + 1 < bytes.length ? at + 2 + ((first - 192) << 8) + bytes.readUInt8(at + 1) + 192 : null;
    if (first === 255) return at + 4 < bytes.length ? at + 5 + bytes.readUInt32BE(at + 1) : null;
    at += 1 + 2 ** (first & 0x1f);
  }
}
