import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { TAG_BYTES, createOcb, hasNativeOcb, hideNativeOcb } from './ocb.ts';
import { rfc7253, rfc7253Iterated } from './rfc-vectors.ts';

const paths = [
  ['native', false],
  ['over ECB', true],
] as const;

afterEach(() => hideNativeOcb(false));

const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex').toUpperCase();

test('this runtime has OCB of its own, so that the two paths below really differ', () => {
  expect(hasNativeOcb(16)).toBe(true);
  expect(hasNativeOcb(32)).toBe(true);
  hideNativeOcb(true);
  expect(hasNativeOcb(16)).toBe(false);
});

describe.each(paths)('AES-OCB %s', (_, hidden) => {
  const make = (key: Uint8Array) => {
    hideNativeOcb(hidden);
    return createOcb(key);
  };

  test.each(rfc7253)('RFC 7253 Appendix A, nonce %s', (nonce, associated, plain, sealed) => {
    const ocb = make(counting(16));
    const n = Buffer.from(nonce, 'hex');
    expect(hex(ocb.seal(n, counting(associated), counting(plain)))).toBe(sealed);
    expect(ocb.open(n, counting(associated), Buffer.from(sealed, 'hex'))).toEqual(
      expect.objectContaining({ length: plain }),
    );
    expect(hex(ocb.open(n, counting(associated), Buffer.from(sealed, 'hex')) ?? counting(1))).toBe(
      hex(counting(plain)),
    );
  });

  test.each(rfc7253Iterated)('RFC 7253 Appendix A, longer test with a key of %i octets', (keyBytes, tag) => {
    const key = new Uint8Array(keyBytes);
    key[keyBytes - 1] = TAG_BYTES * 8;
    const ocb = make(key);
    const nonce = (value: number): Uint8Array => {
      const octets = Buffer.alloc(12);
      octets.writeUInt32BE(value, 8);
      return octets;
    };
    const empty = new Uint8Array(0);
    const all: Uint8Array[] = [];
    for (let i = 0; i < 128; i++) {
      const zeros = new Uint8Array(i);
      all.push(ocb.seal(nonce(3 * i + 1), zeros, zeros));
      all.push(ocb.seal(nonce(3 * i + 2), empty, zeros));
      all.push(ocb.seal(nonce(3 * i + 3), zeros, empty));
    }
    const joined = Buffer.concat(all);
    expect(joined.length).toBe(22_400);
    expect(hex(ocb.seal(nonce(385), joined, empty))).toBe(tag);
  });

  test('a key the caller wipes afterwards still seals as itself', () => {
    const key = counting(16);
    const ocb = make(key);
    const before = hex(ocb.seal(counting(15), counting(3), counting(100)));
    key.fill(0);
    expect(hex(ocb.seal(counting(15), counting(3), counting(100)))).toBe(before);
    expect(hex(make(key).seal(counting(15), counting(3), counting(100)))).not.toBe(before);
  });

  test('refuses keys and nonces of a wrong length', () => {
    expect(() => make(counting(15))).toThrow(RangeError);
    const ocb = make(counting(16));
    for (const length of [0, 16]) {
      expect(() => ocb.seal(counting(length), counting(0), counting(1))).toThrow(RangeError);
      expect(() => ocb.open(counting(length), counting(0), counting(32))).toThrow(RangeError);
    }
  });

  test('gives out nothing when anything was changed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ minLength: 1, maxLength: 15 }),
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 100 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (key, nonce, associated, plain, place, flip) => {
          const ocb = make(key);
          const sealed = Uint8Array.from(ocb.seal(nonce, associated, plain));
          const changed = Uint8Array.from(sealed);
          const at = place % changed.length;
          changed[at] = (changed[at] ?? 0) ^ flip;
          expect(ocb.open(nonce, associated, changed)).toBeNull();
          expect(ocb.open(nonce, associated, sealed.subarray(0, -1))).toBeNull();
          expect(ocb.open(nonce, Uint8Array.of(...associated, 0), sealed)).toBeNull();
          expect(ocb.open(nonce, associated, sealed.subarray(0, TAG_BYTES - 1))).toBeNull();
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('both paths give the same octets for every length, and open each other', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(16, 24, 32).chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
      fc.uint8Array({ minLength: 1, maxLength: 15 }),
      fc.uint8Array({ maxLength: 70 }),
      fc.uint8Array({ maxLength: 1500 }),
      (key, nonce, associated, plain) => {
        hideNativeOcb(false);
        const native = createOcb(key);
        hideNativeOcb(true);
        const ecb = createOcb(key);
        const sealed = native.seal(nonce, associated, plain);
        expect(hex(ecb.seal(nonce, associated, plain))).toBe(hex(sealed));
        expect(hex(ecb.open(nonce, associated, sealed) ?? Uint8Array.of(1))).toBe(hex(plain));
        expect(hex(native.open(nonce, associated, sealed) ?? Uint8Array.of(1))).toBe(hex(plain));
      },
    ),
    { numRuns: 150 },
  );
});
