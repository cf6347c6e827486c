import { schnorr } from '@noble/curves/secp256k1.js';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { secretKeyFrom } from './keys.ts';
import { publicOnce, signOnce } from './once-sign.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('what is signed once holds, under the key that noble gives, and never comes out twice', () => {
  fc.assert(
    fc.property(bytes32, bytes32, (key, digest) => {
      const secret = secretKeyFrom(key);
      fc.pre(secret !== null);
      if (secret === null) return;
      const own = schnorr.getPublicKey(secret);
      expect(publicOnce(secret)).toBe(Buffer.from(own).toString('hex'));
      const signature = signOnce(digest, secret);
      expect(schnorr.verify(signature, digest, own)).toBe(true);
      expect(schnorr.verify(signature, digest.with(0, (digest[0] ?? 0) ^ 1), own)).toBe(false);
      expect(Buffer.from(signOnce(digest, secret)).equals(signature)).toBe(false);
    }),
    { numRuns: 60 },
  );
});
