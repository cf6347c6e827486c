import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TAG, packet, packetHeader, readPackets } from './packets.ts';

const body = (length: number): Buffer => Buffer.alloc(length, 7);
const partial = (power: number): Buffer => Buffer.concat([Uint8Array.of(0xe0 | power), body(2 ** power)]);

describe('reading packets', () => {
  test.each([0, 1, 191, 192, 8383, 8384, 70_000])('reads back a packet of %i octets', (length) => {
    const made = packet(TAG.literal, body(length));
    expect(readPackets(made, 2)).toEqual([
      expect.objectContaining({ tag: TAG.literal, body: expect.objectContaining({ length }) }),
    ]);
    expect(packetHeader(TAG.literal, length).length + length).toBe(made.length);
  });

  test.each([
    ['one octet', Buffer.concat([Uint8Array.of(0x84, 3), body(3)]), 3],
    ['two octets', Buffer.concat([Uint8Array.of(0x85, 1, 0), body(256)]), 256],
    ['four octets', Buffer.concat([Uint8Array.of(0x86, 0, 1, 0, 0), body(65_536)]), 65_536],
  ])('reads an old-format length of %s', (_, made, length) => {
    expect(readPackets(made, 1)).toEqual([
      expect.objectContaining({ tag: 1, body: expect.objectContaining({ length }) }),
    ]);
  });

  test('reads an indeterminate length to the end, for data only', () => {
    const data = Buffer.concat([Uint8Array.of(0x80 | (TAG.compressed << 2) | 3), body(10)]);
    expect(readPackets(data, 1)).toEqual([expect.objectContaining({ tag: TAG.compressed })]);
    expect(readPackets(Buffer.concat([Uint8Array.of(0x80 | (TAG.pkesk << 2) | 3), body(10)]), 1)).toBe(
      'malformed',
    );
  });

  test('joins partial lengths, for data only, and not from a first part below 512 octets', () => {
    const parts = Buffer.concat([Uint8Array.of(0xd2), partial(9), partial(0), Uint8Array.of(2), body(2)]);
    const read = readPackets(parts, 1);
    expect(read).toEqual([expect.objectContaining({ tag: 18, body: body(515) })]);
    expect(readPackets(Buffer.concat([Uint8Array.of(0xd2), partial(8), Uint8Array.of(0)]), 1)).toBe(
      'malformed',
    );
    expect(readPackets(Buffer.concat([Uint8Array.of(0xc1), partial(9), Uint8Array.of(0)]), 1)).toBe(
      'malformed',
    );
  });

  test('tells what is cut off at every octet', () => {
    const whole = Buffer.concat([
      packet(TAG.pkesk, body(20)),
      packet(TAG.marker, body(300)),
      Uint8Array.of(0xd2),
      partial(9),
      Uint8Array.of(255, 0, 0, 0, 4),
      body(4),
    ]);
    expect(readPackets(whole, 9)).toHaveLength(3);
    for (let end = 0; end < whole.length; end++) {
      const read = readPackets(whole.subarray(0, end), 9);
      const wholePackets = end === 0 || end === 22 || end === 325;
      expect(typeof read === 'string' ? read : read.length).toBe(
        wholePackets ? [0, 22, 325].indexOf(end) : 'truncated',
      );
    }
    expect(readPackets(Uint8Array.of(0x85, 1), 1)).toBe('truncated');
  });

  test('refuses more packets than allowed without reading on, and what is no packet', () => {
    expect(readPackets(Buffer.concat(Array.from({ length: 50 }, () => packet(TAG.pkesk))), 10)).toBe(
      'too-many',
    );
    expect(readPackets(Uint8Array.of(0x41), 10)).toBe('malformed');
  });

  test('never throws, and never hands out more octets than it was given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
        const read = readPackets(noise, 20);
        if (typeof read === 'string') return;
        const octets = read.reduce((sum, { raw }) => sum + raw.length, 0);
        expect(octets).toBe(noise.length);
      }),
      { numRuns: 1000 },
    );
  });
});
