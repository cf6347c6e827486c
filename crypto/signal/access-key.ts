import { createCipheriv } from 'node:crypto';

const ACCESS_KEY_BYTES = 16;
const NONCE_BYTES = 12;

/**
 * The key that lets one send sealed to whoever has this profile key (32 bytes): the first block of AES-256-GCM's key stream under
 * it, with a nonce of zeroes (zkgroup's ProfileKey::derive_access_key). 16 bytes.
 */
export function accessKeyOf(profileKey: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', profileKey, new Uint8Array(NONCE_BYTES));
  return Uint8Array.from(cipher.update(new Uint8Array(ACCESS_KEY_BYTES)));
}
