import { schnorr } from '@noble/curves/secp256k1.js';
import type { Brand } from '../../shared/ids.ts';
import { fromHex, isHex, toHex } from './hex.ts';

/** An account, or a key that signs one event: the x coordinate of a secp256k1 point (BIP-340), 64 lower-case hex digits. */
export type PublicKey = Brand<string, 'NostrPublicKey'>;

/** The 32 bytes that sign. Kept in lane state only; zeroed by {@link forget} where its use ends. */
export type SecretKey = Brand<Uint8Array, 'NostrSecretKey'>;

const KEY_BYTES = 32;

/** A fresh key from the system's random numbers. */
export function freshSecretKey(): SecretKey {
  return schnorr.utils.randomSecretKey() as SecretKey;
}

/** The public half. */
export function publicKeyOf(secret: SecretKey): PublicKey {
  return toHex(schnorr.getPublicKey(secret)) as PublicKey;
}

/** A secret key from 32 bytes; null when they are no number between 1 and the curve's order. */
export function secretKeyFrom(bytes: Uint8Array): SecretKey | null {
  if (bytes.length !== KEY_BYTES) return null;
  try {
    schnorr.getPublicKey(bytes);
  } catch {
    return null;
  }
  return Uint8Array.from(bytes) as SecretKey;
}

/** A public key from hex; null when it is not lower-case hex of a point on the curve. */
export function publicKeyFrom(hex: unknown): PublicKey | null {
  if (!isHex(hex, KEY_BYTES)) return null;
  try {
    schnorr.utils.lift_x(BigInt(`0x${hex}`));
  } catch {
    return null;
  }
  return hex as PublicKey;
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
