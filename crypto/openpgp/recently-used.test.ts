import { describe, expect, test } from 'vitest';
import { recentlyUsed } from './recently-used.ts';

describe('recently used', () => {
  const always = (): boolean => true;

  test('makes once, and forgets what was asked for longest ago', async () => {
    const cache = recentlyUsed<string>(2);
    const made: string[] = [];
    const ask = (name: string) =>
      cache.get(
        name,
        () => {
          made.push(name);
          return Promise.resolve(name.toUpperCase());
        },
        always,
      );
    expect(await ask('a')).toBe('A');
    await ask('b');
    expect(await ask('a')).toBe('A');
    await ask('c');
    await ask('a');
    expect(made).toEqual(['a', 'b', 'c']);
    await ask('b');
    expect(made).toEqual(['a', 'b', 'c', 'b']);
    cache.clear();
    await ask('b');
    expect(made).toEqual(['a', 'b', 'c', 'b', 'b']);
  });

  test('two who ask at once share one making', async () => {
    const cache = recentlyUsed<object>(2);
    const make = () => Promise.resolve({});
    const [one, two] = await Promise.all([cache.get('x', make, always), cache.get('x', make, always)]);
    expect(one).toBe(two);
  });

  test('keeps neither failures nor what is not worth keeping', async () => {
    const cache = recentlyUsed<number>(2);
    await expect(cache.get('x', () => Promise.reject(new Error('no')), always)).rejects.toThrow('no');
    expect(
      await cache.get(
        'x',
        () => Promise.resolve(1),
        () => false,
      ),
    ).toBe(1);
    expect(await cache.get('x', () => Promise.resolve(2), always)).toBe(2);
    expect(await cache.get('x', () => Promise.resolve(3), always)).toBe(2);
  });
});
