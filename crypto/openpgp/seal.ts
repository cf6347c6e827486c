import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { encrypt, encryptSessionKey, enums, type PrivateKey } from 'openpgp';
import type { Millis } from '../../shared/ids.ts';
import { armor } from './armor.ts';
import {
  encryptionFault,
  dateFor,
  type Certificate,
  type EncryptionFault,
  type Fingerprint,
} from './certificate.ts';
import { strict } from './config.ts';
import type { OwnKey } from './keys.ts';
import { hasSecret, literal, messageOf, signLiteral } from './library.ts';
import { TAG, packet, readPackets, type Packet } from './packets.ts';
import { parsedPrivate, parsedPublic } from './parsed.ts';
import { AES_128, sealSeipd2 } from './seipd2.ts';

/** Certificates one message may go to; the list of intended recipients in the signature has 64 KiB. */
export const RECIPIENT_LIMIT = 1000;

const SESSION_KEY_BYTES = 16;
/** RFC 9580 §9.4: ZLIB. */
const COMPRESSION_ZLIB = 2;
const INTENDED_RECIPIENT = 35;
/** One-pass signature, literal, signature; or the compressed packet around them. */
const CONTENT_PACKETS = 3;

/** How a message was sealed. */
export interface SealFacts {
  readonly seipd: 1 | 2;
  readonly aead: 'ocb' | null;
  readonly cipher: 'aes128';
  /** Whoever can open it: the recipients and the own key. */
  readonly to: readonly Fingerprint[];
  /** The message names no recipient (RFC 9580 §5.1). */
  readonly hidden: boolean;
  readonly signedBy: Fingerprint;
}

export type Sealed =
  | { readonly kind: 'sealed'; readonly armored: Uint8Array; readonly facts: SealFacts }
  | { readonly kind: 'refused'; readonly why: 'too-many-recipients' }
  | {
      readonly kind: 'refused';
      readonly why: 'unusable-certificate';
      readonly fingerprint: Fingerprint;
      readonly fault: EncryptionFault;
    }
  | { readonly kind: 'refused'; readonly why: 'cannot-sign' };

/**
 * Signs and seals bytes to certificates and to the own key. Version 2 SEIPD (AES-128, OCB, 8 KiB) where every certificate announces
 * it, the own one included, else version 1. The signature names everyone it is meant for (RFC 9580 §5.2.3.36), so nobody who opens
 * it can pass it on as if it had been meant for another.
 * @param options.hideRecipients leave key ids out. Thunderbird cannot read such mail: only towards chat programs.
 * @returns the armored message with CRLF line ends, or the first certificate that cannot be used now; then nothing was sealed.
 */
export async function seal(options: {
  readonly plaintext: Uint8Array;
  readonly from: OwnKey;
  readonly to: readonly Certificate[];
  readonly hideRecipients: boolean;
  readonly compress?: boolean;
  readonly now: Millis;
}): Promise<Sealed> {
  const { from, now } = options;
  const all = new Map(
    [...options.to, from.certificate].map((certificate) => [certificate.fingerprint, certificate]),
  );
  if (all.size > RECIPIENT_LIMIT) return { kind: 'refused', why: 'too-many-recipients' };
  for (const certificate of all.values()) {
    const fault = await encryptionFault(certificate, now);
    if (fault !== null) {
      return { kind: 'refused', why: 'unusable-certificate', fingerprint: certificate.fingerprint, fault };
    }
  }
  const recipients = [...all.values()];
  const signed = await signedPackets(options.plaintext, from, recipients, now);
  if (signed === null) return { kind: 'refused', why: 'cannot-sign' };
  const content = options.compress ? compressed(signed) : signed;
  const version2 = recipients.every((certificate) => certificate.seipd2);
  const sessionKey = new Uint8Array(randomBytes(SESSION_KEY_BYTES));
  const sessionKeys = await Promise.all(
    recipients.map(async ({ bytes }) => {
      const key = await parsedPublic(bytes);
      return encryptSessionKey({
        data: sessionKey,
        algorithm: 'aes128',
        ...(version2 ? { aeadAlgorithm: 'ocb' as const } : {}),
        encryptionKeys: key,
        wildcard: options.hideRecipients,
        // Each at its own moment: one made on a clock ahead of ours must not make another expire early.
        date: dateFor(key, now),
        format: 'binary',
      });
    }),
  );
  const body = version2
    ? packet(TAG.seipd, sealSeipd2(sessionKey, AES_128, content))
    : await sealVersion1(sessionKey, content);
  return {
    kind: 'sealed',
    armored: armor(Buffer.concat([...sessionKeys, body]), !version2),
    facts: {
      seipd: version2 ? 2 : 1,
      aead: version2 ? 'ocb' : null,
      cipher: 'aes128',
      to: recipients.map((certificate) => certificate.fingerprint),
      hidden: options.hideRecipients,
      signedBy: from.certificate.fingerprint,
    },
  };
}

/** A version 1 SEIPD packet around packets of ours, made by the library (RFC 9580 §5.13.1). */
function sealVersion1(sessionKey: Uint8Array, content: Uint8Array): Promise<Uint8Array> {
  const message = messageOf(readPackets(content, CONTENT_PACKETS) as readonly Packet[]);
  return encrypt({ message, sessionKey: { data: sessionKey, algorithm: 'aes128' }, format: 'binary' });
}

function compressed(packets: Uint8Array): Uint8Array {
  return packet(TAG.compressed, Uint8Array.of(COMPRESSION_ZLIB), deflateSync(packets));
}

/** RFC 9580 §5.2.3.36: one subpacket for each recipient: its key version and fingerprint. */
function intendedRecipients(recipients: readonly Certificate[]): Uint8Array {
  return Buffer.concat(
    recipients.map(({ fingerprint, version }) => {
      const octets = Buffer.from(fingerprint, 'hex');
      return Buffer.concat([Uint8Array.of(octets.length + 2, INTENDED_RECIPIENT, version), octets]);
    }),
  );
}

/** The strength the curve of the signing key asks for (RFC 9580 §5.2.3.2), SHA-256 otherwise, as Delta Chat core. */
function hashFor(algorithm: string): enums.hash {
  return /ed448|nistP384|nistP521|brainpoolP384|brainpoolP512/.test(algorithm)
    ? enums.hash.sha512
    : enums.hash.sha256;
}

/**
 * One-pass signature, literal data and signature (RFC 9580 §10.3). Null when the own key cannot sign now.
 * @param recipients named in the signature; [] names nobody.
 */
export async function signedPackets(
  plaintext: Uint8Array,
  from: OwnKey,
  recipients: readonly Certificate[],
  now: Millis,
): Promise<Uint8Array | null> {
  const key: PrivateKey = await parsedPrivate(from.secret);
  const date = dateFor(key, now);
  const part = await key.getSigningKey(undefined, date, undefined, strict).catch(() => null);
  if (part === null || !hasSecret(part)) return null;
  const { algorithm, curve = '' } = part.getAlgorithmInfo();
  const data = literal(plaintext);
  const { onePass, signature } = await signLiteral(
    data,
    part.keyPacket as Parameters<typeof signLiteral>[1],
    hashFor(`${algorithm} ${curve}`),
    intendedRecipients(recipients),
    date,
  );
  return Buffer.concat([
    packet(TAG.onePass, onePass),
    literalPacket(plaintext),
    packet(TAG.signature, signature),
  ]);
}

/** RFC 9580 §5.9: binary, no file name, no date. Neither is covered by the signature, so neither is given. */
export function literalPacket(plaintext: Uint8Array): Uint8Array {
  return packet(TAG.literal, Uint8Array.of(0x62, 0, 0, 0, 0, 0), plaintext);
}
