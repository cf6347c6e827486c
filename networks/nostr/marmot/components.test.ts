import { expect, test } from 'vitest';
import fc from 'fast-check';
import { MAX_GROUP_TITLE } from '../../../shared/lane/intent.ts';
import { encodeGroupProfile, readGroupProfile } from './group-profile.ts';
import { encodeLifecycle, readLifecycle } from './lifecycle.ts';

test('a group profile reads back, within its bounds', () => {
  const profile = { name: 'Ornithology 🦉', description: '' };
  expect(readGroupProfile(encodeGroupProfile(profile))).toEqual(profile);
  expect(Buffer.from(encodeGroupProfile({ name: 'Demo', description: '' })).toString('hex')).toBe(
    '0444656d6f00',
  );
  expect(() => encodeGroupProfile({ name: 'x'.repeat(257), description: '' })).toThrow('shorter');
  expect(() => encodeGroupProfile({ name: '', description: 'x'.repeat(4_097) })).toThrow('shorter');
  const good = encodeGroupProfile(profile);
  for (const bad of [
    new Uint8Array(),
    good.subarray(1),
    good.subarray(0, -1),
    Buffer.concat([good, Buffer.alloc(1)]),
    Buffer.from([1, 0xff, 0]),
  ])
    expect(readGroupProfile(bad)).toBeNull();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const read = readGroupProfile(bytes);
      if (read) expect(encodeGroupProfile(read)).toEqual(Buffer.from(bytes));
    }),
  );
});

test('whatever a person may call a group fits', () => {
  const longest = ['x', 'é', '鳥', '🦉'].map((letter) => letter.repeat(MAX_GROUP_TITLE / letter.length));
  const titles = fc.string({ unit: 'binary' }).filter(({ length }) => length <= MAX_GROUP_TITLE);
  fc.assert(
    fc.property(fc.oneof(titles, fc.constantFrom(...longest)), (name) => {
      expect(readGroupProfile(encodeGroupProfile({ name, description: '' }))?.name).toBe(name.toWellFormed());
    }),
  );
});

test('a lifecycle is one of two bytes', () => {
  for (const one of ['active', 'disbanded'] as const) expect(readLifecycle(encodeLifecycle(one))).toBe(one);
  for (const bad of [[], [2], [0, 0]]) expect(readLifecycle(Uint8Array.from(bad))).toBeNull();
});
