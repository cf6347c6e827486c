import { expect, test } from 'vitest';
import fc from 'fast-check';
import type { RelayUrl } from '../relay-url.ts';
import { encodeRouting, readRouting, type NostrGroupId } from './routing.ts';
import { encodeLength, encodeVector, readVector } from './varint.ts';

const group = 'cd'.repeat(32) as NostrGroupId;
const relay = (name: string): RelayUrl => `wss://${name}.example` as RelayUrl;
const parts = (...relays: readonly string[]): Uint8Array =>
  Buffer.concat([
    Buffer.from(group, 'hex'),
    encodeVector(Buffer.concat(relays.map((one) => encodeVector(Buffer.from(one))))),
  ]);

test('relays are written once each and sorted, and read back', () => {
  const bytes = encodeRouting({ group, relays: [relay('b'), relay('a'), relay('b')] });
  expect(bytes).toEqual(parts(relay('a'), relay('b')));
  expect(readRouting(bytes)).toEqual({ group, relays: [relay('a'), relay('b')] });
  for (const relays of [[], Array.from({ length: 17 }, (_, at) => relay(`r${at}`))])
    expect(() => encodeRouting({ group, relays })).toThrow('1 to 16');
});

test('only the canonical form is taken', () => {
  const good = parts(relay('a'));
  const many = Array.from({ length: 17 }, (_, at) => relay(`r${String(at).padStart(2, '0')}`));
  for (const bad of [
    new Uint8Array(),
    good.subarray(0, 31),
    good.subarray(0, 32),
    good.subarray(0, -1),
    Buffer.concat([good, Buffer.alloc(1)]),
    parts(),
    parts(''),
    parts(relay('b'), relay('a')),
    parts(relay('a'), relay('a')),
    parts('https://a.example'),
    parts(...many),
  ])
    expect(readRouting(bad)).toBeNull();
  expect(readRouting(parts(...many.slice(1)))?.relays).toHaveLength(16);
});

test('lengths have one form each, and no bytes make a reader throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(70), fc.nat(20_000), fc.nat(2 ** 30 - 1)), (length) => {
      const bytes = encodeLength(length);
      expect(bytes.length).toBe(length < 64 ? 1 : length < 16_384 ? 2 : 4);
      const short = readVector(Buffer.concat([bytes, Buffer.alloc(Math.min(length, 20_000))]), 0, 20_000);
      expect(short?.value.length ?? null).toBe(length <= 20_000 ? length : null);
    }),
  );
  expect(readVector(Uint8Array.of(0x40, 1, 9), 0, 10)).toBeNull();
  expect(readVector(Uint8Array.of(0x80, 0, 0, 1, 9), 0, 10)).toBeNull();
  expect(readVector(Uint8Array.of(0xc0, 0, 0, 0, 0, 0, 0, 0), 0, 10)).toBeNull();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      const read = readRouting(bytes);
      if (read) expect(encodeRouting(read)).toEqual(Buffer.from(bytes));
    }),
  );
});
