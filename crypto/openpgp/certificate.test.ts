import fc from 'fast-check';
import { UserAttributePacket, enums, generateKey, readPrivateKey, revokeKey, type PrivateKey } from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  encryptionFault,
  fingerprintOf,
  readCertificate,
  readKnownCertificate,
  withSkew,
  type Certificate,
} from './certificate.ts';
import { CLOCK_SKEW_MS, KEY_LIMIT_BYTES, lenient } from './config.ts';
import { exportCertificate, type OwnKey } from './keys.ts';
import { mergeCertificates, minimise } from './merge.ts';
import { v6Fingerprint, v6SecretKey } from './rfc-vectors.ts';
import { DAY_MS, NOW, bytes, parse, person } from './test-people.ts';

let alice: OwnKey;
let bob: OwnKey;
beforeAll(async () => {
  [alice, bob] = [await person('alice'), await person('bob', 6)];
});

const publicOf = (key: PrivateKey): Uint8Array => Uint8Array.from(key.toPublic().write());
const secretOf = (key: OwnKey): Promise<PrivateKey> =>
  readPrivateKey({ binaryKey: Uint8Array.from(key.secret) });

async function read(octets: Uint8Array, now = NOW): Promise<Certificate> {
  const result = await readCertificate(octets, now);
  if (result.kind === 'refused') throw new Error(result.why);
  return result.certificate;
}

async function make(options: Partial<Parameters<typeof generateKey>[0]> = {}): Promise<PrivateKey> {
  const { privateKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ email: 'carol@example.org' }],
    date: new Date(NOW - 30 * DAY_MS),
    ...options,
    format: 'object',
  });
  return privateKey;
}

/** Lets the library make what it refuses to make by default: SHA-1 signatures. Only RSA keys can. */
const sha1 = {
  ...lenient,
  preferredHashAlgorithm: enums.hash.sha1,
  nonDeterministicSignaturesViaNotation: false,
};

describe('reading a certificate', () => {
  test('names what a version 4 certificate is', () => {
    expect(alice.certificate).toMatchObject({
      version: 4,
      addresses: ['alice@example.org'],
      algorithms: ['eddsaLegacy ed25519Legacy', 'ecdh curve25519Legacy'],
      seipd2: true,
      revoked: false,
      expiresAt: null,
      createdAt: NOW - DAY_MS,
    });
    expect(alice.certificate.fingerprint).toMatch(/^[0-9A-F]{40}$/);
    expect(alice.certificate.keyIds).toEqual([
      alice.certificate.fingerprint.slice(-16),
      expect.stringMatching(/^[0-9A-F]{16}$/),
    ]);
  });

  test('names what a version 6 certificate is', () => {
    expect(bob.certificate).toMatchObject({ version: 6, algorithms: ['ed25519', 'x25519'], seipd2: true });
    expect(bob.certificate.fingerprint).toMatch(/^[0-9A-F]{64}$/);
  });

  test('reads armored and binary alike, from the cache as well', async () => {
    const armored = bytes(await exportCertificate(alice.certificate));
    expect((await read(armored)).bytes).toEqual(alice.certificate.bytes);
    expect(await readKnownCertificate(alice.certificate.bytes, NOW)).toEqual({
      kind: 'certificate',
      certificate: alice.certificate,
    });
    for (const octets of [
      bytes('x'),
      alice.secret,
      Buffer.concat([alice.certificate.bytes, bob.certificate.bytes]),
    ]) {
      expect(await readKnownCertificate(octets, NOW)).toEqual({ kind: 'refused', why: 'malformed' });
    }
  });

  test('gives the fingerprint RFC 9580 A.3 gives; a certificate without user id has no address', async () => {
    const key = await readPrivateKey({ armoredKey: v6SecretKey });
    expect(await read(publicOf(key))).toMatchObject({
      fingerprint: v6Fingerprint,
      addresses: [],
      version: 6,
    });
  });

  test.each([
    ['too-large', () => new Uint8Array(KEY_LIMIT_BYTES + 1)],
    ['malformed', () => bytes('nonsense')],
    ['malformed', () => new Uint8Array(0)],
    [
      'malformed',
      () => bytes('-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n????\n-----END PGP PUBLIC KEY BLOCK-----'),
    ],
    ['several-keys', () => Buffer.concat([alice.certificate.bytes, bob.certificate.bytes])],
    ['secret-key', () => alice.secret],
    ['malformed', () => alice.certificate.bytes.subarray(0, -1)],
  ] as const)('refuses: %s', async (why, octets) => {
    expect(await readCertificate(octets(), NOW)).toEqual({ kind: 'refused', why });
  });

  test('AT-14 refuses keys and ids of other networks', async () => {
    const raw = new Uint8Array(32).fill(9);
    for (const other of [
      raw, // MLS, Nostr
      Uint8Array.of(5, ...raw), // Signal
      bytes('npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6'),
      Uint8Array.of(0, 1, 0, 5, 0, 1, ...raw), // the head of an MLS key package
    ])
      expect((await readCertificate(other, NOW)).kind).toBe('refused');
    for (const name of ['npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6', '05'.repeat(33)])
      expect(fingerprintOf(name)).toBeNull();
  });

  test('refuses a key version it does not know', async () => {
    const changed = Uint8Array.from(alice.certificate.bytes);
    for (const version of [3, 5, 7]) {
      changed[2] = version;
      expect(await readCertificate(changed, NOW)).toEqual({ kind: 'refused', why: 'unsupported' });
    }
  });

  test('refuses a certificate made to keep us busy', async () => {
    const key = (await make()).toPublic();
    const [self] = key.users[0]?.selfCertifications ?? [];
    if (!self) throw new Error('no self-signature');
    key.users[0]?.selfCertifications.push(...Array.from({ length: 300 }, () => self));
    expect(await readCertificate(Uint8Array.from(key.write()), NOW)).toEqual({
      kind: 'refused',
      why: 'too-large',
    });
  });

  test('refuses a primary key without a self-signature, and user ids its key does not vouch for', async () => {
    const key = (await make()).toPublic();
    const [user] = key.users;
    if (!user) throw new Error('no user');
    user.selfCertifications = [];
    expect(await readCertificate(Uint8Array.from(key.write()), NOW)).toEqual({
      kind: 'refused',
      why: 'no-self-signature',
    });
    const mallory = (
      await make({ userIDs: [{ email: 'mallory@example.org' }, { email: 'second@example.org' }] })
    ).toPublic();
    const victim = (await make()).toPublic();
    mallory.users[1]?.selfCertifications.push(...(victim.users[0]?.selfCertifications ?? []));
    const borrowed = mallory.users[1];
    if (borrowed) borrowed.selfCertifications = victim.users[0]?.selfCertifications ?? [];
    expect((await read(Uint8Array.from(mallory.write()))).addresses).toEqual(['mallory@example.org']);
  });

  test('refuses a certificate whose own signatures use SHA-1', async () => {
    const key = await make({ type: 'rsa', rsaBits: 2048, config: sha1 });
    expect(key.users[0]?.selfCertifications[0]?.hashAlgorithm).toBe(enums.hash.sha1);
    expect(await readCertificate(publicOf(key), NOW)).toEqual({ kind: 'refused', why: 'weak' });
  });

  test('never throws, whatever octets are changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.boolean(),
        async (flips, cut, doCut) => {
          const changed = Uint8Array.from(alice.certificate.bytes);
          for (const [place, flip] of flips)
            changed[place % changed.length] = (changed[place % changed.length] ?? 0) ^ flip;
          const result = await readCertificate(
            doCut ? changed.subarray(0, cut % changed.length) : changed,
            NOW,
          );
          // Whatever is read as a certificate under the same name has the same key: the name is its hash.
          if (result.kind === 'certificate')
            expect(fingerprintOf(result.certificate.fingerprint)).not.toBeNull();
        },
      ),
      { numRuns: 150 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (noise) => {
        expect((await readCertificate(noise, NOW)).kind).toBe('refused');
      }),
      { numRuns: 100 },
    );
  });
});

describe('what a certificate may be encrypted to', () => {
  test('usable now, and not before it was made', async () => {
    expect(await encryptionFault(alice.certificate, NOW)).toBeNull();
    expect(await encryptionFault(bob.certificate, NOW)).toBeNull();
    expect(await encryptionFault(alice.certificate, NOW - 3 * DAY_MS)).toBe('not-yet-valid');
  });

  test('a clock that runs a little ahead does no harm, one that runs far ahead does', async () => {
    const soon = await person('soon', 4, NOW + CLOCK_SKEW_MS - 1000);
    expect(await encryptionFault(soon.certificate, NOW)).toBeNull();
    expect(await encryptionFault(soon.certificate, NOW - 2000)).toBe('not-yet-valid');
    expect(withSkew(NOW, NOW - 5)).toEqual(new Date(NOW));
  });

  test('expired', async () => {
    const short = await read(publicOf(await make({ keyExpirationTime: 31 * 24 * 3600 })));
    expect(short.expiresAt).toBe(NOW + DAY_MS);
    expect(await encryptionFault(short, NOW)).toBeNull();
    expect(await encryptionFault(short, NOW + DAY_MS + 1000)).toBe('expired');
  });

  test('only the encryption subkey expired', async () => {
    const key = await make({
      subkeys: [{ type: 'ecc', curve: 'curve25519Legacy', keyExpirationTime: 31 * 24 * 3600 }],
    });
    const certificate = await read(publicOf(key));
    expect(certificate.expiresAt).toBe(NOW + DAY_MS);
    expect(await encryptionFault(certificate, NOW + 2 * DAY_MS)).toBe('expired');
  });

  test('no encryption subkey', async () => {
    const signing = await read(publicOf(await make({ subkeys: [] })));
    expect(await encryptionFault(signing, NOW)).toBe('no-encryption-key');
    expect(await encryptionFault({ ...signing, bytes: bytes('x') }, NOW)).toBe('no-encryption-key');
  });

  test('too weak', async () => {
    const config = { ...lenient, minRSABits: 1024 };
    const weak = await make({ type: 'rsa', rsaBits: 1024, config });
    const result = await readCertificate(publicOf(weak), NOW);
    expect(result).toMatchObject({ kind: 'certificate' });
    if (result.kind === 'certificate') expect(await encryptionFault(result.certificate, NOW)).toBe('weak');
  });

  test.each([enums.hash.sha256, enums.hash.sha1])(
    'revoked, whatever the hash of the revocation (%i)',
    async (hash) => {
      const key = await make({ type: 'rsa', rsaBits: 2048 });
      const { publicKey } = await revokeKey({
        key,
        reasonForRevocation: { flag: enums.reasonForRevocation.keyCompromised },
        date: new Date(NOW),
        format: 'object',
        config: { ...sha1, preferredHashAlgorithm: hash },
      });
      expect(publicKey.revocationSignatures[0]?.hashAlgorithm).toBe(hash);
      const certificate = await read(Uint8Array.from(publicKey.write()));
      expect(certificate.revoked).toBe(true);
      expect(await encryptionFault(certificate, NOW)).toBe('revoked');
      // Compromised: whatever the date, as a thief could have chosen it.
      expect(await encryptionFault(certificate, NOW - DAY_MS / 2)).toBe('revoked');
      const alive = await read(publicOf(key));
      expect(await mergeCertificates(alive, certificate, NOW)).toMatchObject({
        certificate: { revoked: true },
      });
    },
  );
});

describe('minimising and merging', () => {
  const revokedCopy = async (key: OwnKey): Promise<Certificate> => {
    const { publicKey } = await revokeKey({
      key: await secretOf(key),
      date: new Date(NOW),
      format: 'object',
    });
    return read(Uint8Array.from(publicKey.write()));
  };
  const merged = async (a: Certificate, b: Certificate): Promise<Certificate> => {
    const result = await mergeCertificates(a, b, NOW);
    if (result.kind === 'refused') throw new Error(result.why);
    return result.certificate;
  };

  test('drops what others signed and keeps what is needed', async () => {
    const signer = await secretOf(bob);
    const key = await (await secretOf(alice)).toPublic().signAllUsers([signer], new Date(NOW));
    const big = await read(Uint8Array.from(key.write()));
    expect(big.bytes.length).toBeGreaterThan(alice.certificate.bytes.length);
    const small = await minimise(big, NOW);
    expect(small).toMatchObject({ kind: 'certificate' });
    if (small.kind === 'certificate') {
      expect(small.certificate.bytes).toEqual(alice.certificate.bytes);
      expect(await encryptionFault(small.certificate, NOW)).toBeNull();
    }
    expect(await minimise({ ...big, bytes: bytes('x') }, NOW)).toEqual({ kind: 'refused', why: 'malformed' });
  });

  test('drops photos, and all but a few of many revocations', async () => {
    const packet = new UserAttributePacket();
    packet.read(Uint8Array.of(3, 1, 9, 9));
    const key = (await revokeKey({ key: await secretOf(alice), date: new Date(NOW), format: 'object' }))
      .publicKey;
    const [revocation] = key.revocationSignatures;
    if (!revocation) throw new Error('no revocation');
    key.revocationSignatures.push(...Array.from({ length: 9 }, () => revocation));
    const list = key.toPacketList();
    list.push(packet);
    const small = await minimise(await read(Uint8Array.from(list.write())), NOW);
    if (small.kind === 'refused') throw new Error(small.why);
    const again = await parse(small.certificate);
    expect(again.users).toHaveLength(1);
    expect(again.revocationSignatures).toHaveLength(4);
  });

  test('a user id that was revoked is no address, and stays revoked', async () => {
    const key = await make({ userIDs: [{ email: 'a@example.org' }, { email: 'b@example.org' }] });
    const before = await read(publicOf(key));
    expect(before.addresses).toEqual(['a@example.org', 'b@example.org']);
    const [first, second] = key.users;
    if (!first || !second) throw new Error('no users');
    const dead = await second.revoke(
      key.keyPacket as Parameters<typeof second.revoke>[0],
      undefined,
      new Date(NOW - DAY_MS),
    );
    key.users = [first, dead];
    const after = await read(publicOf(key));
    expect(after.addresses).toEqual(['a@example.org']);
    expect((await merged(before, after)).addresses).toEqual(['a@example.org']);
    expect((await merged(after, before)).addresses).toEqual(['a@example.org']);
  });

  test('a revocation made on a clock ahead of ours is kept for its day', async () => {
    const { publicKey } = await revokeKey({
      key: await secretOf(alice),
      reasonForRevocation: { flag: enums.reasonForRevocation.keyRetired },
      date: new Date(NOW + 2 * DAY_MS),
      format: 'object',
    });
    const retired = await read(Uint8Array.from(publicKey.write()));
    const joined = await merged(alice.certificate, retired);
    expect(await encryptionFault(joined, NOW)).toBeNull();
    expect(await encryptionFault(joined, NOW + 3 * DAY_MS)).toBe('revoked');
  });

  test('AT-14 leaves user ids and subkeys out that the key does not vouch for', async () => {
    const mine = (
      await make({ userIDs: [{ email: 'a@example.org' }, { email: 'b@example.org' }] })
    ).toPublic();
    const other = (await make()).toPublic();
    const [, second] = mine.users;
    if (second) second.selfCertifications = other.users[0]?.selfCertifications ?? [];
    const [subkey] = mine.subkeys;
    if (subkey) subkey.bindingSignatures = other.subkeys[0]?.bindingSignatures ?? [];
    const small = await minimise(await read(Uint8Array.from(mine.write())), NOW);
    expect(small).toMatchObject({
      certificate: { addresses: ['a@example.org'], algorithms: ['eddsaLegacy ed25519Legacy'] },
    });
  });

  test('a revocation is never lost, in whichever order copies come', async () => {
    const dead = await revokedCopy(alice);
    for (const [a, b] of [
      [alice.certificate, dead],
      [dead, alice.certificate],
      [dead, dead],
    ] as const) {
      const result = await merged(a, b);
      expect(result.revoked).toBe(true);
      expect(await encryptionFault(result, NOW)).toBe('revoked');
    }
  });

  test('a forged revocation changes nothing', async () => {
    const dead = (await revokeKey({ key: await secretOf(bob), date: new Date(NOW), format: 'object' }))
      .publicKey;
    const forged = (await secretOf(alice)).toPublic();
    forged.revocationSignatures.push(...dead.revocationSignatures);
    const copy = await read(Uint8Array.from(forged.write()));
    expect(copy.revoked).toBe(false);
    expect((await merged(alice.certificate, copy)).bytes).toEqual(alice.certificate.bytes);
  });

  test('a newer self-signature wins: a renewed key becomes usable again, an older copy does not undo it', async () => {
    const first = await make({ keyExpirationTime: 31 * 24 * 3600 });
    const older = await read(publicOf(first));
    const { reformatKey } = await import('openpgp');
    const renewed = await reformatKey({
      privateKey: first,
      userIDs: [{ email: 'carol@example.org' }],
      date: new Date(NOW),
      format: 'object',
    });
    const newer = await read(Uint8Array.from(renewed.publicKey.write()));
    expect(newer.fingerprint).toBe(older.fingerprint);
    const later = NOW + 10 * DAY_MS;
    expect(await encryptionFault(older, later)).toBe('expired');
    for (const [a, b] of [
      [older, newer],
      [newer, older],
    ] as const) {
      expect(await encryptionFault(await merged(a, b), later)).toBeNull();
    }
  });

  test('a new subkey is added and a revoked subkey stays revoked', async () => {
    const key = await make();
    const before = await read(publicOf(key));
    const more = await key.addSubkey({
      type: 'ecc',
      curve: 'curve25519Legacy',
      date: new Date(NOW - DAY_MS),
    });
    const after = await read(publicOf(more));
    expect((await merged(before, after)).keyIds).toHaveLength(3);
    const subkey = key.subkeys[0];
    if (!subkey) throw new Error('no subkey');
    const dead = await subkey.revoke(
      key.keyPacket as Parameters<typeof subkey.revoke>[0],
      undefined,
      new Date(NOW - DAY_MS),
    );
    key.subkeys = [dead];
    const revoked = await read(publicOf(key));
    expect(await encryptionFault(revoked, NOW)).toBe('no-encryption-key');
    const joined = await merged(before, revoked);
    expect(await encryptionFault(joined, NOW)).not.toBeNull();
    expect(await encryptionFault(await merged(joined, before), NOW)).not.toBeNull();
  });

  test('refuses two different keys, and what does not parse', async () => {
    await expect(mergeCertificates(alice.certificate, bob.certificate, NOW)).rejects.toThrow(RangeError);
    const broken = { ...alice.certificate, bytes: bytes('x') };
    expect(await mergeCertificates(alice.certificate, broken, NOW)).toEqual({
      kind: 'refused',
      why: 'malformed',
    });
  });
});

test('fingerprints are read in either case and nothing else is one', () => {
  expect(fingerprintOf(v6Fingerprint.toLowerCase())).toBe(v6Fingerprint);
  for (const text of ['', 'x'.repeat(40), 'A'.repeat(39), 'A'.repeat(41)])
    expect(fingerprintOf(text)).toBeNull();
});
