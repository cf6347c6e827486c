import { IdentityKeyPair, PublicKey } from '@signalapp/libsignal-client';
import fc from 'fast-check';
import { createDecipheriv, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { sealDeviceName, type SealedDeviceName } from './device-name.ts';

const mac = (key: Uint8Array, bytes: Uint8Array): Buffer => createHmac('sha256', key).update(bytes).digest();

/** As another device of the account reads it (Signal Desktop's decryptDeviceName). */
function read({ privateKey }: IdentityKeyPair, sealed: SealedDeviceName): string | null {
  const secret = privateKey.agree(PublicKey.deserialize(Uint8Array.from(sealed.ephemeralPublic)));
  const key = mac(mac(secret, Buffer.from('cipher')), sealed.syntheticIv);
  const cipher = createDecipheriv('aes-256-ctr', key, new Uint8Array(16));
  const name = Buffer.concat([cipher.update(sealed.ciphertext), cipher.final()]);
  const expected = mac(mac(secret, Buffer.from('auth')), name).subarray(0, 16);
  return expected.equals(sealed.syntheticIv) ? name.toString() : null;
}

test('a name is read by the devices of its account alone', () => {
  const [mine, other] = [IdentityKeyPair.generate(), IdentityKeyPair.generate()];
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (name) => {
      const sealed = sealDeviceName(name, mine.publicKey.serialize());
      expect(sealed.syntheticIv).toHaveLength(16);
      expect(read(mine, sealed)).toBe(name);
      expect(read(other, sealed)).toBeNull();
    }),
  );
});

test('is sealed for keys only', () => {
  expect(() => sealDeviceName('laptop', new Uint8Array(33))).toThrow(RangeError);
});
