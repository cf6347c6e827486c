import { schnorr } from '@noble/curves/secp256k1.js';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPoint, isSecret, pointOf, sign, verify } from './schnorr.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const succeeds = (run: () => unknown): boolean => {
  try {
    run();
    return true;
  } catch {
    return false;
  }
};
const ORDER = Buffer.from('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141', 'hex');

test('it signs what another library verifies, as another library signs, and never twice the same', () => {
  fc.assert(
    fc.property(bytes(32), bytes(32), bytes(32), (secret, digest, auxRand) => {
      fc.pre(isSecret(secret));
      const key = schnorr.getPublicKey(secret);
      expect(Buffer.from(pointOf(secret)).equals(key)).toBe(true);
      const signature = sign(digest, secret);
      expect(schnorr.verify(signature, digest, key)).toBe(true);
      expect(verify(signature, digest, key)).toBe(true);
      expect(verify(signature, digest.with(0, (digest[0] ?? 0) ^ 1), key)).toBe(false);
      expect(Buffer.from(sign(digest, secret)).equals(signature)).toBe(false);
      expect(Buffer.from(sign(digest, secret, auxRand))).toEqual(
        Buffer.from(schnorr.sign(digest, secret, auxRand)),
      );
    }),
    { numRuns: 40 },
  );
});

test('a changed byte, another key and what is no signature at all verify nowhere, and throw nothing', () => {
  const [secret, digest] = [schnorr.utils.randomSecretKey(), new Uint8Array(32).fill(7)];
  const [key, signature] = [pointOf(secret), sign(digest, secret)];
  fc.assert(
    fc.property(fc.nat(63), fc.integer({ min: 1, max: 255 }), bytes(32), (at, flip, other) => {
      const changed = signature.with(at, (signature[at] ?? 0) ^ flip);
      expect(verify(changed, digest, key)).toBe(false);
      expect(verify(signature, digest, other)).toBe(false);
    }),
    { numRuns: 100 },
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }),
      (...any) => {
        expect(verify(...any)).toBe(false);
      },
    ),
  );
});

test('keys are keys where another library says so', () => {
  expect([isSecret(new Uint8Array(32)), isSecret(ORDER), isSecret(new Uint8Array(31).fill(1))]).toEqual([
    false,
    false,
    false,
  ]);
  expect(isSecret(ORDER.with(31, 0x40))).toBe(true);
  fc.assert(
    fc.property(bytes(32), (x) => {
      const number = BigInt(`0x${Buffer.from(x).toString('hex')}`);
      expect(isPoint(x)).toBe(succeeds(() => schnorr.utils.lift_x(number)));
      expect(isSecret(x)).toBe(succeeds(() => schnorr.getPublicKey(x)));
    }),
    { numRuns: 100 },
  );
  expect(isPoint(new Uint8Array(32))).toBe(false);
  expect(isPoint(new Uint8Array(32).fill(255))).toBe(false);
  expect(isPoint(new Uint8Array(33).fill(1))).toBe(false);
});
