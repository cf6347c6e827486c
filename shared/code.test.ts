import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chatCodes, codeKinds, codeText, comparedCodes, MAX_CODE, recognise } from './code.ts';
import { codes, SIGNAL_NUMBER } from './test/codes.ts';
import { createWords } from './words/words.ts';

const words = createWords('en', { region: 'en-GB' });
const bytesOf = (code: string | Uint8Array): Uint8Array =>
  typeof code === 'string' ? new TextEncoder().encode(code) : code;

test.each(codeKinds)('AT-13 %s is told from every other kind, typed and scanned', (kind) => {
  for (const code of codes[kind]) {
    expect(recognise(code), String(code)).toBe(kind);
    expect(recognise(bytesOf(code)), String(code)).toBe(kind);
  }
});

test('AT-13 each place takes its kinds alone, and names every other', () => {
  const places = [...Object.values(comparedCodes), ...Object.values(chatCodes)];
  for (const wanted of places)
    for (const found of codeKinds) {
      if ((wanted as readonly string[]).includes(found)) continue;
      const { what, todo } = words.codeRefused(found, wanted);
      if (found === 'signal-link') expect(what).toBe(words.say('link-code.what'));
      else if (found === 'nostr-secret') expect(what).toBe(words.say('secret-code.what'));
      else {
        expect(what).toBe(`This is ${words.codeName(found)}.`);
        for (const kind of wanted) expect(todo).toContain(words.codeName(kind));
      }
    }
});

test('no place takes what links a device, or a secret key', () => {
  for (const wanted of [...Object.values(comparedCodes), ...Object.values(chatCodes)])
    for (const never of ['signal-link', 'nostr-secret', 'unknown']) expect(wanted).not.toContain(never);
});

describe('anything else', () => {
  test('is some kind, and never breaks it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.uint8Array()), (code) => {
        expect(codeKinds).toContain(recognise(code));
      }),
    );
  });
  test('that begins like a code that links a device is one, whatever follows', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('sgnl://linkdevice', 'tsdevice:', 'SGNL://LinkDevice'),
        fc.string(),
        (start, end) => {
          expect(recognise(start + end)).toBe('signal-link');
        },
      ),
    );
  });
  test('with one byte of Signal’s code changed is another number or none', () => {
    const form = [0, 2, 3, 4, 5, 38, 39, 40, 41];
    for (const [at, byte] of SIGNAL_NUMBER.entries()) {
      const other = Uint8Array.from(SIGNAL_NUMBER);
      other[at] = byte ^ 0x80;
      expect(recognise(other) === 'signal-number', String(at)).toBe(at !== 1 && !form.includes(at));
    }
    expect(recognise(SIGNAL_NUMBER.subarray(1))).toBe('unknown');
    expect(recognise(Uint8Array.of(...SIGNAL_NUMBER, 0))).not.toBe('signal-number');
  });
  test('too long is nothing', () => {
    expect(recognise(`npub1${'q'.repeat(MAX_CODE)}`)).toBe('unknown');
    expect(codeText(new Uint8Array(MAX_CODE + 1))).toBeNull();
  });
  test('takes no time that grows faster than its length', () => {
    for (const long of ['a@', '1 ', 'OPENPGP4FPR:a', 'nostr:', ' '].map((part) =>
      part.repeat(2_000).slice(0, MAX_CODE),
    )) {
      const before = performance.now();
      recognise(long);
      expect(performance.now() - before).toBeLessThan(100);
    }
  });
});
