const BEGIN = '-----BEGIN PGP MESSAGE-----\r\n\r\n';
const END = '-----END PGP MESSAGE-----\r\n';
const PKESK = 1;
const SKESK = 3;
const SEIPD = 18;
const fullLine = /^[A-Za-z0-9+/]{76}$/;
/** Our mails go to one person and to our own key. */
const SESSION_KEYS_LIMIT = 4;

/**
 * Why a text is not exactly one armored OpenPGP message of session-key packets and one final integrity-protected body (RFC 9580 §6, §4.2, §5.13);
 * null when it is. Armor headers, false checksums, literal, marker or padding packets: all stop it, they could carry clear text.
 */
export function sealedFault(armored: string, to: 'keys' | 'password'): string | null {
  if (!armored.startsWith(BEGIN) || !armored.endsWith(END)) return 'armor';
  const body = armored.slice(BEGIN.length, -END.length);
  const all = body.split('\r\n');
  const checksum = /^=[A-Za-z0-9+/]{4}$/.test(all.at(-2) ?? '') ? all.at(-2) : undefined;
  const lines = all.slice(0, checksum === undefined ? -1 : -2);
  const last = lines.at(-1) ?? '';
  if (all.at(-1) !== '' || !lines.slice(0, -1).every((line) => fullLine.test(line))) return 'armor';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(last) || last.length % 4 !== 0) return 'armor';
  const binary = Buffer.from(lines.join(''), 'base64');
  // A checksum is the one allowed line beside the data, so it must be the true one.
  if (checksum !== undefined && Buffer.from(checksum.slice(1), 'base64').readUIntBE(0, 3) !== crc24(binary))
    return 'armor checksum';
  return packetFault(binary, to);
}

/** RFC 9580 §6.1.1. */
function crc24(bytes: Buffer): number {
  let crc = 0xb704ce;
  for (const octet of bytes) {
    crc ^= octet << 16;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ ((crc & 0x800000) === 0 ? 0 : 0x1864cfb);
    crc &= 0xffffff;
  }
  return crc;
}

function packetFault(bytes: Buffer, to: 'keys' | 'password'): string | null {
  let at = 0;
  let keys = 0;
  while (at < bytes.length) {
    const header = bytes.readUInt8(at);
    if ((header & 0xc0) !== 0xc0) return 'packet format';
    const tag = header & 0x3f;
    const length = lengthAt(bytes, at + 1);
    if (length === null || length.end > bytes.length) return 'packet length';
    if (tag === SEIPD) {
      if (keys === 0) return 'no session key';
      if (length.end !== bytes.length) return 'bytes after the sealed body';
      return seipdFault(bytes.subarray(length.start, length.end));
    }
    if (tag !== (to === 'keys' ? PKESK : SKESK)) return 'packet not allowed';
    keys += 1;
    if (keys > (to === 'keys' ? SESSION_KEYS_LIMIT : 1)) return 'too many session keys';
    at = length.end;
  }
  return 'no sealed body';
}

/** Definite lengths of the new format only (RFC 9580 §4.2.1). */
function lengthAt(bytes: Buffer, at: number): { readonly start: number; readonly end: number } | null {
  if (at >= bytes.length) return null;
  const first = bytes.readUInt8(at);
  if (first < 192) return { start: at + 1, end: at + 1 + first };
  if (first < 224) {
    if (at + 2 > bytes.length) return null;
    return { start: at + 2, end: at + 2 + (first - 192) * 256 + bytes.readUInt8(at + 1) + 192 };
  }
  if (first !== 255 || at + 5 > bytes.length) return null;
  return { start: at + 5, end: at + 5 + bytes.readUInt32BE(at + 1) };
}

/** Bits a byte takes at least: what is sealed looks random, what is clear does not. */
const ENTROPY_FLOOR_BITS = 6;
const ENTROPY_SAMPLE_BYTES = 512;

/** Version 1, or version 2 with AES and a known mode (RFC 9580 §5.13). Long bodies must also look random. */
function seipdFault(body: Buffer): string | null {
  const version = body[0];
  const known =
    version === 1 ||
    (version === 2 &&
      [7, 8, 9].includes(body[1] ?? 0) &&
      [1, 2, 3].includes(body[2] ?? 0) &&
      body.length > 52);
  if (!known) return 'body version';
  const sample = body.subarray(version === 1 ? 1 : 36);
  return sample.length >= ENTROPY_SAMPLE_BYTES && entropy(sample) < ENTROPY_FLOOR_BITS
    ? 'body is not sealed'
    : null;
}

/** Shannon entropy in bits a byte. */
function entropy(bytes: Buffer): number {
  const counts = new Uint32Array(256);
  for (const octet of bytes) counts[octet] = (counts[octet] ?? 0) + 1;
  let bits = 0;
  for (const count of counts) {
    if (count === 0) continue;
    const share = count / bytes.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}
