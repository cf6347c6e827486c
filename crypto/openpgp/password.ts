import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { decryptSessionKeys, readMessage } from 'openpgp';
import type { Millis } from '../../shared/ids.ts';
import { armor } from './armor.ts';
import type { Fingerprint } from './certificate.ts';
import { openBody } from './content.ts';
import {
  defaultLimits,
  packetFacts,
  readEnvelope,
  refused,
  type OpenLimits,
  type Refused,
} from './envelope.ts';
import type { OwnKey } from './keys.ts';
import { createOcb } from './ocb.ts';
import { decrypted, type Decrypted } from './open.ts';
import { TAG, packet, type Packet } from './packets.ts';
import { literalPacket, signedPackets } from './seal.ts';
import { AEAD_OCB, AES_128, sealSeipd2 } from './seipd2.ts';

const SKESK_VERSION = 6;
const S2K_SALTED = 1;
const S2K_ITERATED = 3;
const HASH_SHA256 = 8;
const S2K_SALT_BYTES = 8;
const NONCE_BYTES = 15;
const SESSION_KEY_BYTES = 16;
/** Place of the coded count of an iterated S2K in the packet (RFC 9580 §3.7.1.3, §5.3.2). */
const S2K_COUNT_AT = 15;
/** What all passwords tried on one message may hash together. Salted hashes a few octets; iterated is the attacker's choice. */
const S2K_WORK_BYTES = 16 * 1024 * 1024;
/** Passwords that may be tried on one message: open invitations and channels. */
const PASSWORD_LIMIT = 1000;

/** RFC 9580 §3.7.1.2 (salted S2K, one SHA-256) and §5.3.2 (HKDF over it, with the packet's header as info). */
function keyFor(password: string, salt: Uint8Array, header: Uint8Array): Uint8Array {
  const hashed = createHash('sha256')
    .update(salt)
    .update(password, 'utf8')
    .digest()
    .subarray(0, SESSION_KEY_BYTES);
  return new Uint8Array(hkdfSync('sha256', hashed, new Uint8Array(0), header, SESSION_KEY_BYTES));
}

/** A version 6 symmetric-key encrypted session key with salted S2K, the only kind Delta Chat core tries (RFC 9580 §5.3.2). */
function passwordPacket(password: string, sessionKey: Uint8Array): Uint8Array {
  const salt = randomBytes(S2K_SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const s2k = Buffer.concat([Uint8Array.of(S2K_SALTED, HASH_SHA256), salt]);
  const header = Uint8Array.of(0xc0 | TAG.skesk, SKESK_VERSION, AES_128, AEAD_OCB);
  const sealed = createOcb(keyFor(password, salt, header)).seal(nonce, header, sessionKey);
  const fields = Buffer.concat([Uint8Array.of(AES_128, AEAD_OCB, s2k.length), s2k, nonce]);
  return packet(TAG.skesk, Uint8Array.of(SKESK_VERSION, fields.length), fields, sealed);
}

/**
 * Seals bytes under a password: what SecureJoin v3 and channels send. The password must carry its own entropy (they are random tokens):
 * salted S2K slows nobody down.
 * @param options.from signs it when given; the first message of SecureJoin v3 is not signed.
 * @returns the armored message, or null when the own key cannot sign now.
 * @throws RangeError for an empty password.
 */
export async function sealWithPassword(options: {
  readonly plaintext: Uint8Array;
  readonly password: string;
  readonly from: OwnKey | null;
  readonly now: Millis;
}): Promise<Uint8Array | null> {
  if (options.password === '') throw new RangeError('an empty password protects nothing');
  const content =
    options.from === null
      ? literalPacket(options.plaintext)
      : await signedPackets(options.plaintext, options.from, [], options.now);
  if (content === null) return null;
  const sessionKey = randomBytes(SESSION_KEY_BYTES);
  const body = packet(TAG.seipd, sealSeipd2(sessionKey, AES_128, content));
  return armor(Buffer.concat([passwordPacket(options.password, sessionKey), body]));
}

/** Octets one password costs to try on this packet, or null when it is of a kind never tried. Looks at the header alone. */
function s2kWork(skesk: Packet): number | null {
  const [version, , , , s2kLength, type] = skesk.body;
  if (version !== SKESK_VERSION) return null;
  if (type === S2K_SALTED && s2kLength === 2 + S2K_SALT_BYTES) return 1024;
  if (type !== S2K_ITERATED || s2kLength !== 3 + S2K_SALT_BYTES) return null;
  const coded = skesk.body[S2K_COUNT_AT] ?? 255;
  return (16 + (coded & 15)) << ((coded >> 4) + 6);
}

/** An opened message and which of the passwords it was. */
export type OpenedWithPassword = Decrypted & { readonly password: string };

/** True when an armored message is sealed under a password and to no key, and looks like one {@link openWithPasswords} would try. */
export function isPasswordMessage(armored: Uint8Array, limits: OpenLimits = defaultLimits): boolean {
  const envelope = readEnvelope(armored, limits);
  return envelope.kind === 'envelope' && envelope.publicKey.length === 0 && envelope.password.length === 1;
}

/**
 * Opens an armored message with the first of `passwords` that fits. Only messages with exactly one version 6 password packet and a version 2
 * body are tried, and only when all tries together stay within a bound: strangers can send these. Never throws.
 * @param own fingerprints of our keys, for a signature that names whom it is meant for.
 */
export async function openWithPasswords(
  armored: Uint8Array,
  passwords: readonly string[],
  own: readonly Fingerprint[],
  limits: OpenLimits = defaultLimits,
): Promise<OpenedWithPassword | Refused> {
  const envelope = readEnvelope(armored, limits);
  if (envelope.kind === 'refused') return envelope;
  const [skesk, ...others] = envelope.password;
  if (!skesk) return refused('not-for-us');
  if (others.length > 0 || passwords.length > PASSWORD_LIMIT) return refused('too-many-packets');
  const work = s2kWork(skesk);
  if (envelope.seipd !== 2 || work === null) return refused('unsupported');
  if (work * passwords.length > S2K_WORK_BYTES) return refused('unsupported');
  for (const password of passwords) {
    const sessionKey = await sessionKeyOf(skesk.raw, password);
    if (sessionKey === null) continue;
    const content = await openBody(envelope, { data: sessionKey, algorithm: null }, limits);
    // The password packet is authenticated: its session key is the right one, so the body is what is wrong.
    if (content === 'wrong-key') return refused('damaged');
    if (typeof content === 'string') return refused(content);
    return { ...decrypted(content, packetFacts(envelope, null), null, own), password };
  }
  return refused('not-for-us');
}

async function sessionKeyOf(raw: Uint8Array, password: string): Promise<Uint8Array | null> {
  try {
    const message = await readMessage({ binaryMessage: raw });
    const keys = await decryptSessionKeys({ message, passwords: password });
    return keys[0]?.data ?? null;
  } catch {
    return null;
  }
}
