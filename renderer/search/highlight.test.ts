import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { around, highlight, queryWords } from './highlight.ts';

const shown = (text: string, query: string): string =>
  highlight(text, queryWords(query))
    .map((part) => (part.hit ? `[${part.text}]` : part.text))
    .join('');

describe('highlight', () => {
  it.each([
    ['Alice and alistair', 'ali', '[Ali]ce and [ali]stair'],
    ['a Café is a cafe', 'cafe', 'a [Café] is a [cafe]'],
    ['over the wall', 'all', 'over the wall'],
    ['Über uns', 'uber', '[Über] uns'],
    ['nothing', '', 'nothing'],
    ['two words here', 'here two', '[two] words [here]'],
  ])('marks %j for %j', (text, query, expected) => {
    expect(shown(text, query)).toBe(expected);
  });

  it('gives the text back unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (text, query) => {
        const parts = highlight(text, queryWords(query));
        expect(parts.map((part) => part.text).join('')).toBe(text);
        expect(parts.every((part) => part.text !== '')).toBe(true);
      }),
    );
  });
});

describe('around', () => {
  it('cuts a long text around its first hit', () => {
    const text = `${'far '.repeat(100)}needle ${'away '.repeat(100)}`;
    const cut = around(text, ['needle'], 80);
    expect(cut).toContain('needle');
    expect(cut.length).toBeLessThanOrEqual(82);
    expect(cut.startsWith('…')).toBe(true);
  });

  it('is never longer than asked, marks of the cut aside', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), fc.string({ maxLength: 10 }), (text, query) => {
        expect(around(text, queryWords(query), 60).length).toBeLessThanOrEqual(62);
      }),
    );
  });
});
