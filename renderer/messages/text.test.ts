import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Range } from '../../shared/contract/content.ts';
import { plainLetters } from '../../shared/words/plain-name.ts';
import { isEmojiOnly, linksOf, pieces } from './text.ts';

const plain = (text: string, ranges: readonly Range[] = []) => pieces({ text, ranges });

describe('pieces', () => {
  it('cuts at styles and links and loses nothing', () => {
    const made = plain('see https://a.example now', [{ at: 0, length: 3, as: 'bold' }]);
    expect(made.map(({ text, styles, link }) => [text, styles, link])).toEqual([
      ['see', ['bold'], null],
      [' ', [], null],
      ['https://a.example', [], 'https://a.example/'],
      [' now', [], null],
    ]);
  });

  it('joins styles that overlap', () => {
    const made = plain('abcdef', [
      { at: 0, length: 4, as: 'bold' },
      { at: 2, length: 4, as: 'italic' },
    ]);
    expect(made.map(({ text, styles }) => [text, styles])).toEqual([
      ['ab', ['bold']],
      ['cd', ['bold', 'italic']],
      ['ef', ['italic']],
    ]);
  });

  it('draws letters that imitate serif and bold as plain ones', () => {
    expect(
      plain('𝐎𝐧𝐥𝐲 𝓎ℴ𝓊 can read this')
        .map(({ text }) => text)
        .join(''),
    ).toBe('Only you can read this');
  });

  it('gives the whole text back whatever the ranges say, and only ever safe kinds of links', () => {
    const range: fc.Arbitrary<Range> = fc.record({
      at: fc.integer({ min: -50, max: 200 }),
      length: fc.integer({ min: -50, max: 200 }),
      as: fc.constantFrom<Range['as']>('bold', 'italic', 'mono', 'strike', 'spoiler'),
    });
    const bit = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        ' https://x.example/a?b=c#d ',
        'javascript:alert(1)',
        'data:text/html,x',
        'mailto:a@b.example',
        'HTTP://USER:PASS@x.example',
        'ftp://f.example',
        'www.example.org',
        '𝐇𝐢',
        '\u202e',
      ),
    );
    fc.assert(
      fc.property(fc.array(bit, { maxLength: 12 }), fc.array(range, { maxLength: 8 }), (bits, ranges) => {
        const text = bits.join('');
        const made = plain(text, ranges);
        // A range may cut between the halves of a letter: only without ranges is the whole predictable.
        const joined = made.map((piece) => piece.text).join('');
        if (ranges.length === 0) expect(joined).toBe(plainLetters(text));
        expect(made.every((piece) => piece.link === null || /^(https?|mailto):/u.test(piece.link))).toBe(
          true,
        );
        expect(made.every((piece) => piece.link === null || !/^https?:\/\/[^/]*@/u.test(piece.link))).toBe(
          true,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('keeps every character of a text without imitations', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii', maxLength: 80 }),
        fc.array(fc.record({ at: fc.nat(100), length: fc.nat(100), as: fc.constant<Range['as']>('bold') }), {
          maxLength: 6,
        }),
        (text, ranges) => {
          expect(
            plain(text, ranges)
              .map((piece) => piece.text)
              .join(''),
          ).toBe(text);
        },
      ),
    );
  });
});

describe('linksOf', () => {
  it.each([
    ['go to https://example.org/a_(b)', 'https://example.org/a_(b)'],
    ['www.example.org', 'http://www.example.org/'],
    ['write to a@b.example', 'mailto:a@b.example'],
  ])('finds the link in %j', (text, to) => {
    expect(linksOf(text).map((link) => link.to)).toEqual([to]);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html;base64,PHNjcmlwdD4=',
    'file:///etc/passwd',
    'vbscript:x',
    'ftp://files.example/x',
  ])('offers no link in %j that a browser would follow elsewhere', (text) => {
    expect(linksOf(text).filter((link) => !link.to.startsWith('mailto:'))).toEqual([]);
  });

  it.each(['https://bank.example@evil.example/', 'https://user:word@evil.example/'])(
    'never leads to the host behind the @ of %j',
    (text) => {
      expect(linksOf(text).some((link) => link.to.includes('evil'))).toBe(false);
    },
  );

  it('shows where a look-alike host really leads', () => {
    // The first letter is a Cyrillic one.
    expect(linksOf('https://аpple.com').map((link) => link.to)).toEqual(['https://xn--pple-43d.com/']);
  });

  it('does not search a text that is too long', () => {
    expect(linksOf(`https://a.example ${'x'.repeat(20_000)}`)).toEqual([]);
  });
});

describe('isEmojiOnly', () => {
  it.each(['👍', '🎉 🎉', '👩🏽‍🚀', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'])('is one: %s', (text) => expect(isEmojiOnly(text)).toBe(true));
  it.each(['', 'ok', '👍👍👍👍', '👍 ok', '1', '#'])('is none: %j', (text) =>
    expect(isEmojiOnly(text)).toBe(false),
  );
});
