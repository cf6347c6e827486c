import {
  decryptKey,
  encryptKey,
  generateKey,
  readPrivateKeys,
  type Key,
  type PrivateKey,
  type Subkey,
} from 'openpgp';
import type { Millis } from '../../shared/ids.ts';
import {
  dateFor,
  isArmored,
  keyEncryptionFault,
  readCertificate,
  type Certificate,
  type EncryptionFault,
} from './certificate.ts';
import { KEY_LIMIT_BYTES, newKeyConfig, strict } from './config.ts';
import { completeSecrets, hasSecret, joined } from './library.ts';
import { parsedPrivate, parsedPublic } from './parsed.ts';

export type { Certificate } from './certificate.ts';

/** My key on one account: the unprotected transferable secret key (kept in the profile's database only) and what others see of it. */
export interface OwnKey {
  /** Binary, without a passphrase. Secret. */
  readonly secret: Uint8Array;
  readonly certificate: Certificate;
}

export type KeyRefusal =
  | EncryptionFault
  | 'too-large'
  | 'malformed'
  | 'several-keys'
  | 'not-secret' // a public key only
  | 'unsupported'
  | 'passphrase-needed'
  | 'wrong-passphrase'
  | 'incomplete' // GnuPG stubs, or a secret half that does not belong to the public one
  | 'no-signing-key';

export type ImportedKey =
  | { readonly kind: 'imported'; readonly key: OwnKey }
  | { readonly kind: 'refused'; readonly why: KeyRefusal };

/**
 * Makes a new key with the one user id `<address>`, which Thunderbird needs to match it to the sender. Version 4 with legacy
 * Ed25519/X25519 identifiers by default: GnuPG 2.2 and Thunderbird read nothing newer.
 * @throws Error when the address cannot be a user id.
 */
export async function generateOwnKey(options: {
  readonly address: string;
  readonly version?: 4 | 6;
  readonly now: Millis;
}): Promise<OwnKey> {
  const v6 = options.version === 6;
  const { privateKey } = await generateKey({
    userIDs: [{ email: options.address }],
    date: new Date(options.now),
    format: 'object',
    ...(v6 ? { type: 'curve25519' } : { type: 'ecc', curve: 'ed25519Legacy' }),
    config: { ...newKeyConfig, v6Keys: v6 },
  });
  return ownKey(privateKey, options.now);
}

async function ownKey(key: PrivateKey, now: Millis): Promise<OwnKey> {
  const read = await readCertificate(Uint8Array.from(key.toPublic().write()), now);
  if (read.kind === 'refused') throw new Error(`own certificate: ${read.why}`);
  return { secret: Uint8Array.from(key.write()), certificate: read.certificate };
}

/**
 * The own key back from its stored secret bytes.
 * @throws Error when they are not one unprotected secret key: the database is damaged.
 */
export async function readOwnKey(secret: Uint8Array, now: Millis): Promise<OwnKey> {
  return ownKey(await parsedPrivate(secret), now);
}

const refused = (why: KeyRefusal): ImportedKey => ({ kind: 'refused', why });

/**
 * Imports a secret key, armored or binary, as exported by another program. Refuses what could not encrypt, decrypt and sign today, and a
 * secret half that does not match the public one. Never throws.
 * @param passphrase null when the person gave none.
 */
export async function importOwnKey(
  bytes: Uint8Array,
  passphrase: string | null,
  now: Millis,
): Promise<ImportedKey> {
  if (bytes.length > KEY_LIMIT_BYTES) return refused('too-large');
  const read = await readSecret(bytes, now);
  if (typeof read === 'string') return refused(read);
  const unlocked = await unlock(read, passphrase);
  if (typeof unlocked === 'string') return refused(unlocked);
  const why = await importFault(unlocked, now).catch(() => 'malformed' as const);
  return why === null ? { kind: 'imported', key: await ownKey(unlocked, now) } : refused(why);
}

async function readSecret(bytes: Uint8Array, now: Millis): Promise<PrivateKey | KeyRefusal> {
  try {
    const keys = isArmored(bytes)
      ? await readPrivateKeys({ armoredKeys: Buffer.from(bytes).toString('latin1') })
      : await readPrivateKeys({ binaryKeys: Uint8Array.from(bytes) });
    const [key] = keys as [PrivateKey, ...PrivateKey[]];
    return keys.length > 1 ? 'several-keys' : key;
  } catch {
    const asPublic = await readCertificate(bytes, now);
    if (asPublic.kind === 'certificate') return 'not-secret';
    return asPublic.why === 'unsupported' ? 'unsupported' : 'malformed';
  }
}

async function unlock(key: PrivateKey, passphrase: string | null): Promise<PrivateKey | KeyRefusal> {
  if (key.isDecrypted()) return key;
  if (passphrase === null) return 'passphrase-needed';
  try {
    return await decryptKey({ privateKey: key, passphrase });
  } catch {
    return 'wrong-passphrase';
  }
}

async function importFault(key: PrivateKey, now: Millis): Promise<KeyRefusal | null> {
  const fault = await keyEncryptionFault(key, now);
  if (fault !== null) return fault;
  const date = dateFor(key, now);
  let signing: Key | Subkey;
  try {
    signing = await key.getSigningKey(undefined, date, undefined, strict);
  } catch {
    return 'no-signing-key';
  }
  const encrypting = await key.getEncryptionKey(undefined, date, undefined, strict);
  for (const part of [signing, encrypting] as readonly (PrivateKey | Subkey)[]) {
    if (!hasSecret(part)) return 'incomplete';
  }
  for (const part of key.getKeys() as readonly (PrivateKey | Subkey)[]) {
    // A changed public half could make us sign or decrypt with numbers an attacker chose (CVE-2023-36554 style key overwriting).
    if (hasSecret(part) && !(await isConsistent(part))) return 'incomplete';
  }
  return null;
}

/**
 * Joins a brought copy of a key with the one that is kept: what only one of them has stays, so that no mail stops opening and no
 * revocation is undone. Refuses as {@link importOwnKey} what could not be used then.
 * @throws Error when they are copies of two keys, or the kept one does not parse.
 */
export async function joinOwnKeys(kept: OwnKey, brought: OwnKey, now: Millis): Promise<ImportedKey> {
  const known = await parsedPrivate(kept.secret);
  // The library gives back a private key for two private ones; its typings say less.
  const both = (await joined(await parsedPrivate(brought.secret), known)) as PrivateKey;
  // Of the kept one: it was checked when it came.
  completeSecrets(both, known);
  const why = await importFault(both, now);
  return why === null ? { kind: 'imported', key: await ownKey(both, now) } : refused(why);
}

async function isConsistent(part: PrivateKey | Subkey): Promise<boolean> {
  try {
    await (part.keyPacket as unknown as { validate(): Promise<void> }).validate();
    return true;
  } catch {
    return false;
  }
}

/**
 * The secret key for another program: armored, under a passphrase (iterated and salted S2K, AES-256 CFB, which GnuPG 2.2 reads).
 * @throws RangeError for an empty passphrase.
 */
export async function exportOwnKey(key: OwnKey, passphrase: string): Promise<string> {
  if (passphrase === '') throw new RangeError('an exported key needs a passphrase');
  const config = { ...newKeyConfig, aeadProtect: false };
  const locked = await encryptKey({ privateKey: await parsedPrivate(key.secret), passphrase, config });
  return locked.armor(strict);
}

/** The public key for another program, armored. */
export async function exportCertificate(certificate: Certificate): Promise<string> {
  return (await parsedPublic(certificate.bytes)).armor(strict);
}
