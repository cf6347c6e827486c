/** One packet of a sequence (RFC 9580 §4.2). */
export interface Packet {
  readonly tag: number;
  /** The packet's content; parts of a partial-length body are joined. */
  readonly body: Uint8Array;
  /** Header and content as they stood in the input. */
  readonly raw: Uint8Array;
}

/** Packet type ids (RFC 9580 §5). */
export const TAG = {
  pkesk: 1,
  signature: 2,
  skesk: 3,
  onePass: 4,
  compressed: 8,
  sed: 9,
  marker: 10,
  literal: 11,
  seipd: 18,
  aead: 20,
  padding: 21,
} as const;

/** Only data packets may have partial or indeterminate lengths (RFC 9580 §4.2.1.4). */
const dataTags: ReadonlySet<number> = new Set([TAG.compressed, TAG.sed, TAG.literal, TAG.seipd, TAG.aead]);
const FIRST_PARTIAL_BYTES = 512;

export type PacketsRefusal = 'malformed' | 'truncated' | 'too-many';

interface Length {
  readonly bytes: number;
  readonly at: number;
  readonly partial: boolean;
}

/** A new-format length at `at` (RFC 9580 §4.2.1), or null when it is cut off. */
function newLength(bytes: Uint8Array, at: number): Length | null {
  const first = bytes[at];
  if (first === undefined) return null;
  if (first < 192) return { bytes: first, at: at + 1, partial: false };
  if (first >= 224 && first < 255) return { bytes: 2 ** (first & 31), at: at + 1, partial: true };
  const octets = first === 255 ? 4 : 1;
  if (at + 1 + octets > bytes.length) return null;
  if (first < 224)
    return { bytes: ((first - 192) << 8) + (bytes[at + 1] as number) + 192, at: at + 2, partial: false };
  return { bytes: bigEndian(bytes, at + 1, 4), at: at + 5, partial: false };
}

function bigEndian(bytes: Uint8Array, at: number, octets: number): number {
  let value = 0;
  for (let i = 0; i < octets; i++) value = value * 256 + (bytes[at + i] as number);
  return value;
}

/** An old-format length (RFC 9580 §4.2.2); indeterminate runs to the end of the input. */
function oldLength(bytes: Uint8Array, at: number, type: number): Length | null {
  if (type === 3) return { bytes: bytes.length - at, at, partial: false };
  const octets = 2 ** type;
  if (at + octets > bytes.length) return null;
  return { bytes: bigEndian(bytes, at, octets), at: at + octets, partial: false };
}

/**
 * Splits bytes into packets without looking inside them. Never throws and copies only bodies that came in parts.
 * @param limit refuses a sequence of more packets than this before reading on.
 */
export function readPackets(bytes: Uint8Array, limit: number): readonly Packet[] | PacketsRefusal {
  const packets: Packet[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (packets.length === limit) return 'too-many';
    const start = at;
    const header = bytes[at] as number;
    if ((header & 0x80) === 0) return 'malformed';
    const isNew = (header & 0x40) !== 0;
    const tag = isNew ? header & 0x3f : (header & 0x3f) >> 2;
    let length = isNew ? newLength(bytes, at + 1) : oldLength(bytes, at + 1, header & 3);
    if (length === null) return 'truncated';
    const indeterminate = !isNew && (header & 3) === 3;
    if ((length.partial || indeterminate) && !dataTags.has(tag)) return 'malformed';
    if (length.partial && length.bytes < FIRST_PARTIAL_BYTES) return 'malformed';
    const parts: Uint8Array[] = [];
    for (;;) {
      const end: number = length.at + length.bytes;
      if (end > bytes.length) return 'truncated';
      parts.push(bytes.subarray(length.at, end));
      at = end;
      if (!length.partial) break;
      length = newLength(bytes, at);
      if (length === null) return 'truncated';
    }
    const body = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
    packets.push({ tag, body, raw: bytes.subarray(start, at) });
  }
  return packets;
}

/** Header of a packet in the new format with a definite length (RFC 9580 §4.2.1). */
export function packetHeader(tag: number, bodyBytes: number): Uint8Array {
  if (bodyBytes < 192) return Uint8Array.of(0xc0 | tag, bodyBytes);
  if (bodyBytes < 8384)
    return Uint8Array.of(0xc0 | tag, ((bodyBytes - 192) >> 8) + 192, (bodyBytes - 192) & 255);
  const header = Buffer.alloc(6, 0xff);
  header[0] = 0xc0 | tag;
  header.writeUInt32BE(bodyBytes, 2);
  return header;
}

/** A whole packet in the new format with a definite length, from the parts of its body. */
export function packet(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const bodyBytes = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([packetHeader(tag, bodyBytes), ...parts]);
}
