import fc from 'fast-check';
import { encryptKey, enums, generateKey, readPrivateKey, revokeKey, type PrivateKey } from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import { KEY_LIMIT_BYTES, lenient } from './config.ts';
import {
  exportCertificate,
  exportOwnKey,
  generateOwnKey,
  importOwnKey,
  joinOwnKeys,
  readOwnKey,
  type OwnKey,
} from './keys.ts';
import { forgetParsedKeys } from './parsed.ts';
import { v6SecretKey } from './rfc-vectors.ts';
import { DAY_MS, NOW, bytes, parse, person } from './test-people.ts';

let alice: OwnKey;
beforeAll(async () => {
  alice = await person('alice');
});

const secretOf = (key: OwnKey): Promise<PrivateKey> =>
  readPrivateKey({ binaryKey: Uint8Array.from(key.secret) });

async function foreign(options: Partial<Parameters<typeof generateKey>[0]> = {}): Promise<PrivateKey> {
  const { privateKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'Dora', email: 'dora@example.org' }],
    date: new Date(NOW - 30 * DAY_MS),
    ...options,
    format: 'object',
  });
  return privateKey;
}
const armored = (key: PrivateKey): Uint8Array => bytes(key.armor());

describe('a new key', () => {
  test('announces what Delta Chat core announces and has the address as its only user id', async () => {
    const key = await parse(alice.certificate);
    expect(key.getUserIDs()).toEqual(['<alice@example.org>']);
    const self = key.users[0]?.selfCertifications[0] as unknown as {
      features: number[];
      preferredCipherSuites: number[][];
      preferredSymmetricAlgorithms: number[];
    };
    expect(self.features).toEqual([9]);
    expect(self.preferredCipherSuites[0]).toEqual([enums.symmetric.aes256, enums.aead.ocb]);
    expect(self.preferredSymmetricAlgorithms[0]).toBe(enums.symmetric.aes256);
  });

  test.each([4, 6] as const)('version %i comes back from its stored bytes', async (version) => {
    const key = await generateOwnKey({ address: 'a@example.org', version, now: NOW });
    forgetParsedKeys();
    expect(await readOwnKey(key.secret, NOW)).toEqual(key);
  });

  test('refuses what cannot be an address, and stored bytes that are no key', async () => {
    await expect(generateOwnKey({ address: 'not an address', now: NOW })).rejects.toThrow();
    await expect(readOwnKey(bytes('x'), NOW)).rejects.toThrow();
    await expect(readOwnKey(Buffer.concat([alice.secret, alice.secret]), NOW)).rejects.toThrow();
  });
});

describe('import and export', () => {
  test.each([4, 6] as const)('version %i comes back with its passphrase only', async (version) => {
    const key = await person('erin', version);
    const text = bytes(await exportOwnKey(key, 'pass phrase'));
    expect(Buffer.from(text).toString()).toMatch(/^-----BEGIN PGP PRIVATE KEY BLOCK-----/);
    expect(await importOwnKey(text, null, NOW)).toEqual({ kind: 'refused', why: 'passphrase-needed' });
    expect(await importOwnKey(text, 'wrong', NOW)).toEqual({ kind: 'refused', why: 'wrong-passphrase' });
    expect(await importOwnKey(text, 'pass phrase', NOW)).toEqual({ kind: 'imported', key });
    // Exporting must not lock the key in the cache.
    expect(await importOwnKey(key.secret, null, NOW)).toEqual({ kind: 'imported', key });
  });

  test('is never exported without a passphrase', async () => {
    await expect(exportOwnKey(alice, '')).rejects.toThrow(RangeError);
  });

  test('protects the export with iterated and salted S2K', async () => {
    const locked = await readPrivateKey({ armoredKey: await exportOwnKey(alice, 'x') });
    const { s2k, s2kUsage } = locked.keyPacket as unknown as {
      s2k: { type: string; c: number };
      s2kUsage: number;
    };
    expect([s2k.type, s2k.c, s2kUsage]).toEqual(['iterated', 224, 254]);
  });

  test('imports keys of other programs: RSA, a name in the user id, the sample of RFC 9580', async () => {
    const rsa = await foreign({ type: 'rsa', rsaBits: 2048 });
    expect(await importOwnKey(armored(rsa), null, NOW)).toMatchObject({
      kind: 'imported',
      key: {
        certificate: {
          addresses: ['dora@example.org'],
          algorithms: ['rsaEncryptSign 2048', 'rsaEncryptSign 2048'],
          seipd2: true,
        },
      },
    });
    expect(await importOwnKey(bytes(v6SecretKey), null, NOW)).toMatchObject({ kind: 'imported' });
  });

  test.each([
    ['too-large', () => new Uint8Array(KEY_LIMIT_BYTES + 1)],
    ['malformed', () => bytes('nonsense')],
    ['malformed', () => alice.secret.subarray(0, -3)],
    ['several-keys', () => Buffer.concat([alice.secret, alice.secret])],
    ['not-secret', () => alice.certificate.bytes],
    ['not-secret', async () => bytes(await exportCertificate(alice.certificate))],
    ['expired', async () => armored(await foreign({ keyExpirationTime: 24 * 3600 }))],
    ['not-yet-valid', async () => armored(await foreign({ date: new Date(NOW + 3 * DAY_MS) }))],
    [
      'weak',
      async () => armored(await foreign({ type: 'rsa', rsaBits: 1024, config: { minRSABits: 1024 } })),
    ],
    ['no-encryption-key', async () => armored(await foreign({ subkeys: [] }))],
    [
      'revoked',
      async () =>
        armored(
          (await revokeKey({ key: await foreign(), date: new Date(NOW), format: 'object' })).privateKey,
        ),
    ],
  ] as const)('refuses: %s', async (why, make) => {
    expect(await importOwnKey(await make(), null, NOW)).toEqual({ kind: 'refused', why });
  });

  test('refuses a key that cannot sign', async () => {
    const key = await secretOf(alice);
    const [self] = key.users[0]?.selfCertifications ?? [];
    // Certify only: signed again with the flag for signing taken away.
    const flags = self as unknown as { keyFlags: number[] };
    flags.keyFlags = [enums.keyFlags.certifyKeys];
    await (self as unknown as { sign(...args: unknown[]): Promise<void> }).sign(
      key.keyPacket,
      { key: key.keyPacket, userID: key.users[0]?.userID },
      new Date(NOW - DAY_MS),
      false,
      { ...lenient, nonDeterministicSignaturesViaNotation: false },
    );
    expect(await importOwnKey(Uint8Array.from(key.write()), null, NOW)).toEqual({
      kind: 'refused',
      why: 'no-signing-key',
    });
  });

  test('refuses stubs without the secret half', async () => {
    const key = await secretOf(alice);
    (key.keyPacket as unknown as { makeDummy(): void }).makeDummy();
    expect(await importOwnKey(Uint8Array.from(key.write()), null, NOW)).toEqual({
      kind: 'refused',
      why: 'incomplete',
    });
  });

  test('refuses a secret half that belongs to another public key', async () => {
    const other = await secretOf(await person('other'));
    const key = await secretOf(alice);
    const packet = key.subkeys[0]?.keyPacket as unknown as { privateParams: object };
    packet.privateParams = (
      other.subkeys[0]!.keyPacket as unknown as { privateParams: object }
    ).privateParams;
    expect(await importOwnKey(Uint8Array.from(key.write()), null, NOW)).toEqual({
      kind: 'refused',
      why: 'incomplete',
    });
  });

  test('a passphrase that fits only some parts does not import', async () => {
    const key = await encryptKey({
      privateKey: await secretOf(alice),
      passphrase: 'one',
      config: { aeadProtect: false },
    });
    const mixed = await encryptKey({
      privateKey: await secretOf(alice),
      passphrase: 'two',
      config: { aeadProtect: false },
    });
    key.subkeys = mixed.subkeys;
    expect(await importOwnKey(armored(key), 'one', NOW)).toEqual({
      kind: 'refused',
      why: 'wrong-passphrase',
    });
  });

  describe('a copy of a key that is kept', () => {
    const own = async (key: PrivateKey): Promise<OwnKey> => {
      const read = await importOwnKey(Uint8Array.from(key.write()), null, NOW);
      if (read.kind === 'refused') throw new Error(read.why);
      return read.key;
    };
    const joinedKey = async (kept: OwnKey, brought: OwnKey): Promise<PrivateKey> => {
      const both = await joinOwnKeys(kept, brought, NOW);
      if (both.kind === 'refused') throw new Error(both.why);
      return secretOf(both.key);
    };

    test('loses no subkey, whichever copy has it', async () => {
      const older = await foreign();
      const newer = await older.addSubkey({
        type: 'ecc',
        curve: 'curve25519Legacy',
        date: new Date(NOW - DAY_MS),
      });
      for (const [kept, brought] of [
        [older, newer],
        [newer, older],
        [newer, newer],
      ] as const) {
        const both = await joinedKey(await own(kept), await own(brought));
        expect(both.getKeyIDs().map(String).toSorted()).toEqual(newer.getKeyIDs().map(String).toSorted());
        for (const part of both.getKeys())
          expect((part.keyPacket as unknown as { isDecrypted(): boolean }).isDecrypted()).toBe(true);
      }
    });

    test('does not take the place of a secret half it only has a stub of', async () => {
      const whole = await foreign({ subkeys: [{}, { sign: true }] });
      const stub = await readPrivateKey({ binaryKey: whole.write() });
      (stub.keyPacket as unknown as { makeDummy(): void }).makeDummy();
      const both = await joinedKey(await own(whole), await own(stub));
      expect((both.keyPacket as unknown as { isDummy(): boolean }).isDummy()).toBe(false);
      expect(both.getFingerprint()).toBe(whole.getFingerprint());
    });

    test('does not undo a revocation', async () => {
      const key = await foreign();
      const { privateKey } = await revokeKey({ key, date: new Date(NOW), format: 'object' });
      const kept = await readOwnKey(Uint8Array.from(privateKey.write()), NOW);
      expect(await joinOwnKeys(kept, await own(key), NOW)).toEqual({ kind: 'refused', why: 'revoked' });
    });

    test('is a copy of the same key', async () => {
      await expect(joinOwnKeys(alice, await person('other'), NOW)).rejects.toThrow();
    });
  });

  test('never throws, whatever octets are changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (place, flip) => {
        const changed = Uint8Array.from(alice.secret);
        changed[place % changed.length] = (changed[place % changed.length] ?? 0) ^ flip;
        const result = await importOwnKey(changed, 'x', NOW);
        expect(['imported', 'refused']).toContain(result.kind);
      }),
      { numRuns: 150 },
    );
  });
});
