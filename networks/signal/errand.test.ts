import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ServiceId } from '../../crypto/signal/address.ts';
import { encodeFrame } from '../../shared/wire/codec.ts';
import { errandIntent, readErrand, syncOps } from './errand.ts';

const plainBytes = (length: { minLength: number; maxLength: number }) =>
  fc.uint8Array(length).map((bytes) => Uint8Array.from(bytes));
const content = plainBytes({ minLength: 0, maxLength: 200 });
const sentAt = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const to = fc.record({
  service: fc.uuid().map((uuid) => uuid as ServiceId),
  device: fc.integer({ min: 1, max: 127 }),
});
const errand: fc.Arbitrary<Parameters<typeof errandIntent>[0]> = fc.oneof(
  fc.record({
    op: fc.constantFrom(...syncOps),
    content,
    forget: fc.option(sentAt),
    endsAt: fc.option(sentAt),
  }),
  fc.record({ op: fc.constant('retry-request' as const), to, content }),
  fc.record({
    op: fc.constant('resend' as const),
    to,
    sentAt,
    ratchetKey: fc.option(plainBytes({ minLength: 33, maxLength: 33 })),
  }),
);

const dataOf = (one: Parameters<typeof errandIntent>[0]) => {
  const { what } = errandIntent(one, 1);
  if (what.kind !== 'protocol') throw new Error('no errand');
  return what;
};

test('an errand reads back as it was written', () => {
  fc.assert(
    fc.property(errand, (one) => {
      expect(readErrand(dataOf(one))).toEqual(one);
    }),
  );
});

test('an answer of mine names somebody of this network, or nobody', () => {
  const read = (peer: string) => readErrand({ op: 'blocked', data: new TextEncoder().encode(peer) });
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      expect(read(`signal|${uuid}`)).toEqual({ op: 'blocked', service: uuid });
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(read(text)).toBeNull();
    }),
  );
  expect(read('signal|nobody')).toBeNull();
});

test('a message of mine that was deleted is named with whom it was written to', () => {
  const read = (peer: string) => readErrand({ op: 'deleted', data: encodeFrame({ peer, message: 'me:5' }) });
  const service = '00000000-0000-4000-8000-000000000000';
  expect(read(`signal|${service}`)).toEqual({ op: 'deleted', service, message: 'me:5' });
  expect(read('signal|nobody')).toBeNull();
  expect(readErrand({ op: 'deleted', data: Uint8Array.of(1) })).toBeNull();
});

test('what waits for my devices from before it had an end reads without one', () => {
  const waiting = { content: Uint8Array.of(1), forget: null };
  const data = encodeFrame(waiting);
  expect(readErrand({ op: 'transcript', data })).toEqual({ op: 'transcript', ...waiting, endsAt: null });
});

test('damaged or foreign data is none', () => {
  fc.assert(
    fc.property(errand, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
      const { op, data } = dataOf(one);
      const damaged = Uint8Array.from(data);
      const index = at % damaged.length;
      damaged[index] = (damaged[index] ?? 0) ^ flip;
      expect(() => readErrand({ op, data: damaged })).not.toThrow();
      expect(readErrand({ op, data: data.subarray(0, -1) })).toBeNull();
      expect(readErrand({ op: 'secure-join/vc-pubkey', data })).toBeNull();
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom(...syncOps, 'retry-request', 'resend'), (data, op) => {
      expect(() => readErrand({ op, data })).not.toThrow();
    }),
  );
});

test.each([
  { to: { service: 'nobody', device: 1 }, sentAt: 1, ratchetKey: null },
  { to: { service: '00000000-0000-4000-8000-000000000000', device: 0 }, sentAt: 1, ratchetKey: null },
  { to: { service: '00000000-0000-4000-8000-000000000000', device: 128 }, sentAt: 1, ratchetKey: null },
  { to: { service: '00000000-0000-4000-8000-000000000000', device: 1 }, sentAt: -1, ratchetKey: null },
  {
    to: { service: '00000000-0000-4000-8000-000000000000', device: 1 },
    sentAt: 1,
    ratchetKey: new Uint8Array(34),
  },
])('an address, a time or a key that cannot be is none: %j', (value) => {
  expect(readErrand({ op: 'resend', data: encodeFrame(value) })).toBeNull();
});
