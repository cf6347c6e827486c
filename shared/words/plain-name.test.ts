import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_FILE_NAME,
  MAX_NAME,
  nameInSentence,
  plainFileName,
  plainLetters,
  plainName,
} from './plain-name.ts';

/** Text that tries: any code points, and often the ones that matter. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(
        '\u202E',
        '\u2066',
        '\u2069',
        '\u200B',
        '\u200D',
        '\u200C',
        '\uFEFF',
        '\n',
        '\r\n',
        '\u2028',
        '\0',
        '\u3164',
        '\u2800',
        '𝐀',
        '𝟗',
        '\uD835',
        '\uDC00',
        '\u0301',
        '👩‍👩‍👧',
        '🏴\u{E0067}\u{E007F}',
        '\uFE0F',
        '/',
        'a.exe',
        ' ',
        'ﷺ',
      ),
    ),
    { maxLength: 200 },
  )
  .map((parts) => parts.join(''));

const FORBIDDEN =
  /[\p{Cc}\p{Cs}\p{Co}\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\u3164\u2800]|[\u{E0000}-\u{E0FFF}]|[\u{1D400}-\u{1D7FF}]/u;
const length = (text: string): number => Array.from(text).length;

describe('plainName', () => {
  it.each([
    ['Alice Okafor', 'Alice Okafor'],
    ['  Alice \t\n Okafor ', 'Alice Okafor'],
    ['Jürgen Groß', 'Jürgen Groß'],
    ['Ju\u0308rgen', 'Jürgen'],
    ['مريم', 'مريم'],
    ['می\u200Cخواهم', 'می\u200Cخواهم'],
    ['👩‍👩‍👧 family', '👩‍👩‍👧 family'],
    ['❤\uFE0F Ann', '❤\uFE0F Ann'],
    ['क्षि', 'क्षि'],
    ['𝐀𝐥𝐢𝐜𝐞 𝕆𝓀', 'Alice Ok'],
    ['Ａｌｉｃｅ', 'Alice'],
    ['Ⓐⓛⓘⓒⓔ 🄰🅰🅐', 'Alice AAA'],
    ['ᴀʟɪᴄᴇ', 'alice'],
    ['ℂ™', 'C™'],
    ['gpj.\u202Eexe', 'gpj.exe'],
    ['a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301', 'á\u0301\u0301\u0301\u0301'],
    ['a\u200D\u200D', 'a'],
    ['\u202E\u2066\u200B', 'No name'],
    ['\u3164', 'No name'],
    ['\u0301', 'No name'],
    ['', 'No name'],
  ])('%j is shown as %j', (text, shown) => {
    expect(plainName(text)).toBe(shown);
  });

  it('shows the fallback it is given', () => {
    expect(plainName('\n', 'a@example.org')).toBe('a@example.org');
  });

  it('cuts a long one and says so, without splitting a picture', () => {
    expect(plainName('x'.repeat(500))).toBe(`${'x'.repeat(MAX_NAME - 1)}…`);
    const family = '👩‍👩‍👧';
    expect(plainName(family.repeat(100))).toBe(
      `${family.repeat(Math.floor((MAX_NAME - 1) / length(family)))}…`,
    );
  });

  it('AT-02 for any text: one line, bounded, visible, and stable', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = plainName(text);
        expect(shown).not.toMatch(FORBIDDEN);
        expect(length(shown)).toBeLessThanOrEqual(MAX_NAME);
        expect(shown).toMatch(/[\p{L}\p{N}\p{P}\p{S}]/u);
        expect(shown).toBe(shown.trim());
        expect(plainName(shown)).toBe(shown);
      }),
      { numRuns: 5_000 },
    );
  });

  it('of a huge one only the start is looked at', () => {
    const start = '\u0301a\u202E'.repeat(4 * 1024);
    expect(plainName(start + 'x'.repeat(1_000_000))).toBe(plainName(start));
    expect(plainName('\n'.repeat(10_000) + 'Alice')).toBe('No name');
  });
});

describe('nameInSentence', () => {
  it('isolates a name that runs the other way', () => {
    expect(nameInSentence('مريم')).toBe('\u2068مريم\u2069');
    expect(nameInSentence('Ann')).toBe('Ann');
  });

  it('AT-02 never lets a name end its quotation or its direction', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = nameInSentence(text);
        expect(shown.replace(/^\u2068|\u2069$/gu, '').replace(/^“|”$/gu, '')).not.toMatch(
          /["“”«»\u2066-\u2069]/u,
        );
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('plainFileName', () => {
  it('always shows the end', () => {
    const shown = plainFileName(`${'holiday '.repeat(40)}.jpg.exe`);
    expect(shown).toMatch(/….*\.jpg\.exe$/u);
    expect(length(shown)).toBeLessThanOrEqual(MAX_FILE_NAME);
  });

  it.each([
    ['photo\u202Egpj.exe', 'photogpj.exe'],
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['C:\\x.lnk', 'C__x.lnk'],
    ['a\0.txt', 'a.txt'],
    ['', 'File'],
  ])('%j is shown as %j', (text, shown) => {
    expect(plainFileName(text)).toBe(shown);
  });

  it('AT-02 for any text: one line, bounded, no path', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = plainFileName(text);
        expect(shown).not.toMatch(FORBIDDEN);
        expect(shown).not.toMatch(/[/\\]/u);
        expect(length(shown)).toBeLessThanOrEqual(MAX_FILE_NAME);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('plainLetters', () => {
  it('draws every imitated letter of U+1D400 to U+1D7FF as a plain one', () => {
    for (let code = 0x1d400; code <= 0x1d7ff; code += 1) {
      const letter = String.fromCodePoint(code);
      if (/\p{Cn}/u.test(letter)) continue; // Unicode left gaps in the block
      expect(plainLetters(letter), code.toString(16)).not.toMatch(/[\u{1D400}-\u{1D7FF}]/u);
    }
  });

  it('leaves ordinary writing alone', () => {
    const text = 'Größe, naïve, Здравствуйте, 東京, ñ, ½, ™, ❤️, 👩‍👩‍👧';
    expect(plainLetters(text)).toBe(text);
  });
});

describe('a Nostr key in place of a name', () => {
  const key = 'npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6';
  it('is shown by its ends', () => {
    expect(plainName(key)).toBe('npub180cvv07…yjh6w6');
    expect(nameInSentence(key)).toBe('npub180cvv07…yjh6w6');
  });
  it('is no other text', () => {
    for (const text of [`${key}x`, key.slice(0, -1), `I am ${key}`])
      expect(plainName(text)).not.toContain('…yjh6w6');
  });
});
