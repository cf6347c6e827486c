import { randomBytes } from 'node:crypto';
import type { Brand } from '../../shared/ids.ts';
import { fromHex, isHex, toHex } from './hex.ts';
import { isPoint, isSecret, pointOf } from './schnorr.ts';

/** An account, or a key that signs one event: the x coordinate of a secp256k1 point (BIP-340), 64 lower-case hex digits. */
export type PublicKey = Brand<string, 'NostrPublicKey'>;

/** The 32 bytes that sign. Kept in lane state only; zeroed by {@link forget} where its use ends. */
export type SecretKey = Brand<Uint8Array, 'NostrSecretKey'>;

const KEY_BYTES = 32;

/** A fresh key from the system's random numbers. */
export function freshSecretKey(): SecretKey {
  for (;;) {
    const bytes = randomBytes(KEY_BYTES);
    // All but one in 2^128 are.
    if (isSecret(bytes)) return Uint8Array.from(bytes) as SecretKey;
  }
}

/** The public half. */
export function publicKeyOf(secret: SecretKey): PublicKey {
  return toHex(pointOf(secret)) as PublicKey;
}

/** A secret key from 32 bytes; null when they are no number between 1 and the curve's order. */
export function secretKeyFrom(bytes: Uint8Array): SecretKey | null {
  return isSecret(bytes) ? (Uint8Array.from(bytes) as SecretKey) : null;
}

/** A public key from hex; null when it is not lower-case hex of a point on the curve. */
export function publicKeyFrom(hex: unknown): PublicKey | null {
  return isHex(hex, KEY_BYTES) && isPoint(fromHex(hex)) ? (hex as PublicKey) : null;
}

/** The 32 bytes of a public key, as MLS credentials carry them. */
export function publicKeyBytes(key: PublicKey): Uint8Array {
  return fromHex(key);
}

/** A public key from its 32 bytes; null when they are no point on the curve. */
export function publicKeyFromBytes(bytes: Uint8Array): PublicKey | null {
  return publicKeyFrom(toHex(bytes));
}

/** Overwrites a secret. A copy the garbage collector has made meanwhile cannot be reached. */
export function forget(secret: SecretKey): void {
  secret.fill(0);
}
