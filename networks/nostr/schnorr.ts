import { randomBytes } from 'node:crypto';
import { isPrivate, isXOnlyPoint, signSchnorr, verifySchnorr, xOnlyPointFromScalar } from 'tiny-secp256k1';

/*
 * BIP-340 by libsecp256k1, the C library of Bitcoin, compiled to WebAssembly: it runs everywhere, in the same time whatever the key, and ten
 * times as fast as JavaScript. Its plain multiplication of a point is not of constant time: shared secrets are not made with it (ecdh.ts).
 */

/** Whether 32 bytes are a number between 1 and the curve's order. */
export const isSecret = (bytes: Uint8Array): boolean => isPrivate(bytes);

/** Whether 32 bytes are the x coordinate of a point. */
export const isPoint = (bytes: Uint8Array): boolean => isXOnlyPoint(bytes);

/** The x coordinate of a secret's point. @throws TypeError when it is no secret. */
export const pointOf = (secret: Uint8Array): Uint8Array => xOnlyPointFromScalar(secret);

/** Signs 32 bytes; 64 bytes. `auxRand`: 32 bytes, fresh ones but for a specification's vector. @throws TypeError when it is no secret. */
export const sign = (
  digest: Uint8Array,
  secret: Uint8Array,
  auxRand: Uint8Array = randomBytes(32),
): Uint8Array => signSchnorr(digest, secret, auxRand);

/** Whether 64 bytes are the signature of this key over 32 bytes; false for anything that is none. */
export function verify(signature: Uint8Array, digest: Uint8Array, key: Uint8Array): boolean {
  try {
    return verifySchnorr(digest, key, signature);
  } catch {
    return false;
  }
}
