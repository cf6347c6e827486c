import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto';

const ACCESS_KEY_BYTES = 16;
const NONCE_BYTES = 12;
const CHALLENGE = new Uint8Array(32);

/**
 * The key that lets one send sealed to whoever has this profile key (32 bytes): the first block of AES-256-GCM's key stream under
 * it, with a nonce of zeroes (zkgroup's ProfileKey::derive_access_key). 16 bytes.
 */
export function accessKeyOf(profileKey: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', profileKey, new Uint8Array(NONCE_BYTES));
  return Uint8Array.from(cipher.update(new Uint8Array(ACCESS_KEY_BYTES)));
}

/**
 * Whether an account has this access key: a profile's `unidentifiedAccess` is its HMAC-SHA256 over 32 zeroes. A profile key that the
 * account has changed since does not fit any more.
 */
export function provesAccess(accessKey: Uint8Array, proof: Uint8Array): boolean {
  const expected = createHmac('sha256', accessKey).update(CHALLENGE).digest();
  return proof.length === expected.length && timingSafeEqual(expected, proof);
}
