import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean, isClean, judge, sum } from './verdict.ts';

describe('the verdict', () => {
  it('is clean for the same list only', () => {
    expect(judge(['a', 'b', 'c'], ['a', 'b', 'c'])).toEqual(clean);
    expect(judge(['a', 'b', 'c'], ['a', 'c'])).toEqual({ ...clean, lost: 1 });
    expect(judge(['a', 'b', 'c'], ['a', 'b', 'b', 'c'])).toEqual({ ...clean, doubled: 1 });
    expect(judge(['a', 'b', 'c'], ['b', 'a', 'c'])).toEqual({ ...clean, reordered: 1 });
    expect(judge(['a', 'b', 'c'], ['a', 'x', 'b', 'c'])).toEqual({ ...clean, foreign: 1 });
    expect(() => judge(['a', 'a'], ['a'])).toThrow('same text');
  });

  it('finds every single fault in any list', () => {
    const lists = fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(lists, fc.nat(), fc.nat(), (written, a, b) => {
        const at = a % written.length;
        const without = written.toSpliced(at, 1);
        expect(judge(written, without)).toEqual({ ...clean, lost: 1 });
        expect(judge(written, [...written, written[at] ?? ''])).toEqual({ ...clean, doubled: 1 });
        const later = at + 1 + (b % written.length);
        const moved = [...written.slice(0, at), ...written.slice(at + 1, later + 1), written[at] ?? ''];
        const rest = written.slice(later + 1);
        expect(isClean(judge(written, [...moved, ...rest]))).toBe(at === written.length - 1);
      }),
    );
  });

  it('adds up', () => {
    expect(
      sum([
        { ...clean, lost: 1 },
        { ...clean, lost: 2, foreign: 1 },
      ]),
    ).toEqual({
      ...clean,
      lost: 3,
      foreign: 1,
    });
  });
});
