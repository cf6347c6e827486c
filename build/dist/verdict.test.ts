import { describe, expect, it } from 'vitest';
import { attempt, formatVerdicts, judged } from './verdict.ts';

describe('a verdict', () => {
  it('holds without complaints only', () => {
    expect(judged('a', [], 'all three')).toEqual({ name: 'a', ok: true, detail: ['all three'] });
    expect(judged('a', ['one is gone'], 'all three')).toEqual({
      name: 'a',
      ok: false,
      detail: ['one is gone'],
    });
  });
  it('is no for a check that ends early', async () => {
    const thrown = await attempt('a', () => Promise.reject(new Error('no such file')));
    expect(thrown).toEqual({ name: 'a', ok: false, detail: ['no such file'] });
  });
  it('stands in a table, long lists cut', () => {
    const many = Array.from({ length: 14 }, (_, index) => `complaint ${index}`);
    const text = formatVerdicts([judged('short', [], 'fine'), judged('longer', many, '')]);
    expect(text.split('\n')[0]).toBe('✓ short   fine');
    expect(text).toContain('✗ longer  complaint 0\n          complaint 1');
    expect(text.endsWith('and 2 more')).toBe(true);
  });
});
