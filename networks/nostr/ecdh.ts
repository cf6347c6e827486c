import { createECDH } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { PlainsealError } from '../../shared/errors.ts';
import { fromHex } from './hex.ts';
import type { PublicKey, SecretKey } from './keys.ts';

type Ecdh = (own: SecretKey, point: Uint8Array) => Uint8Array;

const portable: Ecdh = (own, point) => secp256k1.getSharedSecret(own, point).subarray(1, 33);

/** OpenSSL's curve is some ten times faster; Electron's BoringSSL has none of this name. */
const native: Ecdh = (own, point) => {
  const ecdh = createECDH('secp256k1');
  ecdh.setPrivateKey(own);
  return ecdh.computeSecret(point);
};

function hasNative(): boolean {
  try {
    createECDH('secp256k1');
    return true;
  } catch {
    return false;
  }
}

/** Whether this runtime has OpenSSL's curve. */
const isNative: boolean = hasNative();

/** Every implementation there is in this runtime, the fastest first; exported for the test that they agree. */
export const implementations: readonly Ecdh[] = isNative ? [native, portable] : [portable];

/**
 * The x coordinate of the point two keys share, 32 bytes (NIP-44 takes it as it is). A public key stands for its point with even y.
 * @throws PlainsealError `corrupt` when the other key is no point.
 */
export function sharedX(own: SecretKey, other: PublicKey): Uint8Array {
  const [ecdh = portable] = implementations;
  try {
    return ecdh(own, fromHex(`02${other}`));
  } catch {
    // Without the cause: an error of this computation may quote what went into it.
    throw new PlainsealError('corrupt', 'no shared secret with this key');
  }
}
