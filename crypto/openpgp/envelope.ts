import { dearmor } from './armor.ts';
import { PLAINTEXT_LIMIT_BYTES } from './config.ts';
import { TAG, readPackets, type Packet } from './packets.ts';
import { AES_128, HEADER_BYTES, sessionKeyBytes } from './seipd2.ts';

/** Why a message was not opened. */
export type OpenRefusal =
  | 'not-for-us' // no session key for our keys, or its signature says it was meant for others
  | 'no-integrity' // not protected against changes (SED): never decrypted
  | 'damaged' // changed, cut or extended after it was sealed
  | 'too-large'
  | 'malformed'
  | 'too-many-packets'
  | 'unsupported';

/** Bounds checked before the work they bound. */
export interface OpenLimits {
  readonly plaintextBytes: number;
  /** Compressed content may grow to this many times its size, and always to 1 MiB. */
  readonly expansion: number;
  /** Session-key packets of one message; a large group with hidden recipients has one for each member. */
  readonly sessionKeys: number;
  readonly signatures: number;
}

export const defaultLimits: OpenLimits = {
  plaintextBytes: PLAINTEXT_LIMIT_BYTES,
  expansion: 200,
  sessionKeys: 1024,
  signatures: 16,
};

/** A public-key encrypted session key as far as it can be read without a key (RFC 9580 §5.1). */
export interface SessionKeyPacket {
  readonly raw: Uint8Array;
  /** Upper-case hex; null for a hidden recipient. */
  readonly keyId: string | null;
}

/** An encrypted message, split but not opened. */
export interface Envelope {
  readonly kind: 'envelope';
  readonly seipd: 1 | 2;
  /** Identifiers of version 2 (RFC 9580 §9.3, §9.6); null in version 1, which hides them. */
  readonly cipher: number | null;
  readonly aead: number | null;
  readonly publicKey: readonly SessionKeyPacket[];
  readonly password: readonly Packet[];
  readonly body: Packet;
}

export type Refused = { readonly kind: 'refused'; readonly why: OpenRefusal };

export const refused = (why: OpenRefusal): Refused => ({ kind: 'refused', why });

const ARMOR_OVERHEAD = 1.5;
const CHUNK_SIZE_MAX = 16;

/** Packets a message may hold besides session keys: the body, and a few markers and paddings around it. */
const OTHER_PACKETS = 16;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

/** Whom a session-key packet is for (RFC 9580 §5.1.1, §5.1.2); null for a packet of a kind we cannot use. */
function recipient(body: Uint8Array): Pick<SessionKeyPacket, 'keyId'> | null {
  if (body[0] === 3) {
    if (body.length < 10) return null;
    const id = body.subarray(1, 9);
    return { keyId: id.every((octet) => octet === 0) ? null : hex(id) };
  }
  const length = body[1];
  if (length === undefined || body.length < 2 + length) return null;
  if (length === 0) return { keyId: null };
  const fingerprint = body.subarray(3, 2 + length);
  if (body[2] === 4 && fingerprint.length === 20) return { keyId: hex(fingerprint.subarray(-8)) };
  if (body[2] === 6 && fingerprint.length === 32) return { keyId: hex(fingerprint.subarray(0, 8)) };
  return null;
}

function readBody(
  body: Packet,
  limits: OpenLimits,
): Pick<Envelope, 'seipd' | 'cipher' | 'aead'> | OpenRefusal {
  if (body.tag === TAG.sed) return 'no-integrity';
  if (body.tag !== TAG.seipd) return 'unsupported';
  if (body.body.length > limits.plaintextBytes * ARMOR_OVERHEAD) return 'too-large';
  const [version, cipher = 0, aead = 0, chunkOctet = 0] = body.body;
  if (version === 1) return { seipd: 1, cipher: null, aead: null };
  if (version !== 2) return 'unsupported';
  if (body.body.length < HEADER_BYTES) return 'malformed';
  if (sessionKeyBytes(cipher) === null || aead < 1 || aead > 3) return 'unsupported';
  if (chunkOctet > CHUNK_SIZE_MAX) return 'malformed';
  return { seipd: 2, cipher, aead };
}

/**
 * Takes an armored encrypted message apart (RFC 9580 §10.3): session keys, then exactly one integrity-protected body, then nothing.
 * Checks every limit that can be checked without a key. Never throws.
 */
export function readEnvelope(armored: Uint8Array, limits: OpenLimits): Envelope | Refused {
  if (armored.length > limits.plaintextBytes * ARMOR_OVERHEAD * ARMOR_OVERHEAD) return refused('too-large');
  const binary = dearmor(armored);
  if (binary === null) return refused('malformed');
  const packets = readPackets(binary, limits.sessionKeys + OTHER_PACKETS);
  if (packets === 'too-many') return refused('too-many-packets');
  if (packets === 'truncated') return refused('damaged');
  if (packets === 'malformed') return refused('malformed');
  // Markers and paddings are ignored; so are unknown packets that say they may be (RFC 9580 §4.3).
  const meant = packets.filter(({ tag }) => tag !== TAG.marker && tag !== TAG.padding && tag < 40);
  const body = meant.at(-1);
  const keys = meant.slice(0, -1);
  if (!body) return refused('malformed');
  if (keys.some(({ tag }) => tag !== TAG.pkesk && tag !== TAG.skesk)) return refused('malformed');
  if (body.tag === TAG.pkesk || body.tag === TAG.skesk) return refused('damaged');
  if (keys.length > limits.sessionKeys) return refused('too-many-packets');
  const facts = readBody(body, limits);
  if (typeof facts === 'string') return refused(facts);
  // RFC 9580 §10.3.2.1: version 6 session keys go with version 2 bodies and with nothing else; a mixture is a downgrade.
  const version = facts.seipd === 2 ? 6 : 3;
  const publicKey: SessionKeyPacket[] = [];
  for (const { tag, body: content, raw } of keys) {
    if (tag !== TAG.pkesk || content[0] !== version) continue;
    const known = recipient(content);
    if (known) publicKey.push({ raw, ...known });
  }
  const password = keys.filter(({ tag }) => tag === TAG.skesk);
  return { kind: 'envelope', ...facts, publicKey, password, body };
}

export const aeadNames = ['eax', 'ocb', 'gcm'] as const;
export type AeadName = (typeof aeadNames)[number];

/** How a message was protected, for the evidence. */
export interface PacketFacts {
  readonly seipd: 1 | 2;
  readonly aead: AeadName | null;
  readonly cipher: 'aes128' | 'aes192' | 'aes256' | 'other';
  /** None of its session keys named a recipient. */
  readonly hidden: boolean;
}

const aesNames = ['aes128', 'aes192', 'aes256'] as const;

/**
 * The facts of an envelope once its session key is known.
 * @param algorithm of the session key; a version 2 body names its own.
 */
export function packetFacts(envelope: Envelope, algorithm: string | null): PacketFacts {
  const cipher = envelope.cipher === null ? algorithm : aesNames[envelope.cipher - AES_128];
  return {
    seipd: envelope.seipd,
    aead: envelope.aead === null ? null : (aeadNames[envelope.aead - 1] as AeadName),
    cipher: aesNames.find((name) => name === cipher) ?? 'other',
    hidden: envelope.publicKey.length > 0 && envelope.publicKey.every(({ keyId }) => keyId === null),
  };
}
