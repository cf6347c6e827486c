import { enums, type Key, type Subkey } from 'openpgp';
import type { Certificate, Fingerprint } from './certificate.ts';
import { strict } from './config.ts';
import { verifies } from './library.ts';
import { parsedPublic } from './parsed.ts';

/** A key of a certificate under whose names its signatures are looked up. */
export interface SigningKey {
  /** Upper-case hex, 16 digits. */
  readonly keyId: string;
  /** Upper-case hex; of a subkey its own, not the certificate's. */
  readonly fingerprint: string;
}

const KEY_ID_DIGITS = 16;
const V4_DIGITS = 40;

/** The key id that goes with a fingerprint: the end of a version 4 one, the beginning of a version 6 one (RFC 9580 §5.5.4). */
export const keyIdOf = (fingerprint: Fingerprint): string =>
  fingerprint.length === V4_DIGITS ? fingerprint.slice(-KEY_ID_DIGITS) : fingerprint.slice(0, KEY_ID_DIGITS);

const named = (part: Key | Subkey): SigningKey => ({
  keyId: part.getKeyID().toHex().toUpperCase(),
  fingerprint: part.getFingerprint().toUpperCase(),
});

/**
 * Whether a subkey has signed back that it belongs to this primary key (RFC 9580 §5.2.1.9, §5.2.3.34). Without that anybody can bind anybody's
 * public key. Time is left out: what a subkey signed before it expired is looked up as well.
 */
async function hasSignedBack(key: Key, subkey: Subkey): Promise<boolean> {
  const data = { key: key.keyPacket, bind: subkey.keyPacket };
  for (const { embeddedSignature } of subkey.bindingSignatures) {
    if (embeddedSignature === null) continue;
    const { keyBinding } = enums.signature;
    if (await verifies(embeddedSignature, subkey.keyPacket, keyBinding, data, null, strict)) return true;
  }
  return false;
}

/**
 * The primary key of a stored certificate, and each of its subkeys that has signed back. Whether they may sign, and when, is judged where a
 * signature is checked.
 * @throws Error when the certificate does not parse.
 */
export async function signingKeys({ bytes }: Certificate): Promise<readonly [SigningKey, ...SigningKey[]]> {
  const key = await parsedPublic(bytes);
  const subkeys: SigningKey[] = [];
  for (const subkey of key.subkeys) if (await hasSignedBack(key, subkey)) subkeys.push(named(subkey));
  return [named(key), ...subkeys];
}
