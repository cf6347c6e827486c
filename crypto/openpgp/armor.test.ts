import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { armor as libraryArmor, enums, unarmor } from 'openpgp';
import { describe, expect, test } from 'vitest';
import { armor, dearmor } from './armor.ts';

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');
const read = (armored: string): Uint8Array | null => dearmor(Buffer.from(armored, 'latin1'));

describe('armor', () => {
  test.each([1, 56, 57, 58, 114, 1000])(
    'reads back %i octets; the library reads the same',
    async (length) => {
      const binary = randomBytes(length);
      const armored = armor(binary);
      expect(Buffer.compare(dearmor(armored) ?? new Uint8Array(0), binary)).toBe(0);
      const theirs = await unarmor(text(armored));
      const parts: Uint8Array[] = [];
      for await (const part of theirs.data as unknown as AsyncIterable<Uint8Array>) parts.push(part);
      expect(
        Buffer.concat(parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : part))),
      ).toEqual(binary);
    },
  );

  test('has CRLF lines of at most 76 characters, no headers and no checksum', () => {
    const lines = text(armor(randomBytes(200))).split('\r\n');
    expect(lines[0]).toBe('-----BEGIN PGP MESSAGE-----');
    expect(lines[1]).toBe('');
    expect(lines.at(-2)).toBe('-----END PGP MESSAGE-----');
    expect(lines.at(-1)).toBe('');
    expect(Math.max(...lines.map((line) => line.length))).toBe(76);
    expect(lines.slice(2, -2).join('')).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
  });

  test.each([1, 2, 3, 100, 5000])('writes the checksum the library writes, over %i octets', (length) => {
    const binary = randomBytes(length);
    const theirs = libraryArmor(enums.armor.message, binary, undefined, undefined, undefined, true);
    const sum = /\n(=[^\r\n=]{4})\r?\n/.exec(theirs)?.[1];
    expect(sum).toBeDefined();
    expect(text(armor(binary, true)).split('\r\n').at(-3)).toBe(sum);
    expect(dearmor(armor(binary, true))).toEqual(binary);
  });

  test('reads LF, armor headers, blank lines around, trailing blanks and a checksum', () => {
    const binary = randomBytes(90);
    const theirs = libraryArmor(enums.armor.message, binary, undefined, undefined, 'a remark', true);
    expect(theirs).toMatch(/\n=.{4}\r?\n/);
    expect(dearmor(Buffer.from(theirs.replaceAll('\r', '')))).toEqual(binary);
    expect(read(`\r\n\n ${theirs.replaceAll('\n', ' \n')}\n\n`)).toEqual(binary);
  });

  test.each([
    ['nothing', ''],
    ['no end', '-----BEGIN PGP MESSAGE-----\n\nAAAA\n'],
    ['no begin', 'AAAA\n-----END PGP MESSAGE-----'],
    ['another kind', '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----'],
    ['text before', 'hi\n-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----'],
    ['text after', '-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\nbye'],
    ['two messages', '-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n'.repeat(2)],
    ['text on the begin line', '-----BEGIN PGP MESSAGE----- x\n\nAAAA\n-----END PGP MESSAGE-----'],
    ['all on one line', '-----BEGIN PGP MESSAGE-----AAAA-----END PGP MESSAGE-----'],
    ['no blank line', '-----BEGIN PGP MESSAGE-----\nAAAA\n-----END PGP MESSAGE-----'],
    ['headers only', '-----BEGIN PGP MESSAGE-----\nVersion: 1\n-----END PGP MESSAGE-----'],
    [
      'many headers',
      `-----BEGIN PGP MESSAGE-----\n${'Comment: x\n'.repeat(40)}\nAAAA\n-----END PGP MESSAGE-----`,
    ],
    ['nothing inside', '-----BEGIN PGP MESSAGE-----\n\n\n-----END PGP MESSAGE-----'],
    ['other letters', '-----BEGIN PGP MESSAGE-----\n\nAA*A\n-----END PGP MESSAGE-----'],
    ['an equals sign inside', '-----BEGIN PGP MESSAGE-----\n\nAA=A\nAAAA\n-----END PGP MESSAGE-----'],
    ['a checksum alone', '-----BEGIN PGP MESSAGE-----\n\n=AAAA\n-----END PGP MESSAGE-----'],
  ])('refuses %s', (_, armored) => {
    expect(read(armored)).toBeNull();
  });

  test('never throws', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            '-----BEGIN PGP MESSAGE-----',
            '-----END PGP MESSAGE-----',
            '\n',
            '\r\n',
            'AAAA',
            '=',
            '=AAAA',
            'A: b',
            ' ',
            '\0',
          ),
          { maxLength: 30 },
        ),
        (parts) => {
          const octets = read(parts.join(''));
          expect(octets === null || octets.length > 0).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
