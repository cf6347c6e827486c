import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCompatible } from './licence.ts';

describe('a licence', () => {
  it.each([
    'MIT',
    '(MIT OR EUPL-1.1+)',
    'EUPL-1.1+ OR MIT',
    '(Apache-2.0 AND BSD-3-Clause)',
    'LGPL-3.0+',
    '(GPL-2.0-only AND MIT) OR (MIT AND ISC)',
  ])('%s may travel', (expression) => {
    expect(isCompatible(expression)).toBe(true);
  });
  it.each([
    null,
    '',
    'UNLICENSED',
    'GPL-2.0-only',
    'SEE LICENSE IN LICENSE.txt',
    'BUSL-1.1',
    'MIT AND CC-BY-NC-4.0',
    'MIT AND (GPL-2.0-only OR SSPL-1.0)',
    '(MIT',
    'MIT)',
    'MIT OR',
    'OR MIT',
    'MIT ISC',
    'mit',
    'constructor',
  ])('%s may not', (expression) => {
    expect(isCompatible(expression)).toBe(false);
  });
  it('is never assumed, whatever stands beside one that does not fit', () => {
    const word = fc.oneof(
      fc.constantFrom('MIT', 'AND', 'OR', 'ISC', ' '),
      fc.string().map((text) => text.replaceAll(/[()]/g, '')),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(isCompatible(`SSPL-1.0 AND (${words.join(' ')})`)).toBe(false);
      }),
    );
  });
});
