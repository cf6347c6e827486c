import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { PlainsealError } from '../shared/errors.ts';
import { KEY_BYTES } from './database.ts';
import type { SealedKey } from './key-header.ts';
import type { ProfileInfo } from './profile.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals the database key under a wrapping key of 32 bytes: AES-256-GCM, bound to the profile and its kind. */
export function sealKey(key: Uint8Array, wrapping: Uint8Array, profile: ProfileInfo): SealedKey {
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  const cipher = createCipheriv('aes-256-gcm', wrapping, nonce);
  cipher.setAAD(binding(profile));
  const wrapped = new Uint8Array(Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]));
  return { nonce, wrapped };
}

/**
 * Opens what {@link sealKey} made.
 * @throws PlainsealError `wrong-key` for another wrapping key or another profile.
 */
export function openSealedKey(sealed: SealedKey, wrapping: Uint8Array, profile: ProfileInfo): Uint8Array {
  const end = sealed.wrapped.byteLength - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', wrapping, sealed.nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(binding(profile));
  decipher.setAuthTag(sealed.wrapped.subarray(end));
  try {
    const key = Buffer.concat([decipher.update(sealed.wrapped.subarray(0, end)), decipher.final()]);
    if (key.byteLength !== KEY_BYTES) throw new Error('another length');
    return new Uint8Array(key);
  } catch (cause) {
    throw new PlainsealError('wrong-key', 'this does not open the key', { cause });
  }
}

function binding(profile: ProfileInfo): Uint8Array {
  return new TextEncoder().encode(`plainseal key 1|${profile.kind}|${profile.id}`);
}
