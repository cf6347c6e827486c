import { hkdf, PrivateKey } from '@signalapp/libsignal-client';
import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { publicKeyOf } from './public-key.ts';

/*
 * What a phone seals for the key in a QR code (ProvisionEnvelope's body): a version byte, an initialization vector, AES-256-CBC,
 * and HMAC-SHA256 over all before it. Both keys come from one key agreement.
 */
const VERSION = 1;
const IV_BYTES = 16;
const BLOCK_BYTES = 16;
const MAC_BYTES = 32;
const KEY_BYTES = 32;
/** The fields it has fill less than a kilobyte. */
const MAX_BODY = 64 * 1024;
const INFO = Uint8Array.from(Buffer.from('TextSecure Provisioning Message'));

/** The key pair of one QR code. */
export interface ProvisioningKeys {
  /** What the code shows: 33 bytes. */
  readonly publicKey: Uint8Array;
  /** Opens an envelope: the bytes of a ProvisionMessage, or null when it was not sealed for this code, or was changed. */
  open(envelope: { readonly publicKey: Uint8Array; readonly body: Uint8Array }): Uint8Array | null;
}

/** A fresh key pair. Its private half never leaves what is given back. */
export function createProvisioningKeys(): ProvisioningKeys {
  const key = PrivateKey.generate();
  return {
    publicKey: key.getPublicKey().serialize(),
    open: ({ publicKey, body }) => {
      const theirs = publicKeyOf(publicKey);
      if (theirs === null || !isWhole(body)) return null;
      const keys = hkdf(2 * KEY_BYTES, key.agree(theirs), INFO, null);
      const macAt = body.length - MAC_BYTES;
      const mac = createHmac('sha256', keys.subarray(KEY_BYTES)).update(body.subarray(0, macAt)).digest();
      if (!timingSafeEqual(mac, body.subarray(macAt))) return null;
      const iv = body.subarray(1, 1 + IV_BYTES);
      const cipher = createDecipheriv('aes-256-cbc', keys.subarray(0, KEY_BYTES), iv);
      try {
        return Uint8Array.from(
          Buffer.concat([cipher.update(body.subarray(1 + IV_BYTES, macAt)), cipher.final()]),
        );
      } catch {
        // Whoever knows the keys has padded it wrongly.
        return null;
      }
    },
  };
}

function isWhole(body: Uint8Array): boolean {
  const sealed = body.length - 1 - IV_BYTES - MAC_BYTES;
  return body[0] === VERSION && body.length <= MAX_BODY && sealed > 0 && sealed % BLOCK_BYTES === 0;
}
