import { encryptAttachment } from '@signalapp/mock-server/src/crypto.js';
import fc from 'fast-check';
import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openAttachment, paddedSize, sealAttachment } from './attachment.ts';

const some = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, at) => (at * 31 + 1) % 256);

describe('a file', () => {
  it('opens again as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), (plain) => {
        const { sealed, key, digest } = sealAttachment(plain);
        expect(key).toHaveLength(64);
        expect(sealed).toHaveLength((Math.floor(paddedSize(plain.length) / 16) + 1) * 16 + 48);
        expect(openAttachment(sealed, { key, digest, size: plain.length })).toEqual(Uint8Array.from(plain));
      }),
    );
  });

  it('opens as Signal’s own mock server seals it', () => {
    for (const size of [0, 1, 15, 16, 5_000]) {
      const { blob, key, digest } = encryptAttachment(Buffer.from(some(size)));
      expect(openAttachment(blob, { key, digest, size })).toEqual(some(size));
    }
  });

  it('that was changed anywhere does not open', () => {
    const plain = some(600);
    const { sealed, key, digest } = sealAttachment(plain);
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(openAttachment(changed, { key, digest, size: 600 })).toBeNull();
        // Not even when the digest was made anew: the MAC does not fit.
        const renewed = createHash('sha256').update(changed).digest();
        expect(openAttachment(changed, { key, digest: renewed, size: 600 })).toBeNull();
      }),
    );
  });

  it('does not open under what is not its key or digest', () => {
    const { sealed, key, digest } = sealAttachment(some(600));
    const other = sealAttachment(some(600));
    const told = { key, digest, size: 600 };
    const bad = [
      { ...told, key: other.key },
      { ...told, key: key.subarray(1) },
      { ...told, key: new Uint8Array(0) },
      { ...told, digest: other.digest },
      { ...told, digest: digest.subarray(1) },
      { ...told, digest: new Uint8Array(0) },
    ];
    for (const one of bad) expect(openAttachment(sealed, one)).toBeNull();
  });

  it('of a size that cannot be does not open', () => {
    const { sealed, key, digest } = sealAttachment(some(600));
    for (const size of [-1, 0.5, Number.NaN, Infinity, 2 ** 53, 2 ** 32, sealed.length, paddedSize(600) + 1])
      expect(openAttachment(sealed, { key, digest, size })).toBeNull();
    expect(openAttachment(sealed, { key, digest, size: 599 })).toEqual(some(599));
  });

  it('padded wrongly by one who knows the key does not open', () => {
    const key = Buffer.alloc(64, 7);
    const iv = Buffer.alloc(16, 1);
    const cipher = createCipheriv('aes-256-cbc', key.subarray(0, 32), iv).setAutoPadding(false);
    const body = Buffer.concat([iv, cipher.update(Buffer.alloc(32)), cipher.final()]);
    const sealed = Buffer.concat([body, createHmac('sha256', key.subarray(32)).update(body).digest()]);
    const digest = createHash('sha256').update(sealed).digest();
    expect(openAttachment(sealed, { key, digest, size: 3 })).toBeNull();
  });

  it('of any bytes does not open', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.uint8Array({ maxLength: 70 }),
        fc.integer(),
        (sealed, key, size) => {
          const digest = createHash('sha256').update(sealed).digest();
          expect(openAttachment(sealed, { key, digest, size })).toBeNull();
        },
      ),
    );
  });
});

describe('sizes', () => {
  it.each([
    [0, 541],
    [1, 541],
    [541, 541],
    [542, 568],
    [1_000, 1_020],
    [100_000, 100_155],
  ])('%i is told as %i', (size, told) => {
    expect(paddedSize(size)).toBe(told);
  });

  it('never come out smaller than the file, and at most 5 % larger', () => {
    fc.assert(
      fc.property(fc.nat(200 * 1024 * 1024), (size) => {
        const padded = paddedSize(size);
        expect(padded).toBeGreaterThanOrEqual(size);
        if (size > 541) expect(padded).toBeLessThanOrEqual(size * 1.05 + 1);
        expect(paddedSize(padded) === padded || paddedSize(padded) <= padded * 1.05 + 1).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
