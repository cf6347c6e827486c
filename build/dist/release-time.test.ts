import { expect, it } from 'vitest';
import { releaseSeconds } from './release-time.ts';

it('is what SOURCE_DATE_EPOCH says, and a number', () => {
  expect(releaseSeconds('1790000000')).toBe(1_790_000_000);
  for (const wrong of ['', 'now', '-1', '1e9', '17900000000000'])
    expect(() => releaseSeconds(wrong)).toThrow('SOURCE_DATE_EPOCH');
});
