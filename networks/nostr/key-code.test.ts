import { expect, test } from 'vitest';
import fc from 'fast-check';
import { bech32 } from '@scure/base';
import * as nip19 from 'nostr-tools/nip19';
import { fromHex } from './hex.ts';
import { npub, nprofile, nsec, readKeyCode } from './key-code.ts';
import { freshSecretKey, publicKeyOf, type PublicKey } from './keys.ts';
import type { RelayUrl } from './relay-url.ts';

const relays = ['wss://relay.example', 'wss://other.example/path'] as RelayUrl[];

test('the codes of the specification read', () => {
  expect(readKeyCode('npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6')).toEqual({
    kind: 'npub',
    key: '3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d',
  });
  const profile = readKeyCode(
    'nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4mhxue69uhkg6nzv9ejuumpv34kytnrdaksjlyr9p',
  );
  expect(profile).toMatchObject({ kind: 'nprofile', relays: ['wss://r.x.com', 'wss://djbas.sadkb.com'] });
});

test('own codes read here and elsewhere', () => {
  const secret = freshSecretKey();
  const key = publicKeyOf(secret);
  expect(nip19.decode(npub(key))).toEqual({ type: 'npub', data: key });
  expect(nip19.decode(nsec(secret))).toEqual({ type: 'nsec', data: Uint8Array.from(secret) });
  expect(nip19.decode(nprofile(key, relays))).toEqual({ type: 'nprofile', data: { pubkey: key, relays } });
  expect(readKeyCode(nsec(secret))).toEqual({ kind: 'nsec', secret });
  for (const spelled of [
    nprofile(key, relays),
    ` nostr:${nprofile(key, relays)}\n`,
    `NOSTR:${nprofile(key, relays).toUpperCase()}`,
  ])
    expect(readKeyCode(spelled)).toEqual({ kind: 'nprofile', key, relays });
});

test('a code that is not whole, or not of one mind, is refused', () => {
  const key = publicKeyOf(freshSecretKey());
  const code = npub(key);
  const tlv = (...entries: readonly (readonly [number, Uint8Array])[]): string =>
    bech32.encode(
      'nprofile',
      bech32.toWords(
        Buffer.concat(entries.map(([type, value]) => Buffer.from([type, value.length, ...value]))),
      ),
      5_000,
    );
  const bytes = fromHex(key);
  const noPoint = fromHex('f'.repeat(64));
  const bad = [
    '',
    code.slice(0, -1),
    `${code}q`,
    code.replace('npub', 'note'),
    `N${code.slice(1)}`,
    bech32.encode('npub', bech32.toWords(bytes.subarray(1)), 5_000),
    bech32.encode('npub', bech32.toWords(noPoint), 5_000),
    bech32.encode('nsec', bech32.toWords(new Uint8Array(32)), 5_000),
    tlv([1, Buffer.from('wss://relay.example')]),
    tlv([0, bytes], [0, bytes]),
    tlv([0, bytes.subarray(1)]),
    tlv([0, noPoint]),
    bech32.encode('nprofile', bech32.toWords(Buffer.from([0, 33, ...bytes])), 5_000),
  ];
  for (const one of bad) expect(readKeyCode(one)).toBeNull();
  const odd = tlv([7, Buffer.from('later')], [1, Buffer.from('http://no.relay')], [0, bytes]);
  expect(readKeyCode(odd)).toEqual({ kind: 'nprofile', key, relays: [] });
});

test('AT-14 keys and ids of other networks are no key here', () => {
  const signalKey = Uint8Array.of(5, ...fromHex(publicKeyOf(freshSecretKey())));
  for (const other of [
    bech32.encode('npub', bech32.toWords(signalKey), 5_000),
    Buffer.from(signalKey).toString('hex'),
    Buffer.from(signalKey).toString('base64'),
    '05A39C417ED02B88F16A30C75D19E40BA2C47F31',
    'openpgp4fpr:05A39C417ED02B88F16A30C75D19E40BA2C47F31',
    '9d0652a3-dcc3-4d11-975f-74d61598733f',
    'sgnl://linkdevice?uuid=a&pub_key=b',
    'alice@example.org',
  ])
    expect(readKeyCode(other)).toBeNull();
});

test('no text makes it throw, and what it reads it writes the same', () => {
  const words = fc.string({ unit: fc.constantFrom(...Array.from('qpzry9x8gf2tvdw0s3jn54khce6mua7l1')) });
  fc.assert(
    fc.property(fc.constantFrom('npub1', 'nprofile1', 'nsec1', 'nostr:', ''), words, (front, rest) => {
      readKeyCode(`${front}${rest}`);
    }),
  );
  const tail = fc.uint8Array({ maxLength: 100 });
  fc.assert(
    fc.property(fc.constantFrom('npub', 'nprofile', 'nsec'), tail, (prefix, bytes) => {
      const read = readKeyCode(bech32.encode(prefix, bech32.toWords(bytes), 5_000));
      if (read?.kind === 'npub') expect(bytes).toEqual(fromHex(read.key));
    }),
  );
  fc.assert(
    fc.property(fc.nat(), () => {
      const key: PublicKey = publicKeyOf(freshSecretKey());
      expect(readKeyCode(nprofile(key, relays))).toEqual({ kind: 'nprofile', key, relays });
    }),
    { numRuns: 20 },
  );
});
