import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainName } from './plain-name.ts';
import { looksAlike, looksOf, skeleton } from './skeleton.ts';

const areAlike = (one: string, other: string): boolean => looksAlike(looksOf(one), looksOf(other));

describe('AT-15 names that look alike', () => {
  it.each([
    ['Alice', 'Alice'],
    ['раураl', 'paypal'], // Cyrillic
    ['Αlice', 'Alice'], // Greek
    ['AIice', 'Alice'], // capital i
    ['A1ice', 'Alice'],
    ['ALICE', 'alice'],
    ['Jonas Weber', 'Jоnas Wеbеr'],
    ['Mam Corn', 'Marn Com'],
    ['Zoë', 'Zoe\u0308'],
    ['Al\u200Bi\u202Ece', 'Alice'],
    ['𝐀lice', 'Alice'],
    ['Ａlice', 'Alice'],
    ['Al\0ice', 'Alice'],
    ['bob@раураl.example', 'bob@paypal.example'],
  ])('%j and %j', (one, other) => {
    expect(areAlike(one, other)).toBe(true);
    expect(areAlike(other, one)).toBe(true);
  });

  it.each([
    ['Alice', 'Alicia'],
    ['Bob', 'Rob'],
    ['Zoë', 'Zoe'],
    ['Анна', 'Anna'],
    ['مريم', 'مروان'],
    ['', ''],
    ['\u200B', '\u202E'],
  ])('not %j and %j', (one, other) => {
    expect(areAlike(one, other)).toBe(false);
  });

  it('any letter of a name may be swapped for one that looks like it', () => {
    const swaps: Readonly<Record<string, string>> = {
      a: 'а',
      c: 'с',
      e: 'е',
      o: 'о',
      p: 'р',
      x: 'х',
      i: 'і',
      l: 'I',
      s: 'ѕ',
    };
    const name = fc.array(
      fc.tuple(fc.constantFrom(...Object.keys(swaps), 'b', 'm', 't', ' '), fc.boolean()),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(name, (letters) => {
        const honest = letters.map(([letter]) => letter).join('');
        const swapped = letters.map(([letter, swap]) => (swap ? (swaps[letter] ?? letter) : letter)).join('');
        expect(areAlike(honest, swapped)).toBe(plainName(honest, '') !== '');
      }),
      { numRuns: 2_000 },
    );
  });

  it('a letter whose shape falls apart into letters that look like others is told too', () => {
    // U+FBA4 is drawn as U+06C0, which is U+06D5 with a mark, and U+06D5 is drawn as an o.
    expect(areAlike('\u{fba4}', '\u{6c0}')).toBe(true);
    expect(areAlike('\u{fba4}', 'o\u{654}')).toBe(true);
  });

  it('a skeleton is its own, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(skeleton(skeleton(text))).toBe(skeleton(text));
      }),
      { numRuns: 10_000 },
    );
  });
});
