import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { forget, publicKeyOf } from './keys.ts';
import { takeOneTimeKey } from './one-time-key.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('no key is given out twice, whether it was made ahead or not, and each is whole', () => {
  const taken = Array.from({ length: 6 }, (_, at) => {
    const { secret, key } = takeOneTimeKey();
    expect(publicKeyOf(secret)).toBe(key);
    forget(secret);
    // Every other one finds a key that was made ahead.
    if (at % 2 === 0) vi.runAllTimers();
    return key;
  });
  expect(new Set(taken).size).toBe(taken.length);
});
