import { expect, test } from 'vitest';
import fc from 'fast-check';
import * as theirs from 'nostr-tools/nip44';
import { fromHex, toHex } from './hex.ts';
import { freshSecretKey, publicKeyOf, secretKeyFrom, type PublicKey, type SecretKey } from './keys.ts';
import {
  conversationKey,
  MAX_PLAINTEXT_BYTES,
  messageKeys,
  openText,
  paddedLength,
  sealText,
} from './nip44.ts';

const secret = (hex: string): SecretKey => {
  const key = secretKeyFrom(fromHex(hex.padStart(64, '0')));
  if (key === null) throw new Error('no key');
  return key;
};

test('the official vectors: conversation keys', () => {
  // Secret key, other public key or secret key, conversation key (nip44.vectors.json).
  const pairs = [
    ['1', publicKeyOf(secret('2')), 'c41c775356fd92eadc63ff5a0dc1da211b268cbea22316767095b2871ea1412d'],
    ['2', publicKeyOf(secret('1')), 'c41c775356fd92eadc63ff5a0dc1da211b268cbea22316767095b2871ea1412d'],
    [
      '5c0c523f52a5b6fad39ed2403092df8cebc36318b39383bca6c00808626fab3a',
      publicKeyOf(secret('4b22aa260e4acb7021e32f38a6cdf4b673c6a277755bfce287e370c924dc936d')),
      '3e2b52a63be47d34fe0a80e34e73d436d6963bc8f39827f327057a9986c20a45',
    ],
    [
      'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364139',
      '0000000000000000000000000000000000000000000000000000000000000002',
      '8b6392dbf2ec6a2b2d5b1477fc2be84d63ef254b667cadd31bd3f444c44ae6ba',
    ],
    [
      '2',
      '1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdeb',
      'be234f46f60a250bef52a5ee34c758800c4ca8e5030bf4cc1a31d37ba2104d43',
    ],
    [
      '1',
      '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
      '3b4610cb7189beb9cc29eb3716ecc6102f1247e8f3101a03a1787d8908aeb54e',
    ],
  ] as const;
  for (const [own, other, expected] of pairs)
    expect(toHex(conversationKey(secret(own), other as PublicKey))).toBe(expected);
});

test('the official vectors: message keys, padding, a whole payload', () => {
  const nonce = 'e1e6f880560d6d149ed83dcc7e5861ee62a5ee051f7fde9975fe5d25d2a02d72';
  const keys = messageKeys(
    fromHex('a1a3d60f3470a8612633924e91febf96dc5366ce130f658b1f0fc652c20b3b54'),
    fromHex(nonce),
  );
  expect([keys.cipher, keys.cipherNonce, keys.mac].map((key) => toHex(key))).toEqual([
    'f145f3bed47cb70dbeaac07f3a3fe683e822b3715edb7c4fe310829014ce7d76',
    'c4ad129bb01180c0933a160c',
    '027c1db445f05e2eee864a0975b0ddef5b7110583c8c192de3732571ca5838c4',
  ]);
  const lengths =
    '16:32 32:32 33:64 37:64 45:64 49:64 64:64 65:96 100:128 111:128 200:224 250:256 320:320 383:384 384:384 400:448 500:512 512:512 515:640 700:768 800:896 900:1024 1020:1024 65535:65536';
  for (const pair of lengths.split(' ')) {
    const [length, padded] = pair.split(':').map(Number);
    expect(paddedLength(length ?? 0)).toBe(padded);
  }
  const key = conversationKey(secret('1'), publicKeyOf(secret('2')));
  const payload =
    'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABee0G5VSK0/9YypIObAtDKfYEAjD35uVkHyB0F4DwrcNaCXlCWZKaArsGrY6M9wnuTMxWfp1RTN9Xga8no+kF5Vsb';
  expect(sealText(key, 'a', fromHex('1'.padStart(64, '0')))).toBe(payload);
  expect(openText(key, payload)).toBe('a');
});

test('AT-17 the official vectors: keys that are none', () => {
  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
  for (const bad of ['0'.repeat(64), order, 'f'.repeat(64)]) expect(secretKeyFrom(fromHex(bad))).toBeNull();
  for (const bad of [
    'f'.repeat(64),
    '1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef',
    '0'.repeat(64),
    'eb1f7200aecaa86682376fb1c13cd12b732221e774f553b0a0857f88fa20f86d',
    '709858a4c121e4a84eb59c0ded0261093c71e8ca29efeef21a6161c447bcaf9f',
  ])
    expect(() => conversationKey(secret('2'), bad as PublicKey)).toThrow('no shared secret');
});

test('what is sealed here opens there, and the other way round', () => {
  const [own, other] = [freshSecretKey(), freshSecretKey()];
  const key = conversationKey(own, publicKeyOf(other));
  expect(key).toEqual(conversationKey(other, publicKeyOf(own)));
  expect(Uint8Array.from(key)).toEqual(theirs.getConversationKey(own, publicKeyOf(other)));
  const texts = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 2_000 })
    .filter((one) => one.isWellFormed());
  fc.assert(
    fc.property(texts, (text) => {
      expect(theirs.decrypt(sealText(key, text), key)).toBe(text);
      expect(openText(key, theirs.encrypt(text, key))).toBe(text);
    }),
  );
  for (const length of [1, 32, 33, 65_534, MAX_PLAINTEXT_BYTES]) {
    const text = 'x'.repeat(length);
    expect(openText(key, sealText(key, text))).toBe(text);
    expect(theirs.decrypt(sealText(key, text), key)).toBe(text);
  }
  expect(() => sealText(key, 'x'.repeat(MAX_PLAINTEXT_BYTES + 1))).toThrow('too long');
  expect(() => sealText(key, '')).toThrow('nothing');
});

test('a changed payload does not open, whatever is changed', () => {
  const key = conversationKey(freshSecretKey(), publicKeyOf(freshSecretKey()));
  let payload: Buffer;
  // One that is written otherwise in the other alphabet.
  do payload = Buffer.from(sealText(key, 'a secret of some length'), 'base64');
  while (payload.toString('base64url') === payload.toString('base64'));
  fc.assert(
    fc.property(fc.nat(payload.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(payload);
      changed[at] = (changed[at] ?? 0) ^ change;
      expect(openText(key, changed.toString('base64'))).toBeNull();
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => openText(key, text) === null),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(openText(key, Buffer.from(bytes).toString('base64'))).toBeNull();
    }),
  );
  expect(openText(key, payload.toString('base64url'))).toBeNull();
  expect(openText(key, `${payload.toString('base64')} `)).toBeNull();
  expect(openText(key, 'A'.repeat(1_000_000))).toBeNull();
});
