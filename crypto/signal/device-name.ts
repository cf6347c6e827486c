import { PrivateKey } from '@signalapp/libsignal-client';
import { createCipheriv, createHmac } from 'node:crypto';
import { publicKeyOf } from './public-key.ts';

const SYNTHETIC_IV_BYTES = 16;
const IV_BYTES = 16;

/** A device's name as only the account's own devices read it. */
export type SealedDeviceName = {
  readonly ephemeralPublic: Uint8Array;
  readonly syntheticIv: Uint8Array;
  readonly ciphertext: Uint8Array;
};

/**
 * Seals the name of a device for the account's identity: agreement with a fresh key; a synthetic vector from the name itself, so that
 * an altered name shows; AES-256-CTR (Signal Desktop's encryptDeviceName).
 * @param identityKey the account's public identity key, 33 bytes. @throws RangeError when it is none.
 */
export function sealDeviceName(name: string, identityKey: Uint8Array): SealedDeviceName {
  const identity = publicKeyOf(identityKey);
  if (identity === null) throw new RangeError('not an identity key');
  const ephemeral = PrivateKey.generate();
  const secret = ephemeral.agree(identity);
  const plain = Buffer.from(name);
  const syntheticIv = mac(mac(secret, Buffer.from('auth')), plain).subarray(0, SYNTHETIC_IV_BYTES);
  const key = mac(mac(secret, Buffer.from('cipher')), syntheticIv);
  const cipher = createCipheriv('aes-256-ctr', key, new Uint8Array(IV_BYTES));
  return {
    ephemeralPublic: ephemeral.getPublicKey().serialize(),
    syntheticIv: Uint8Array.from(syntheticIv),
    ciphertext: Uint8Array.from(Buffer.concat([cipher.update(plain), cipher.final()])),
  };
}

const mac = (key: Uint8Array, bytes: Uint8Array): Buffer => createHmac('sha256', key).update(bytes).digest();
