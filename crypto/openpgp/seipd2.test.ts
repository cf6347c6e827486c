import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { decrypt, encrypt, createMessage, readMessage } from 'openpgp';
import { afterEach, describe, expect, test } from 'vitest';
import { armor, dearmor } from './armor.ts';
import { hideNativeOcb } from './ocb.ts';
import { TAG, packet, readPackets } from './packets.ts';
import { literalPacket } from './seal.ts';
import { AES_128, AES_192, AES_256, openSeipd2, sealSeipd2, sessionKeyBytes } from './seipd2.ts';

afterEach(() => hideNativeOcb(false));

const CHUNK = 8192;
const lengths = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5];

describe.each([
  ['native', false],
  ['over ECB', true],
] as const)('SEIPDv2 %s', (_, hidden) => {
  test.each(lengths)('opens what it sealed, %i octets', (length) => {
    hideNativeOcb(hidden);
    for (const cipher of [AES_128, AES_192, AES_256]) {
      const key = randomBytes(sessionKeyBytes(cipher) ?? 0);
      const plain = randomBytes(length);
      const opened = openSeipd2(key, sealSeipd2(key, cipher, plain));
      expect(opened && Buffer.compare(opened, plain)).toBe(0);
    }
  });

  test.each(lengths)(
    'the library opens what we sealed and we open what it sealed, %i octets',
    async (length) => {
      hideNativeOcb(hidden);
      const data = Uint8Array.from(randomBytes(16));
      const plain = Uint8Array.from(randomBytes(length));
      const ours = packet(TAG.seipd, sealSeipd2(data, AES_128, literalPacket(plain)));
      const sessionKeys = [{ data, algorithm: 'aes128' as const, aeadAlgorithm: 'ocb' as const }];
      const opened = await decrypt({
        message: await readMessage({ armoredMessage: Buffer.from(armor(ours)).toString('latin1') }),
        sessionKeys,
        format: 'binary',
      });
      expect(Buffer.compare(opened.data, plain)).toBe(0);

      const theirs = await encrypt({
        message: await createMessage({ binary: plain, date: new Date(0) }),
        sessionKey: { data, algorithm: 'aes128', aeadAlgorithm: 'ocb' },
        format: 'binary',
        config: { aeadChunkSizeByte: 6 },
      });
      const [body] = readPackets(theirs, 4) as readonly { body: Uint8Array }[];
      const content = openSeipd2(data, body?.body ?? new Uint8Array(0));
      const [literal] = readPackets(content ?? new Uint8Array(0), 4) as readonly { body: Uint8Array }[];
      // One octet of format, an empty name, four octets of date.
      expect(Buffer.compare(literal?.body.subarray(6) ?? new Uint8Array(0), plain)).toBe(0);
    },
  );

  test('refuses every cut, every swap of chunks, every added octet and every flipped bit', () => {
    hideNativeOcb(hidden);
    const key = randomBytes(16);
    const body = Buffer.from(sealSeipd2(key, AES_128, randomBytes(2 * CHUNK + 100)));
    const [header, step] = [36, CHUNK + 16];
    for (const end of [
      0,
      1,
      35,
      36,
      51,
      52,
      header + step,
      header + step + 16,
      header + 2 * step,
      body.length - 16,
      body.length - 1,
    ]) {
      expect(openSeipd2(key, body.subarray(0, end)), `cut at ${end}`).toBeNull();
    }
    const [first, second] = [
      body.subarray(header, header + step),
      body.subarray(header + step, header + 2 * step),
    ];
    const rest = body.subarray(header + 2 * step);
    const head = body.subarray(0, header);
    expect(openSeipd2(key, Buffer.concat([head, second, first, rest]))).toBeNull();
    expect(openSeipd2(key, Buffer.concat([head, first, rest]))).toBeNull();
    expect(openSeipd2(key, Buffer.concat([head, first, first, second, rest]))).toBeNull();
    expect(openSeipd2(key, Buffer.concat([body, Uint8Array.of(0)]))).toBeNull();
    // A whole chunk cut with the last tag kept: what only the final tag catches.
    expect(openSeipd2(key, Buffer.concat([head, first, second, body.subarray(-16)]))).toBeNull();
    fc.assert(
      fc.property(fc.nat({ max: body.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const changed = Buffer.from(body);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(openSeipd2(key, changed)).toBeNull();
      }),
      { numRuns: 80 },
    );
    expect(openSeipd2(randomBytes(16), body)).toBeNull();
    expect(openSeipd2(key, body)).not.toBeNull();
  });

  test('never throws on noise', () => {
    hideNativeOcb(hidden);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(7, 8, 9, 10),
        fc.integer({ min: 0, max: 255 }),
        (noise, cipher, chunk) => {
          const key = randomBytes(sessionKeyBytes(cipher) ?? 16);
          expect(openSeipd2(key, noise)).toBeNull();
          expect(openSeipd2(key, Buffer.concat([Uint8Array.of(2, cipher, 2, chunk), noise]))).toBeNull();
        },
      ),
      { numRuns: 100 },
    );
  });
});

test('refuses a session key that does not fit the cipher', () => {
  expect(() => sealSeipd2(randomBytes(16), AES_256, randomBytes(3))).toThrow(RangeError);
  expect(openSeipd2(randomBytes(32), sealSeipd2(randomBytes(16), AES_128, randomBytes(3)))).toBeNull();
  expect(sessionKeyBytes(3)).toBeNull();
});

test('the packet of a message is found again after armoring', () => {
  const body = packet(TAG.seipd, sealSeipd2(randomBytes(16), AES_128, randomBytes(50)));
  expect(Buffer.compare(dearmor(armor(body)) ?? new Uint8Array(0), body)).toBe(0);
});
