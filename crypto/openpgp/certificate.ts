import { Subkey, encryptSessionKey, readKeys, type Key } from 'openpgp';
import type { Brand, Millis } from '../../shared/ids.ts';
import { CLOCK_SKEW_MS, KEY_LIMIT_BYTES, lenient, strict } from './config.ts';
import { directSignatures, primarySelfSignature } from './library.ts';
import { digest, parsedPublic } from './parsed.ts';
import { recentlyUsed } from './recently-used.ts';

/** Upper-case hex of a primary key's fingerprint: 40 digits (version 4) or 64 (version 6). Names a person's key. */
export type Fingerprint = Brand<string, 'Fingerprint'>;

const fingerprintForm = /^(?:[0-9A-F]{40}|[0-9A-F]{64})$/;

/** Reads a fingerprint in hex, in either case; null when it is none. */
export function fingerprintOf(text: string): Fingerprint | null {
  const upper = text.toUpperCase();
  return fingerprintForm.test(upper) ? (upper as Fingerprint) : null;
}

/** A public key as it was judged at one moment. A plain value: stores and compares by `bytes`. */
export interface Certificate {
  readonly fingerprint: Fingerprint;
  /** Binary transferable public key (RFC 9580 §10.1). */
  readonly bytes: Uint8Array;
  readonly version: number;
  /** Lower-case addresses of the user ids its own key vouches for. */
  readonly addresses: readonly string[];
  /** Upper-case hex key ids (16 digits) of the primary key and every subkey. */
  readonly keyIds: readonly string[];
  /** Names as openpgp.js gives them, primary key first, e.g. `eddsaLegacy ed25519Legacy`, `rsaEncryptSign 3072`. */
  readonly algorithms: readonly string[];
  /** It announces that it reads version 2 SEIPD packets (RFC 9580 §5.2.3.32). */
  readonly seipd2: boolean;
  readonly createdAt: Millis;
  /** When it can no longer be encrypted to; null for never. */
  readonly expiresAt: Millis | null;
  readonly revoked: boolean;
}

export type CertificateRefusal =
  | 'too-large'
  | 'malformed'
  | 'several-keys'
  | 'secret-key' // somebody published a secret key; nothing of it is kept
  | 'unsupported' // a key version or primary algorithm we do not know
  | 'weak' // its own signatures only hold under hashes we refuse
  | 'no-self-signature';

export type ReadCertificate =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'refused'; readonly why: CertificateRefusal };

/** More self-signatures than this are somebody's attempt to keep us busy. */
const SELF_SIGNATURE_LIMIT = 256;

/** Why a certificate cannot be encrypted to now. */
export type EncryptionFault = 'revoked' | 'expired' | 'not-yet-valid' | 'weak' | 'no-encryption-key';

const refused = (why: CertificateRefusal): ReadCertificate => ({ kind: 'refused', why });

/** Text or binary of a key: armored when it starts like it. */
export function isArmored(bytes: Uint8Array): boolean {
  return /^\s*-----BEGIN PGP/.test(Buffer.from(bytes.subarray(0, 256)).toString('latin1'));
}

/** The moment to judge key material at: now, or a little later when it was made on a clock that runs ahead of ours. */
export function withSkew(now: Millis, madeAt: Millis): Date {
  return new Date(madeAt > now && madeAt - now <= CLOCK_SKEW_MS ? madeAt : now);
}

function newestIn(key: Key): Millis {
  const packets = key.toPacketList() as unknown as readonly { readonly created?: Date }[];
  // User ids have no date of their own.
  return Math.max(...packets.map(({ created }) => created?.getTime() ?? 0));
}

/** When to judge a key: {@link withSkew} of its newest part. */
export const dateFor = (key: Key, now: Millis): Date => withSkew(now, newestIn(key));

/**
 * Reads one public key, armored or binary, and judges it at `now`. A revoked or expired certificate reads well (it must be kept to be
 * recognised); what it may be used for is {@link encryptionFault}. Never throws.
 */
export async function readCertificate(bytes: Uint8Array, now: Millis): Promise<ReadCertificate> {
  if (bytes.length > KEY_LIMIT_BYTES) return refused('too-large');
  try {
    const keys = isArmored(bytes)
      ? await readKeys({ armoredKeys: Buffer.from(bytes).toString('latin1') })
      : await readKeys({ binaryKeys: Uint8Array.from(bytes) });
    // The library throws where it finds none.
    const [key] = keys as [Key, ...Key[]];
    if (keys.length > 1) return refused('several-keys');
    if (key.isPrivate()) return refused('secret-key');
    return selfSignatures(key) > SELF_SIGNATURE_LIMIT ? refused('too-large') : await judge(key, now);
  } catch (error) {
    // A primary key of a version or algorithm it does not know is none to the library.
    return refused(/No key packet found/.test(String(error)) ? 'unsupported' : 'malformed');
  }
}

/** Signatures that have to be checked to judge a certificate; those of others are dropped unread. */
function selfSignatures(key: Key): number {
  const parts = [
    key.revocationSignatures,
    directSignatures(key),
    ...key.users.flatMap((user) => [user.selfCertifications, user.revocationSignatures]),
    ...key.subkeys.flatMap((subkey) => [subkey.bindingSignatures, subkey.revocationSignatures]),
  ];
  return parts.reduce((sum, signatures) => sum + signatures.length, 0);
}

/** What was judged lately, by certificate and moment: the mails of one batch are judged at one. */
const judged = recentlyUsed<ReadCertificate>(64);

/**
 * As {@link readCertificate}, for bytes that were read before: skips parsing where the key is still in the cache, and judging where it was judged at
 * this very moment.
 */
export async function readKnownCertificate(bytes: Uint8Array, now: Millis): Promise<ReadCertificate> {
  try {
    return await judged.get(
      `${now} ${digest(bytes)}`,
      async () => judge(await parsedPublic(bytes), now),
      () => true,
    );
  } catch {
    return refused('malformed');
  }
}

async function judge(key: Key, now: Millis): Promise<ReadCertificate> {
  const fingerprint = fingerprintOf(key.getFingerprint());
  if (fingerprint === null) return refused('unsupported');
  const date = dateFor(key, now);
  const self =
    (await primarySelfSignature(key, date, strict).catch(() => null)) ??
    (await primarySelfSignature(key, null, strict).catch(() => null));
  if (self === null) {
    const weak = await primarySelfSignature(key, null, lenient).catch(() => null);
    return refused(weak === null ? 'no-self-signature' : 'weak');
  }
  const addresses = new Set<string>();
  for (const user of key.users) {
    const email = user.userID?.email;
    if (email && (await user.verify(date, strict).catch(() => false))) addresses.add(email.toLowerCase());
  }
  return {
    kind: 'certificate',
    certificate: {
      fingerprint,
      bytes: Uint8Array.from(key.write()),
      version: key.keyPacket.version,
      addresses: [...addresses],
      keyIds: key.getKeyIDs().map((id) => id.toHex().toUpperCase()),
      algorithms: key.getKeys().map((part) => algorithmName(part)),
      seipd2: ((self.features?.[0] ?? 0) & SEIPD2_FEATURE) !== 0,
      createdAt: key.getCreationTime().getTime(),
      expiresAt: await encryptionExpiry(key, date),
      revoked: await key.isRevoked(undefined, undefined, date, lenient),
    },
  };
}

/** RFC 9580 §5.2.3.32: features octet, bit 3. */
const SEIPD2_FEATURE = 8;

function algorithmName(part: Key | Subkey): string {
  const { algorithm, bits, curve } = part.getAlgorithmInfo();
  return [algorithm, curve ?? bits].filter((word) => word !== undefined).join(' ');
}

const millis = (date: Date | number | null): Millis =>
  date instanceof Date ? date.getTime() : Number.POSITIVE_INFINITY;

async function encryptionExpiry(key: Key, date: Date): Promise<Millis | null> {
  const primary = millis(await key.getExpirationTime());
  const part = await key.getEncryptionKey(undefined, date, undefined, strict).catch(() => null);
  const own = part instanceof Subkey ? millis(await part.getExpirationTime(date)) : Number.POSITIVE_INFINITY;
  const soonest = Math.min(primary, own);
  return Number.isFinite(soonest) ? soonest : null;
}

/** Why this certificate cannot be encrypted to at `now`; null when it can. A certificate that does not parse counts as without a key. */
export async function encryptionFault(
  certificate: Certificate,
  now: Millis,
): Promise<EncryptionFault | null> {
  try {
    return await keyEncryptionFault(await parsedPublic(certificate.bytes), now);
  } catch {
    return 'no-encryption-key';
  }
}

/** As {@link encryptionFault}, for a parsed key. */
export async function keyEncryptionFault(key: Key, now: Millis): Promise<EncryptionFault | null> {
  const date = dateFor(key, now);
  if (await key.isRevoked(undefined, undefined, date, lenient)) return 'revoked';
  const partAt = (at: Date | null, config: typeof strict): Promise<Key | Subkey | null> =>
    key.getEncryptionKey(undefined, at, undefined, config).catch(() => null);
  const part = await partAt(date, strict);
  if (part !== null) return (await takesSessionKeys(key, part, date)) ? null : 'no-encryption-key';
  if (await partAt(null, strict)) return newestIn(key) > date.getTime() ? 'not-yet-valid' : 'expired';
  return (await partAt(null, lenient)) ? 'weak' : 'no-encryption-key';
}

/** What came of trying, by key packet. */
const tried = new WeakMap<object, Promise<boolean>>();

/**
 * Whether anything can be sealed to a part of a key. A point of low order, or off its curve, reads well and is signed for by its owner, but no
 * secret comes of it (RFC 9580 §11.1, RFC 7748 §6.1): found out by trying, once, so that the forecast knows and not only the sealing.
 */
function takesSessionKeys(key: Key, part: Key | Subkey, date: Date): Promise<boolean> {
  const known = tried.get(part.keyPacket);
  if (known !== undefined) return known;
  const takes = encryptSessionKey({
    data: new Uint8Array(TRIAL_BYTES),
    algorithm: 'aes128',
    encryptionKeys: key,
    encryptionKeyIDs: [part.getKeyID()],
    date,
    format: 'binary',
  }).then(
    () => true,
    () => false,
  );
  tried.set(part.keyPacket, takes);
  return takes;
}

const TRIAL_BYTES = 16;
