import { expect, test } from 'vitest';
import { implementations, sharedX } from './ecdh.ts';
import { fromHex } from './hex.ts';
import { freshSecretKey, publicKeyOf, type PublicKey } from './keys.ts';

test('every implementation gives the same, from both sides', () => {
  expect(implementations).toHaveLength(2);
  for (let at = 0; at < 20; at += 1) {
    const [a, b] = [freshSecretKey(), freshSecretKey()];
    const point = fromHex(`02${publicKeyOf(b)}`);
    const [first, ...rest] = implementations.map((ecdh) => Buffer.from(ecdh(a, point)).toString('hex'));
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    for (const one of rest) expect(one).toBe(first);
    expect(sharedX(b, publicKeyOf(a))).toEqual(sharedX(a, publicKeyOf(b)));
  }
});

test('AT-17 every implementation refuses what is no point', () => {
  const own = freshSecretKey();
  for (const bad of ['0'.repeat(64), 'f'.repeat(64), '1234567890abcdef'.repeat(4)]) {
    for (const ecdh of implementations) expect(() => ecdh(own, fromHex(`02${bad}`))).toThrow();
    expect(() => sharedX(own, bad as PublicKey)).toThrow('no shared secret');
  }
});
