import { expect, test } from 'vitest';
import { decodedOnce, knownDecoded } from './decoded.ts';

test('an array is read once by each way of reading; another with the same bytes, and one that did not read, anew', () => {
  const read: string[] = [];
  const reader = (name: string) => (bytes: Uint8Array) => {
    read.push(name);
    if (bytes.length === 0) throw new Error('nothing to read');
    return { name };
  };
  const [one, other] = [reader('one'), reader('other')];
  const bytes = Uint8Array.of(1);
  const first = decodedOnce(bytes, one, one);
  expect(decodedOnce(bytes, one, one)).toBe(first);
  expect(read).toEqual(['one']);
  expect(decodedOnce(bytes, other, other)).toEqual({ name: 'other' });
  expect(decodedOnce(Uint8Array.of(1), one, one)).not.toBe(first);
  const empty = new Uint8Array();
  for (let at = 0; at < 2; at += 1) expect(() => decodedOnce(empty, one, one)).toThrow('nothing to read');
  expect(read).toEqual(['one', 'other', 'one', 'one', 'one']);
});

test('what was just encoded is not read back by the same way of reading, and by another it is', () => {
  const reader = () => 'read';
  const other = () => 'read otherwise';
  const bytes = knownDecoded(Uint8Array.of(1), reader, 'known');
  expect(decodedOnce(bytes, reader, reader)).toBe('known');
  expect(decodedOnce(bytes, other, other)).toBe('read otherwise');
});
