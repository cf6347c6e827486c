import { expect, test } from 'vitest';
import fc from 'fast-check';
import * as nip49 from 'nostr-tools/nip49';
import { fromHex, toHex } from './hex.ts';
import { npub } from './key-code.ts';
import { freshSecretKey, publicKeyOf } from './keys.ts';
import { exportKey, readOwnKey, writtenKey } from './own-key.ts';

const secret = freshSecretKey();
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

test('a key in a file opens with its passphrase, here and elsewhere', async () => {
  const file = await exportKey(secret, 'ÅΩẛ̣ passphrase');
  expect(file.name).toMatch(/^nostr-key-npub1.{11}\.txt$/);
  expect(textOf(file.bytes)).not.toContain(toHex(secret));
  expect(await readOwnKey(textOf(file.bytes), 'ÅΩẛ̣ passphrase')).toEqual({ kind: 'secret', secret });
  expect(await readOwnKey(textOf(file.bytes), 'another')).toEqual({
    kind: 'refused',
    why: 'wrong-passphrase',
  });
  expect(await readOwnKey(textOf(file.bytes), null)).toEqual({ kind: 'refused', why: 'passphrase-needed' });
  expect(toHex(nip49.decrypt(textOf(file.bytes).trim(), 'ÅΩẛ̣ passphrase'))).toBe(toHex(secret));
  const theirs = nip49.encrypt(Uint8Array.from(secret), 'word', 12);
  expect(await readOwnKey(theirs, 'word')).toEqual({ kind: 'secret', secret });
});

test('the vector of NIP-49 opens', async () => {
  const code =
    'ncryptsec1qgg9947rlpvqu76pj5ecreduf9jxhselq2nae2kghhvd5g7dgjtcxfqtd67p9m0w57lspw8gsq6yphnm8623nsl8xn9j4jdzz84zm3frztj3z7s35vpzmqf6ksu8r89qk5z2zxfmu5gv8th8wclt0h4p';
  const read = await readOwnKey(code, 'nostr');
  expect(read.kind === 'secret' && toHex(read.secret)).toBe(
    '3501454135014541350145413501453fefb02227e449e57cf4d3a3ce05378683',
  );
});

test('a key written down reads, a public one is none', async () => {
  for (const text of [
    writtenKey(secret),
    ` ${writtenKey(secret).toUpperCase()}\n`,
    toHex(secret),
    `nostr:${writtenKey(secret)}`,
  ])
    expect(await readOwnKey(text, null)).toEqual({ kind: 'secret', secret });
  const refusals = [
    [npub(publicKeyOf(secret)), 'not-secret'],
    ['', 'malformed'],
    ['nonsense', 'malformed'],
    [writtenKey(secret).slice(0, -1), 'malformed'],
    ['0'.repeat(64), 'malformed'],
    ['f'.repeat(64), 'malformed'],
    ['ncryptsec1qqqq', 'malformed'],
    ['x'.repeat(20_000), 'too-large'],
  ] as const;
  for (const [text, why] of refusals) expect(await readOwnKey(text, 'x')).toEqual({ kind: 'refused', why });
});

test('a file that asks for more memory than there is, or another version, is refused at once', async () => {
  const { bech32 } = await import('@scure/base');
  const encode = (version: number, logN: number): string =>
    bech32.encode('ncryptsec', bech32.toWords(Uint8Array.from([version, logN, ...new Uint8Array(89)])), 300);
  for (const code of [encode(1, 16), encode(2, 0), encode(2, 21), encode(2, 255)])
    expect(await readOwnKey(code, 'x')).toEqual({ kind: 'refused', why: 'unsupported' });
});

test('no text makes it throw', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), async (text) => {
      expect((await readOwnKey(text, 'x')).kind).toBe('refused');
    }),
  );
  expect(fromHex(toHex(secret))).toEqual(Uint8Array.from(secret));
});
