import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nobleCryptoProvider, getCiphersuiteFromName, getCiphersuiteImpl } from 'ts-mls';
import { loadSuite, nodeSuite, portableSuite, SUITE_NAME, type Suite } from './suite.ts';

const bytes = (max = 300): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: max });
const exactly = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const plain = (value: Uint8Array): number[] => [...value];
const runs = { numRuns: 40 };

/** Every suite that may stand in for another. */
const others: readonly (readonly [string, () => Promise<Suite>])[] = [
  ['as ts-mls brings it, on WebCrypto', portableSuite],
  ['in pure JavaScript', () => getCiphersuiteImpl(getCiphersuiteFromName(SUITE_NAME), nobleCryptoProvider)],
];

describe.each(others)('the suite on node:crypto equals the one %s', (_name, load) => {
  test('hashes, authentication codes, key derivation', async () => {
    const other = await load();
    await fc.assert(
      fc.asyncProperty(
        bytes(),
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        bytes(),
        fc.integer({ min: 1, max: 100 }),
        async (a, key, info, n) => {
          expect(plain(await nodeSuite.hash.digest(a))).toEqual(plain(await other.hash.digest(a)));
          const mac = await nodeSuite.hash.mac(key, a);
          expect(plain(mac)).toEqual(plain(await other.hash.mac(key, a)));
          expect(await nodeSuite.hash.verifyMac(key, mac, a)).toBe(true);
          expect(await nodeSuite.hash.verifyMac(key, mac.subarray(1), a)).toBe(false);
          // The others take no salt of another length.
          const salt = await nodeSuite.hash.digest(key);
          expect(plain(await nodeSuite.kdf.extract(salt, a))).toEqual(
            plain(await other.kdf.extract(salt, a)),
          );
          expect(plain(await nodeSuite.kdf.expand(salt, info, n))).toEqual(
            plain(await other.kdf.expand(salt, info, n)),
          );
        },
      ),
      runs,
    );
  });

  test('signatures: the same bytes, the same answers', async () => {
    const other = await load();
    await fc.assert(
      fc.asyncProperty(bytes(), fc.nat(63), fc.boolean(), async (message, at, damage) => {
        const { signKey, publicKey } = await nodeSuite.signature.keygen();
        const signature = Uint8Array.from(await nodeSuite.signature.sign(signKey, message));
        expect(plain(signature)).toEqual(plain(await other.signature.sign(signKey, message)));
        if (damage) signature[at] = (signature[at] ?? 0) ^ 1;
        const verdict = await nodeSuite.signature.verify(publicKey, message, signature);
        expect(verdict).toBe(!damage);
        expect(await other.signature.verify(publicKey, message, signature).catch(() => false)).toBe(verdict);
      }),
      runs,
    );
  });

  test('HPKE: keys from a seed, sealing both ways, exported secrets, damaged bytes', async () => {
    const other = await load();
    await fc.assert(
      fc.asyncProperty(
        exactly(32),
        bytes(),
        bytes(),
        bytes(),
        fc.nat(),
        async (seed, info, aad, text, at) => {
          const [mine, theirs] = [
            await nodeSuite.hpke.deriveKeyPair(seed),
            await other.hpke.deriveKeyPair(seed),
          ];
          const secret = await nodeSuite.hpke.exportPrivateKey(mine.privateKey);
          expect(plain(secret)).toEqual(plain(await other.hpke.exportPrivateKey(theirs.privateKey)));
          expect(plain(await nodeSuite.hpke.exportPublicKey(mine.publicKey))).toEqual(
            plain(await other.hpke.exportPublicKey(theirs.publicKey)),
          );
          const out = await nodeSuite.hpke.seal(mine.publicKey, text, info, aad);
          expect(plain(await other.hpke.open(theirs.privateKey, out.enc, out.ct, info, aad))).toEqual(
            plain(text),
          );
          const back = await other.hpke.seal(theirs.publicKey, text, info, aad);
          const again = await nodeSuite.hpke.importPrivateKey(secret);
          expect(plain(await nodeSuite.hpke.open(again, back.enc, back.ct, info, aad))).toEqual(plain(text));
          const hurt = Uint8Array.from(back.ct);
          hurt[at % hurt.length] = (hurt[at % hurt.length] ?? 0) ^ 1;
          await expect(nodeSuite.hpke.open(again, back.enc, hurt, info, aad)).rejects.toThrow();
          const shared = await nodeSuite.hpke.exportSecret(mine.publicKey, aad, 32, info);
          expect(plain(await other.hpke.importSecret(theirs.privateKey, aad, shared.enc, 32, info))).toEqual(
            plain(shared.secret),
          );
          const given = await other.hpke.exportSecret(theirs.publicKey, aad, 32, info);
          expect(plain(await nodeSuite.hpke.importSecret(mine.privateKey, aad, given.enc, 32, info))).toEqual(
            plain(given.secret),
          );
        },
      ),
      runs,
    );
  });

  test('AES-GCM: the same bytes', async () => {
    const other = await load();
    await fc.assert(
      fc.asyncProperty(exactly(16), exactly(12), bytes(), bytes(), async (key, nonce, aad, text) => {
        const sealed = await nodeSuite.hpke.encryptAead(key, nonce, aad, text);
        expect(plain(sealed)).toEqual(plain(await other.hpke.encryptAead(key, nonce, aad, text)));
        expect(plain(await nodeSuite.hpke.decryptAead(key, nonce, aad, sealed))).toEqual(plain(text));
      }),
      runs,
    );
    const [key, nonce] = [new Uint8Array(16), new Uint8Array(12)];
    expect(plain(await nodeSuite.hpke.encryptAead(key, nonce, undefined, key))).toEqual(
      plain(await other.hpke.encryptAead(key, nonce, undefined, key)),
    );
  });
});

describe('what is no key is refused', () => {
  test('AT-17 wrong lengths, and points that give a secret of zeros', async () => {
    const { hpke, signature } = nodeSuite;
    await expect(hpke.importPublicKey(new Uint8Array(31))).rejects.toThrow();
    await expect(hpke.importPrivateKey(new Uint8Array(33))).rejects.toThrow();
    const zero = await hpke.importPublicKey(new Uint8Array(32));
    await expect(hpke.seal(zero, new Uint8Array(1), new Uint8Array())).rejects.toThrow();
    const { publicKey } = await signature.keygen();
    expect(await signature.verify(publicKey, new Uint8Array(), new Uint8Array(63))).toBe(false);
    expect(await signature.verify(publicKey.subarray(1), new Uint8Array(), new Uint8Array(64))).toBe(false);
    const short = hpke.decryptAead(new Uint8Array(16), new Uint8Array(12), undefined, new Uint8Array(15));
    await expect(short).rejects.toThrow();
    await expect(nodeSuite.kdf.expand(new Uint8Array(32), new Uint8Array(), 255 * 32 + 1)).rejects.toThrow();
  });
});

describe('the suite of a runtime', () => {
  test('is the one on node:crypto where that works', async () => {
    expect(await loadSuite()).toBe(nodeSuite);
  });

  test('is the portable one where a primitive is missing or gives something else', async () => {
    const missing: Suite = {
      ...nodeSuite,
      signature: { ...nodeSuite.signature, keygen: () => Promise.reject(new Error('no Ed25519')) },
    };
    const wrong: Suite = { ...nodeSuite, hpke: { ...nodeSuite.hpke, open: async () => new Uint8Array() } };
    for (const suite of [missing, wrong]) {
      const loaded = await loadSuite(suite);
      expect(loaded).not.toBe(suite);
      expect(loaded.name).toBe(SUITE_NAME);
    }
  });
});
