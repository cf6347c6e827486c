import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { containsWord } from './canary.ts';

const WORD = 'canary-wörd-7f3a';

test('a word is found plain, in base64 at any offset and in quoted-printable', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 90 }), fc.uint8Array({ maxLength: 90 }), (before, after) => {
      const bytes = Buffer.concat([before, Buffer.from(WORD), after]);
      expect(containsWord(bytes, WORD)).toBe(true);
      const base64 = bytes.toString('base64').replace(/(.{76})/g, '$1\r\n');
      expect(containsWord(Buffer.from(`Content-Transfer-Encoding: base64\r\n\r\n${base64}`), WORD)).toBe(
        true,
      );
      const quoted = [...bytes].map((byte) => `=${byte.toString(16).padStart(2, '0').toUpperCase()}`);
      const lines = quoted.join('').replace(/((?:=..){25})/g, '$1=\r\n');
      expect(containsWord(Buffer.from(lines), WORD)).toBe(true);
    }),
  );
});

test('a word that is not there is not found', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      expect(containsWord(bytes, WORD)).toBe(Buffer.from(bytes).includes(WORD));
    }),
  );
  expect(containsWord(Buffer.from(WORD.slice(0, -1)), WORD)).toBe(false);
  expect(containsWord(Buffer.from(Buffer.from(WORD.slice(0, 8)).toString('base64')), WORD)).toBe(false);
});

test('a word that would turn up by chance is refused', () => {
  expect(() => containsWord(new Uint8Array(), 'short')).toThrow('8 bytes');
});
