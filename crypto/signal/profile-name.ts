import { createDecipheriv } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Largest name that is opened: the longest that programs write has 257 bytes. */
const MAX_BYTES = 1_024;

/**
 * Opens the name in a profile: initialization vector, AES-256-GCM under the profile key (32 bytes), tag; inside are the given name,
 * a zero, the family name, and zeroes up to a length that tells little. Both names with a space between, null for what is empty
 * or does not open.
 */
export function openProfileName(profileKey: Uint8Array, sealed: Uint8Array): string | null {
  if (sealed.length < IV_BYTES + TAG_BYTES || sealed.length > MAX_BYTES) return null;
  const tagAt = sealed.length - TAG_BYTES;
  let padded: Buffer;
  try {
    const decipher = createDecipheriv('aes-256-gcm', profileKey, sealed.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(sealed.subarray(tagAt));
    padded = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, tagAt)), decipher.final()]);
  } catch {
    return null;
  }
  const parts = padded.toString('utf8').split('\0');
  const name = parts
    .slice(0, 2)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join(' ');
  return name === '' ? null : name;
}
