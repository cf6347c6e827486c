import { createECDH, createHash, randomBytes } from 'node:crypto';
import { schnorr } from '@noble/curves/secp256k1.js';
import { isNative } from './ecdh.ts';
import { toHex } from './hex.ts';
import { publicKeyOf, type PublicKey, type SecretKey } from './keys.ts';

/** Order of secp256k1. */
const N = schnorr.Point.Fn.ORDER;

const tagHashes = new Map<string, Buffer>();

/** `hash_name` of BIP-340. */
function tagged(name: string, ...parts: readonly Uint8Array[]): Buffer {
  let tag = tagHashes.get(name);
  if (tag === undefined) {
    tag = createHash('sha256').update(name, 'utf8').digest();
    tagHashes.set(name, tag);
  }
  const hash = createHash('sha256').update(tag).update(tag);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const bytesOf = (number: bigint): Buffer => Buffer.from(number.toString(16).padStart(64, '0'), 'hex');

/** The point of a scalar: its x, and whether its y is even. @throws Error where this runtime has no such curve. */
function pointOf(scalar: Uint8Array): { readonly x: Buffer; readonly even: boolean } {
  const ecdh = createECDH('secp256k1');
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey(null, 'compressed') as unknown as Buffer;
  return { x: point.subarray(1), even: point[0] === 2 };
}

/**
 * Signs with a key that signs nothing else (BIP-340). OpenSSL multiplies, some twenty times faster than JavaScript does; what is left is
 * arithmetic whose time may tell something of the key. Of one that is forgotten at once that helps nobody. Never for the account's key.
 */
export function signOnce(digest: Uint8Array, secret: SecretKey): Uint8Array {
  if (!isNative) return schnorr.sign(digest, secret);
  const own = pointOf(secret);
  const d = own.even ? numberOf(secret) : N - numberOf(secret);
  const mask = tagged('BIP0340/aux', randomBytes(32));
  const masked = bytesOf(d).map((byte, at) => byte ^ (mask[at] ?? 0));
  const k0 = numberOf(tagged('BIP0340/nonce', masked, own.x, digest)) % N;
  // As likely as guessing the key.
  if (k0 === 0n) return schnorr.sign(digest, secret);
  const nonce = pointOf(bytesOf(k0));
  const k = nonce.even ? k0 : N - k0;
  const e = numberOf(tagged('BIP0340/challenge', nonce.x, own.x, digest)) % N;
  return Buffer.concat([nonce.x, bytesOf((k + e * d) % N)]);
}

/** The public half of a key, in hex, as fast. */
export function publicOnce(secret: SecretKey): PublicKey {
  return isNative ? (toHex(pointOf(secret).x) as PublicKey) : publicKeyOf(secret);
}
