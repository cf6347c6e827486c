import { randomBytes } from 'node:crypto';
import { deflateRawSync, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import {
  createMessage,
  encrypt,
  enums,
  generateKey,
  readPrivateKey,
  revokeKey,
  sign,
  type PrivateKey,
  type PublicKey,
} from 'openpgp';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { armor, dearmor } from './armor.ts';
import { encryptionFault, readCertificate, type Certificate } from './certificate.ts';
import { lenient } from './config.ts';
import { defaultLimits, readEnvelope } from './envelope.ts';
import type { OwnKey } from './keys.ts';
import { hideNativeOcb } from './ocb.ts';
import { decryptMessage, openMessage, type Opened, type OpenRefusal } from './open.ts';
import { TAG, packet, packetHeader, readPackets, type Packet } from './packets.ts';
import { literalPacket, seal, signedPackets } from './seal.ts';
import {
  DAY_MS,
  NOW,
  bytes,
  letter,
  weakPoints,
  parse,
  person,
  rebuilt,
  textOf,
  withEncryptionPoint,
  wrap,
} from './test-people.ts';

afterEach(() => hideNativeOcb(false));

const none = new Uint8Array(0);
let alice: OwnKey;
let bob: OwnKey;
let mallory: OwnKey;
beforeAll(async () => {
  [alice, bob, mallory] = await Promise.all([person('alice'), person('bob'), person('mallory')]);
});

const secretOf = (key: OwnKey): Promise<PrivateKey> =>
  readPrivateKey({ binaryKey: Uint8Array.from(key.secret) });

async function open(
  armored: Uint8Array,
  known: readonly Certificate[] = [alice.certificate],
  limits = defaultLimits,
): Promise<Opened | { readonly kind: 'refused'; readonly why: OpenRefusal }> {
  return openMessage({ armored, own: [bob], candidates: () => Promise.resolve(known), now: NOW, limits });
}

/** Packets of an armored message. */
function packetsOf(armored: Uint8Array): readonly Packet[] {
  const packets = readPackets(dearmor(armored) ?? new Uint8Array(0), 5000);
  if (typeof packets === 'string') throw new Error(packets);
  return packets;
}

const signedBy = async (key: OwnKey, text: string, to: readonly OwnKey[] = [bob]): Promise<Uint8Array> => {
  const packets = await signedPackets(
    bytes(text),
    key,
    to.map((each) => each.certificate),
    NOW,
  );
  if (packets === null) throw new Error('cannot sign');
  return packets;
};

/** One-pass signature, literal, signature. */
async function parts(key: OwnKey, text: string): Promise<readonly [Uint8Array, Uint8Array, Uint8Array]> {
  const packets = readPackets(await signedBy(key, text), 3);
  if (typeof packets === 'string') throw new Error(packets);
  return packets.map(({ raw }) => raw) as unknown as readonly [Uint8Array, Uint8Array, Uint8Array];
}

const wrapFor = (content: Uint8Array, seipd: 1 | 2 = 2): Promise<Uint8Array> =>
  wrap(content, [bob.certificate], { seipd });

describe.each([
  ['version 2, native OCB', 2, false],
  ['version 2, OCB over ECB', 2, true],
  ['version 1', 1, false],
] as const)('a message that was changed: %s', (_, seipd, hidden) => {
  const make = async (): Promise<Uint8Array> => {
    hideNativeOcb(hidden);
    return wrapFor(await signedBy(alice, 'The price is 10 euro. '.repeat(2000)), seipd);
  };

  test('opens as long as it is whole', async () => {
    expect(await open(await make())).toMatchObject({ kind: 'opened', signature: { kind: 'good' } });
  });

  test('cut at every packet boundary and inside every packet', async () => {
    const whole = await make();
    const binary = Buffer.from(dearmor(whole) ?? []);
    const ends = new Set<number>();
    let at = 0;
    for (const { raw, body } of packetsOf(whole)) {
      for (const end of [
        at,
        at + 1,
        at + raw.length - body.length,
        at + raw.length - 1,
        at + (raw.length >> 1),
      ])
        ends.add(end);
      at += raw.length;
      ends.add(at);
    }
    ends.delete(binary.length);
    ends.delete(0);
    expect(ends.size).toBeGreaterThan(8);
    for (const end of ends) {
      expect(await open(armor(binary.subarray(0, end))), `cut at ${end}`).toMatchObject({ kind: 'refused' });
    }
  });

  test('cut inside the body with the packet length put right', async () => {
    const [key, body] = packetsOf(await make());
    for (const less of [1, 15, 16, 17, 22, 8192, 8208, 16_416]) {
      const shorter = packet(TAG.seipd, body?.body.subarray(0, -less) ?? new Uint8Array(0));
      expect(await open(armor(Buffer.concat([key?.raw ?? none, shorter])))).toEqual({
        kind: 'refused',
        why: 'damaged',
      });
    }
  });

  test('any bit flipped anywhere', async () => {
    const whole = await make();
    const length = dearmor(whole)?.length ?? 0;
    // Half of the places in the first 400 octets, where the headers and the session key are.
    const place = fc.oneof(fc.nat({ max: 400 }), fc.nat({ max: length - 1 }));
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const result = await open(
          rebuilt(whole, (binary) => {
            binary[at] = (binary[at] ?? 0) ^ (1 << bit);
            return binary;
          }),
        );
        // A flip in a name of a recipient may leave us another way in, never another content.
        if (result.kind === 'opened')
          expect(textOf(result.plaintext)).toMatch(/^(The price is 10 euro\. ){2000}$/);
      }),
      { numRuns: 120 },
    );
  });

  test('octets or packets added', async () => {
    const whole = await make();
    const add = (tail: Uint8Array): Uint8Array => rebuilt(whole, (binary) => Buffer.concat([binary, tail]));
    expect(await open(add(Uint8Array.of(0)))).toMatchObject({ why: 'malformed' });
    expect(await open(add(packet(TAG.literal, bytes('x'))))).toMatchObject({ why: 'malformed' });
    expect(await open(add(packetsOf(whole)[1]?.raw ?? new Uint8Array(0)))).toMatchObject({
      why: 'malformed',
    });
    // Padding and markers say nothing and are ignored (RFC 9580 §5.8, §5.14).
    expect(await open(add(packet(TAG.padding, randomBytes(9))))).toMatchObject({ kind: 'opened' });
  });
});

describe('without integrity', () => {
  test('a body without any protection is never decrypted', async () => {
    const [key, body] = packetsOf(await wrapFor(await signedBy(alice, 'hi'), 1));
    const stripped = packet(TAG.sed, body?.body.subarray(1, -22) ?? new Uint8Array(0));
    expect(await open(armor(Buffer.concat([key?.raw ?? none, stripped])))).toEqual({
      kind: 'refused',
      why: 'no-integrity',
    });
  });

  test('a version 1 body whose modification detection code is cut off', async () => {
    const [key, body] = packetsOf(await wrapFor(await signedBy(alice, 'hi'), 1));
    const stripped = packet(TAG.seipd, body?.body.subarray(0, -22) ?? new Uint8Array(0));
    expect(await open(armor(Buffer.concat([key?.raw ?? none, stripped])))).toEqual({
      kind: 'refused',
      why: 'damaged',
    });
  });

  test('version 2 made to look like version 1, and the other way round', async () => {
    for (const [from, to] of [
      [2, 1],
      [1, 2],
    ] as const) {
      const [key, body] = packetsOf(await wrapFor(await signedBy(alice, 'hi'.repeat(100)), from));
      const changed = Uint8Array.from(body?.body ?? []);
      changed[0] = to;
      const result = await open(armor(Buffer.concat([key?.raw ?? none, packet(TAG.seipd, changed)])));
      expect(result.kind).toBe('refused');
    }
  });

  test('session keys of the wrong version are not tried (downgrade)', async () => {
    const one = packetsOf(await wrapFor(literalPacket(bytes('hi')), 1));
    const two = packetsOf(await wrapFor(literalPacket(bytes('hi')), 2));
    for (const [key, body] of [
      [one[0], two[1]],
      [two[0], one[1]],
    ]) {
      expect(await open(armor(Buffer.concat([key?.raw ?? none, body?.raw ?? none])))).toEqual({
        kind: 'refused',
        why: 'not-for-us',
      });
    }
  });
});

describe('AT-17 session keys under a secret that anybody knows', () => {
  /** Where the sender's passing key stands in the packet of the session key (RFC 9580 §5.1.1, §5.1.2). */
  test.each([
    [4, 1, 13],
    [6, 2, 36],
  ] as const)('to a certificate of version %i', async (version, seipd, at) => {
    const carol = await person('carol', version);
    const to = (armored: Uint8Array) =>
      openMessage({
        armored,
        own: [carol],
        candidates: () => Promise.resolve([alice.certificate]),
        now: NOW,
        limits: defaultLimits,
      });
    const sealed = await wrap(await signedBy(alice, 'hi', [carol]), [carol.certificate], { seipd });
    expect((await to(sealed)).kind).not.toBe('refused');
    const [key, body] = packetsOf(sealed);
    for (const point of weakPoints) {
      const changed = Buffer.from(key?.body ?? none);
      expect(changed.length).toBeGreaterThan(at + point.length);
      changed.set(point, at);
      const result = await to(armor(Buffer.concat([packet(TAG.pkesk, changed), body?.raw ?? none])));
      expect(result.kind, Buffer.from(point).toString('hex')).toBe('refused');
    }
  });
});

describe('AT-17 certificates whose encryption key is a point that anybody knows the secret of', () => {
  type Kind = Pick<Parameters<typeof generateKey>[0], 'type' | 'curve'>;
  const made = async (kind: Kind): Promise<Uint8Array> => {
    const { privateKey } = await generateKey({
      ...kind,
      userIDs: [{ email: 'eve@example.org' }],
      date: new Date(NOW - DAY_MS),
      format: 'binary',
    });
    return privateKey;
  };
  const curve448 = [new Uint8Array(56), Uint8Array.of(1, ...new Uint8Array(55))];
  /** (5, 1) lies on no curve of these. */
  const off = (bytesOfOne: number): Uint8Array => {
    const point = new Uint8Array(1 + 2 * bytesOfOne);
    point.set([4]);
    point.set([5], bytesOfOne);
    point.set([1], 2 * bytesOfOne);
    return point;
  };

  test.each<[string, Kind, readonly Uint8Array[]]>([
    ['X25519', { type: 'curve25519' }, weakPoints],
    ['X25519 in the older form', { type: 'ecc', curve: 'ed25519Legacy' }, weakPoints],
    ['X448', { type: 'curve448' }, curve448],
    ['P-256', { type: 'ecc', curve: 'nistP256' }, [off(32)]],
    ['P-521', { type: 'ecc', curve: 'nistP521' }, [off(66)]],
  ])('%s: nothing is sealed to them', async (_name, kind, points) => {
    const secret = await made(kind);
    const honest = await readCertificate(
      Uint8Array.from((await readPrivateKey({ binaryKey: secret })).toPublic().write()),
      NOW,
    );
    if (honest.kind === 'refused') throw new Error(honest.why);
    expect(await encryptionFault(honest.certificate, NOW)).toBeNull();
    for (const point of points) {
      const certificate = await withEncryptionPoint(secret, point);
      expect(await encryptionFault(certificate, NOW)).toBe('no-encryption-key');
      const sealing = { plaintext: bytes('x'), from: alice, hideRecipients: true, now: NOW } as const;
      expect(await seal({ ...sealing, to: [bob.certificate, certificate] })).toEqual({
        kind: 'refused',
        why: 'unusable-certificate',
        fingerprint: certificate.fingerprint,
        fault: 'no-encryption-key',
      });
    }
  });
});

describe('what is not an encrypted message', () => {
  test.each([
    ['an unencrypted literal', async () => literalPacket(bytes('hi')), 'unsupported'],
    ['a signed message', async () => signedBy(alice, 'hi'), 'malformed'],
    [
      'a body of an unknown version',
      async () => packet(TAG.seipd, bytes('\u0003xxxxxxxxxxxxxx')),
      'unsupported',
    ],
    [
      'a body of version 2 without its header',
      async () => packet(TAG.seipd, Uint8Array.of(2, 7, 2, 7)),
      'malformed',
    ],
    [
      'an unknown cipher',
      async () => packet(TAG.seipd, Uint8Array.of(2, 3, 2, 7), randomBytes(80)),
      'unsupported',
    ],
    [
      'an unknown AEAD',
      async () => packet(TAG.seipd, Uint8Array.of(2, 7, 9, 7), randomBytes(80)),
      'unsupported',
    ],
    [
      'chunks of 8 MiB',
      async () => packet(TAG.seipd, Uint8Array.of(2, 7, 2, 17), randomBytes(80)),
      'malformed',
    ],
    ['the draft AEAD packet', async () => packet(TAG.aead, randomBytes(80)), 'unsupported'],
    ['only a session key', async () => packet(TAG.pkesk, randomBytes(30)), 'damaged'],
    ['only markers', async () => packet(TAG.marker, bytes('PGP')), 'malformed'],
    ['a public key', async () => alice.certificate.bytes, 'malformed'],
    ['noise', async () => Uint8Array.of(0x41, 1, 2, 3), 'malformed'],
  ] as const)('%s', async (_, content, why) => {
    expect(await open(armor(await content()))).toEqual({ kind: 'refused', why });
  });

  test('text that is no armor', async () => {
    expect(await open(bytes('hello'))).toEqual({ kind: 'refused', why: 'malformed' });
  });

  test('session keys of unknown shapes are passed over', async () => {
    const whole = await wrapFor(await signedBy(alice, 'hi'));
    const odd = [
      packet(TAG.pkesk, Uint8Array.of(3, 1, 2)),
      packet(TAG.pkesk, Uint8Array.of(6)),
      packet(TAG.pkesk, Uint8Array.of(6, 9, 4, 1)),
      packet(TAG.pkesk, Uint8Array.of(6, 5, 9, 1, 2, 3, 4, 18), randomBytes(40)),
      packet(TAG.pkesk, Uint8Array.of(6, 0, 18), randomBytes(40)),
      packet(TAG.pkesk, Uint8Array.of(9), randomBytes(40)),
      packet(60, randomBytes(5)),
    ];
    expect(await open(rebuilt(whole, (binary) => Buffer.concat([...odd, binary])))).toMatchObject({
      kind: 'opened',
    });
    const three = await wrapFor(await signedBy(alice, 'hi'), 1);
    const short = packet(TAG.pkesk, Uint8Array.of(3, 1, 2));
    expect(await open(rebuilt(three, (binary) => Buffer.concat([short, binary])))).toMatchObject({
      kind: 'opened',
    });
  });
});

describe('too much', () => {
  test('a flood of session keys is refused before a secret key is touched', async () => {
    const whole = await wrapFor(literalPacket(bytes('hi')));
    const flood = (count: number, id: Uint8Array): Uint8Array =>
      rebuilt(whole, (binary) =>
        Buffer.concat([
          ...Array.from({ length: count }, () => packet(TAG.pkesk, id, randomBytes(60))),
          binary,
        ]),
      );
    const hidden = Uint8Array.of(6, 0, 18);
    // A key that cannot be parsed: reaching for it throws.
    const untouched = [{ ...bob, secret: bytes('x') }];
    for (const count of [defaultLimits.sessionKeys, 20_000]) {
      expect(await decryptMessage(flood(count, hidden), untouched)).toEqual({
        kind: 'refused',
        why: 'too-many-packets',
      });
    }
    await expect(decryptMessage(flood(1, hidden), untouched)).rejects.toThrow();
    // As many as are allowed are tried, and the right one is found among them.
    expect(await open(flood(60, hidden))).toMatchObject({ kind: 'opened' });
  });

  test.each([
    ['ZIP', 1, deflateRawSync],
    ['ZLIB', 2, deflateSync],
  ] as const)('a decompression bomb (%s)', async (_, algorithm, deflate) => {
    const bomb = deflate(literalPacket(Buffer.alloc(40 * 1024 * 1024)));
    expect(bomb.length).toBeLessThan(50_000);
    const content = packet(TAG.compressed, Uint8Array.of(algorithm), bomb);
    for (const seipd of [2, 1] as const) {
      expect(await open(await wrapFor(content, seipd))).toEqual({ kind: 'refused', why: 'too-large' });
    }
  });

  test('compressed content that grows a lot but stays small is fine', async () => {
    const content = packet(
      TAG.compressed,
      Uint8Array.of(2),
      deflateSync(literalPacket(Buffer.alloc(500_000))),
    );
    expect(await open(await wrapFor(content))).toMatchObject({ kind: 'opened', signature: { kind: 'none' } });
    expect(await open(await wrapFor(content, 1))).toMatchObject({ kind: 'opened' });
  });

  test('limits hold for plain content too, before and after opening', async () => {
    const limits = { ...defaultLimits, plaintextBytes: 1000 };
    const small = await wrapFor(literalPacket(Buffer.alloc(900)));
    const large = await wrapFor(literalPacket(Buffer.alloc(1001)));
    const huge = await wrapFor(literalPacket(Buffer.alloc(5000)));
    expect(await open(small, [], limits)).toMatchObject({ kind: 'opened' });
    expect(await open(large, [], limits)).toEqual({ kind: 'refused', why: 'too-large' });
    expect(await open(huge, [], limits)).toEqual({ kind: 'refused', why: 'too-large' });
    expect(readEnvelope(new Uint8Array(2300), limits)).toEqual({ kind: 'refused', why: 'too-large' });
    const body = armor(packet(TAG.seipd, Uint8Array.of(2, 7, 2, 7), Buffer.alloc(1500)));
    expect(body.length).toBeLessThan(2250);
    expect(await open(body, [], limits)).toEqual({ kind: 'refused', why: 'too-large' });
  });

  test('many signatures', async () => {
    const [onePass, literal, signature] = await parts(alice, 'hi');
    const some = (count: number): Uint8Array =>
      Buffer.concat([
        ...Array.from({ length: count }, () => onePass),
        literal,
        ...Array.from({ length: count }, () => signature),
      ]);
    expect(await open(await wrapFor(some(3)))).toMatchObject({ signature: { kind: 'good' } });
    expect(await open(await wrapFor(some(17)))).toEqual({ kind: 'refused', why: 'too-many-packets' });
  });

  test('compressed inside compressed, and encrypted inside encrypted', async () => {
    const inner = packet(TAG.compressed, Uint8Array.of(2), deflateSync(literalPacket(bytes('hi'))));
    const twice = packet(TAG.compressed, Uint8Array.of(2), deflateSync(inner));
    expect(await open(await wrapFor(twice))).toEqual({ kind: 'refused', why: 'malformed' });
    const nested = dearmor(await letter('hi', alice, [bob])) ?? new Uint8Array(0);
    expect(await open(await wrapFor(nested))).toEqual({ kind: 'refused', why: 'malformed' });
  });

  test('compression we do not know, and broken compression', async () => {
    for (const [algorithm, why] of [
      [99, /malformed|unsupported/],
      [2, /malformed/],
      [1, /malformed/],
    ] as const) {
      const content = packet(TAG.compressed, Uint8Array.of(algorithm), Buffer.alloc(30, 0xff));
      const result = await open(await wrapFor(content));
      expect(result.kind === 'refused' && result.why).toMatch(why);
    }
  });
});

describe('signatures that prove nothing', () => {
  test('none', async () => {
    expect(await open(await wrapFor(literalPacket(bytes('hi'))))).toMatchObject({
      signature: { kind: 'none' },
    });
  });

  test('a signature over something else', async () => {
    const [onePass, , signature] = await parts(alice, 'I owe you 10 euro');
    const spoofed = Buffer.concat([onePass, literalPacket(bytes('I owe you 99 euro')), signature]);
    expect(await open(await wrapFor(spoofed))).toMatchObject({
      signature: { kind: 'bad', why: 'does-not-match' },
    });
    expect(await open(await wrapFor(spoofed, 1))).toMatchObject({
      signature: { kind: 'bad', why: 'does-not-match' },
    });
  });

  test('another signer than the one named', async () => {
    const content = await signedBy(mallory, 'hi');
    expect(await open(await wrapFor(content))).toMatchObject({ signature: { kind: 'unknown-key' } });
    expect(await open(await wrapFor(content), [alice.certificate, mallory.certificate])).toMatchObject({
      signature: { kind: 'good', fingerprint: mallory.certificate.fingerprint },
    });
  });

  test('a certificate that claims the key ids of another', async () => {
    const impostor = { ...mallory.certificate, keyIds: alice.certificate.keyIds };
    const unparsable = {
      ...alice.certificate,
      fingerprint: mallory.certificate.fingerprint,
      bytes: bytes('x'),
    };
    const content = await wrapFor(await signedBy(alice, 'hi'));
    expect(await open(content, [impostor])).toMatchObject({ signature: { kind: 'unknown-key' } });
    expect(await open(content, [impostor, unparsable, alice.certificate])).toMatchObject({
      signature: { kind: 'good', fingerprint: alice.certificate.fingerprint },
    });
  });

  test("a certificate that took another's signing key for its own subkey", async () => {
    const victim = (await generateKey({
      type: 'ecc',
      curve: 'ed25519Legacy',
      userIDs: [{ email: 'victim@example.org' }],
      subkeys: [{ sign: true }, {}],
      date: new Date(NOW - DAY_MS),
      format: 'object',
    })) as { privateKey: PrivateKey; publicKey: PublicKey };
    const stolen = victim.publicKey.subkeys[0];
    const thief = await parse(mallory.certificate);
    if (!stolen) throw new Error('no subkey');
    thief.subkeys.push(stolen);
    const read = await readCertificate(Uint8Array.from(thief.write()), NOW);
    if (read.kind === 'refused') throw new Error(read.why);
    expect(read.certificate.keyIds).toHaveLength(3);
    const message = await createMessage({ binary: bytes('hi') });
    const content = await sign({
      message,
      signingKeys: victim.privateKey,
      date: new Date(NOW),
      format: 'binary',
    });
    const whole = await wrapFor(content);
    expect(await open(whole, [read.certificate])).toMatchObject({
      signature: { kind: 'bad', why: 'signer-key' },
    });
    const real = await readCertificate(Uint8Array.from(victim.publicKey.write()), NOW);
    if (real.kind === 'refused') throw new Error(real.why);
    expect(await open(whole, [read.certificate, real.certificate])).toMatchObject({
      signature: { kind: 'good', fingerprint: real.certificate.fingerprint },
    });
  });

  test('two literals, a literal outside the signature, a signature without literal', async () => {
    const [onePass, literal, signature] = await parts(alice, 'signed');
    const extra = literalPacket(bytes('not signed'));
    for (const content of [
      Buffer.concat([extra, onePass, literal, signature]),
      Buffer.concat([onePass, literal, signature, extra]),
      Buffer.concat([onePass, literal, extra, signature]),
      Buffer.concat([literal, extra]),
      Buffer.concat([onePass, signature]),
      Buffer.concat([onePass, literal]),
      Buffer.concat([literal, signature]),
      new Uint8Array(0),
    ]) {
      for (const seipd of [2, 1] as const) {
        expect(await open(await wrapFor(content, seipd))).toMatchObject({ kind: 'refused' });
      }
    }
  });

  test('a signature outside compressed content does not count as one over it', async () => {
    const [onePass, literal, signature] = await parts(alice, 'hi');
    const inside = packet(TAG.compressed, Uint8Array.of(2), deflateSync(literal));
    expect(await open(await wrapFor(Buffer.concat([onePass, inside, signature])))).not.toMatchObject({
      signature: { kind: 'good' },
    });
  });

  test('a signature meant for others (surreptitious forwarding)', async () => {
    const content = await signedBy(alice, 'hi', [mallory, alice]);
    expect(await open(await wrapFor(content))).toEqual({ kind: 'refused', why: 'not-for-us' });
    expect(await open(await wrapFor(await signedBy(alice, 'hi', [mallory, bob])))).toMatchObject({
      kind: 'opened',
    });
    // A signature that names nobody is older than the rule and stands.
    expect(await open(await wrapFor(await signedBy(alice, 'hi', [])))).toMatchObject({
      signature: { kind: 'good', intendedRecipients: null },
    });
  });

  test('intended recipients are believed from the hashed area only', async () => {
    const [onePass, literal, signature] = await parts(alice, 'hi');
    const [only] = readPackets(signature, 1) as readonly Packet[];
    const body = Buffer.from(only?.body ?? []);
    const hashed = body.readUInt16BE(4);
    // The unhashed area is not signed: anybody can write there, without breaking the signature.
    const forged = Buffer.concat([
      Uint8Array.of(22, 35, 4),
      Buffer.from(mallory.certificate.fingerprint, 'hex'),
    ]);
    const length = body.readUInt16BE(6 + hashed);
    const grown = Buffer.alloc(2);
    grown.writeUInt16BE(length + forged.length);
    const changed = Buffer.concat([body.subarray(0, 6 + hashed), grown, forged, body.subarray(8 + hashed)]);
    const result = await open(
      await wrapFor(Buffer.concat([onePass, literal, packet(TAG.signature, changed)])),
    );
    expect(result).toMatchObject({
      signature: { kind: 'good', intendedRecipients: [bob.certificate.fingerprint] },
    });
  });

  test('critical intended recipients are understood, other critical subpackets refuse', async () => {
    const { signLiteral, literal } = await import('./library.ts');
    const key = (await secretOf(alice)).keyPacket as Parameters<typeof signLiteral>[1];
    const fingerprint = Buffer.from(bob.certificate.fingerprint, 'hex');
    const cases = [
      [Buffer.concat([Uint8Array.of(22, 0x80 | 35, 4), fingerprint]), { kind: 'good' }],
      [Uint8Array.of(2, 0x80 | 99, 1), { kind: 'bad', why: 'does-not-match' }],
      [Uint8Array.of(2, 99, 1), { kind: 'good', intendedRecipients: null }],
      [Uint8Array.of(3, 35, 4, 1), null],
    ] as const;
    for (const [extra, expected] of cases) {
      const made = await signLiteral(literal(bytes('hi')), key, enums.hash.sha256, extra, new Date(NOW));
      const content = Buffer.concat([
        packet(TAG.onePass, made.onePass),
        literalPacket(bytes('hi')),
        packet(TAG.signature, made.signature),
      ]);
      const result = await open(await wrapFor(content));
      if (expected === null) expect(result).toEqual({ kind: 'refused', why: 'not-for-us' });
      else expect(result).toMatchObject({ signature: expected });
    }
  });
});

describe('signers that may not sign', () => {
  const signedAt = async (key: PrivateKey, at: number, config = {}): Promise<Uint8Array> => {
    const message = await createMessage({ binary: bytes('hi') });
    return sign({ message, signingKeys: key, date: new Date(at), format: 'binary', config });
  };
  const certificateOf = async (key: PublicKey): Promise<Certificate> => {
    const read = await readCertificate(Uint8Array.from(key.write()), NOW);
    if (read.kind === 'refused') throw new Error(read.why);
    return read.certificate;
  };
  const shortLived = async (days: number) =>
    generateKey({
      type: 'ecc',
      curve: 'ed25519Legacy',
      userIDs: [{ email: 'short@example.org' }],
      keyExpirationTime: days * 24 * 3600,
      date: new Date(NOW - 10 * DAY_MS),
      format: 'object',
    });

  test('expired when it signed; fine when it expired later', async () => {
    const { privateKey, publicKey } = await shortLived(5);
    const certificate = await certificateOf(publicKey);
    const before = await wrapFor(await signedAt(privateKey, NOW - 8 * DAY_MS));
    expect(await open(before, [certificate])).toMatchObject({
      signature: { kind: 'good', signedAt: NOW - 8 * DAY_MS },
    });
    const { literal, signLiteral } = await import('./library.ts');
    const made = await signLiteral(
      literal(bytes('hi')),
      privateKey.keyPacket as Parameters<typeof signLiteral>[1],
      enums.hash.sha256,
      new Uint8Array(0),
      new Date(NOW - 2 * DAY_MS),
    );
    const after = Buffer.concat([
      packet(TAG.onePass, made.onePass),
      literalPacket(bytes('hi')),
      packet(TAG.signature, made.signature),
    ]);
    expect(await open(await wrapFor(after), [certificate])).toMatchObject({
      signature: { kind: 'bad', why: 'signer-key' },
    });
  });

  test('renewed since: a certificate that carries only its newer self-signature still verifies', async () => {
    const { reformatKey } = await import('openpgp');
    const { privateKey } = await shortLived(100);
    const content = await wrapFor(await signedAt(privateKey, NOW - 8 * DAY_MS));
    const renewed = await reformatKey({
      privateKey,
      userIDs: [{ email: 'short@example.org' }],
      date: new Date(NOW - DAY_MS),
      format: 'object',
    });
    expect(await open(content, [await certificateOf(renewed.publicKey)])).toMatchObject({
      signature: { kind: 'good' },
    });
  });

  test('revoked: retired keys keep what they signed before, compromised ones keep nothing', async () => {
    const key = await secretOf(alice);
    const revoked = async (flag: enums.reasonForRevocation): Promise<Certificate> => {
      const { publicKey } = await revokeKey({
        key,
        reasonForRevocation: { flag },
        date: new Date(NOW - DAY_MS / 2),
        format: 'object',
      });
      return certificateOf(publicKey);
    };
    const before = await wrapFor(await signedAt(key, NOW - (DAY_MS * 3) / 4));
    const after = await wrapFor(await signedAt(key, NOW - DAY_MS / 4));
    const retired = await revoked(enums.reasonForRevocation.keyRetired);
    const compromised = await revoked(enums.reasonForRevocation.keyCompromised);
    expect(await open(before, [retired])).toMatchObject({ signature: { kind: 'good' } });
    expect(await open(after, [retired])).toMatchObject({ signature: { kind: 'bad', why: 'signer-key' } });
    expect(await open(before, [compromised])).toMatchObject({
      signature: { kind: 'bad', why: 'signer-key' },
    });
    expect(await open(after, [compromised])).toMatchObject({ signature: { kind: 'bad', why: 'signer-key' } });
    // Asking in the other order gives the same answers.
    expect(await open(after, [retired])).toMatchObject({ signature: { kind: 'bad' } });
    expect(await open(before, [retired])).toMatchObject({ signature: { kind: 'good' } });
  });

  test('a retired signing subkey: every answer is the same, whatever was asked before', async () => {
    const { privateKey } = await generateKey({
      type: 'ecc',
      curve: 'ed25519Legacy',
      userIDs: [{ email: 'subkeys@example.org' }],
      subkeys: [{ sign: true }, {}],
      date: new Date(NOW - DAY_MS),
      format: 'object',
    });
    const [signing, encrypting] = privateKey.subkeys;
    if (!signing || !encrypting) throw new Error('no subkeys');
    const before = await wrapFor(await signedAt(privateKey, NOW - (DAY_MS * 3) / 4));
    const after = await wrapFor(await signedAt(privateKey, NOW - DAY_MS / 4));
    const retired = await signing.revoke(
      privateKey.keyPacket as Parameters<typeof signing.revoke>[0],
      { flag: enums.reasonForRevocation.keyRetired },
      new Date(NOW - DAY_MS / 2),
    );
    privateKey.subkeys = [retired, encrypting];
    const certificate = await certificateOf(privateKey.toPublic());
    for (let round = 0; round < 2; round++) {
      expect(await open(after, [certificate])).toMatchObject({
        signature: { kind: 'bad', why: 'signer-key' },
      });
      expect(await open(before, [certificate])).toMatchObject({ signature: { kind: 'good' } });
    }
  });

  test('AT-61 signed in the future, and just a little in the future', async () => {
    const key = await secretOf(alice);
    expect(await open(await wrapFor(await signedAt(key, NOW + 2 * DAY_MS)))).toMatchObject({
      signature: { kind: 'bad', why: 'from-the-future' },
    });
    expect(await open(await wrapFor(await signedAt(key, NOW + 60_000)))).toMatchObject({
      signature: { kind: 'good' },
    });
  });

  test('signed before the key was made', async () => {
    const { literal, signLiteral } = await import('./library.ts');
    const made = await signLiteral(
      literal(bytes('hi')),
      (await secretOf(alice)).keyPacket as Parameters<typeof signLiteral>[1],
      enums.hash.sha256,
      new Uint8Array(0),
      new Date(NOW - 5 * DAY_MS),
    );
    const content = Buffer.concat([
      packet(TAG.onePass, made.onePass),
      literalPacket(bytes('hi')),
      packet(TAG.signature, made.signature),
    ]);
    expect(await open(await wrapFor(content))).toMatchObject({
      signature: { kind: 'bad', why: 'signer-key' },
    });
  });

  test('a signature that has expired', async () => {
    const { literal, signLiteral } = await import('./library.ts');
    const lifetime = Uint8Array.of(5, 3, 0, 0, 0, 60);
    const made = await signLiteral(
      literal(bytes('hi')),
      (await secretOf(alice)).keyPacket as Parameters<typeof signLiteral>[1],
      enums.hash.sha256,
      lifetime,
      new Date(NOW - 120_000),
    );
    const content = Buffer.concat([
      packet(TAG.onePass, made.onePass),
      literalPacket(bytes('hi')),
      packet(TAG.signature, made.signature),
    ]);
    expect(await open(await wrapFor(content))).toMatchObject({ signature: { kind: 'bad', why: 'expired' } });
  });

  test.each([enums.hash.sha1, enums.hash.md5])('weak hash %i', async (hash) => {
    const { privateKey, publicKey } = await generateKey({
      type: 'rsa',
      rsaBits: 2048,
      userIDs: [{ email: 'rsa@example.org' }],
      date: new Date(NOW - DAY_MS),
      format: 'object',
    });
    const config = { ...lenient, preferredHashAlgorithm: hash, nonDeterministicSignaturesViaNotation: false };
    const { literal } = await import('./library.ts');
    const { SignaturePacket } = await import('openpgp');
    const signature = new SignaturePacket();
    signature.signatureType = enums.signature.binary;
    signature.publicKeyAlgorithm = privateKey.keyPacket.algorithm;
    signature.hashAlgorithm = hash;
    await (signature as unknown as { sign(...args: unknown[]): Promise<void> }).sign(
      privateKey.keyPacket,
      literal(bytes('hi')),
      new Date(NOW),
      false,
      config,
    );
    const content = Buffer.concat([packet(TAG.signature, signature.write()), literalPacket(bytes('hi'))]);
    expect(await open(await wrapFor(content), [await certificateOf(publicKey)])).toMatchObject({
      signature: { kind: 'bad', why: 'weak-hash' },
    });
  });

  test('a text signature (canonical line ends) is checked as one', async () => {
    const message = await createMessage({ text: 'one\ntwo' });
    const content = await sign({
      message,
      signingKeys: await secretOf(alice),
      date: new Date(NOW),
      format: 'binary',
    });
    expect(await open(await wrapFor(content))).toMatchObject({ signature: { kind: 'good' } });
  });
});

describe('other ways to protect a body', () => {
  test.each([
    ['gcm', 'aes256', 32],
    ['eax', 'aes128', 16],
    ['ocb', 'aes192', 24],
  ] as const)('%s with %s', async (aeadAlgorithm, algorithm, size) => {
    const data = Uint8Array.from(randomBytes(size));
    const message = await createMessage({ binary: bytes('hello '.repeat(3000)) });
    const key = await parse(bob.certificate);
    const { encryptSessionKey } = await import('openpgp');
    const head = await encryptSessionKey({
      data,
      algorithm,
      aeadAlgorithm,
      encryptionKeys: key,
      date: new Date(NOW),
      format: 'binary',
      config: { preferredSymmetricAlgorithm: enums.symmetric[algorithm] },
    });
    const body = await encrypt({
      message,
      sessionKey: { data, algorithm, aeadAlgorithm },
      signingKeys: await secretOf(alice),
      date: new Date(NOW),
      format: 'binary',
    });
    const whole = Buffer.concat([head, body]);
    expect(await open(armor(whole))).toMatchObject({
      kind: 'opened',
      signature: { kind: 'good' },
      facts: { seipd: 2, aead: aeadAlgorithm, cipher: algorithm, hidden: false },
    });
    for (const at of [whole.length - 1, whole.length - 20, head.length + 60]) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await open(armor(changed)), `octet ${at}`).toEqual({ kind: 'refused', why: 'damaged' });
    }
  });
});

test('never throws, whatever stands in the encrypted content', async () => {
  const [onePass, literal, signature] = await parts(alice, 'hi');
  const piece = fc.oneof(
    fc.constantFrom(onePass, literal, signature),
    fc.constantFrom(
      packet(TAG.marker, bytes('PGP')),
      packet(TAG.padding, bytes('xx')),
      packet(TAG.sed, bytes('xx')),
    ),
    fc
      .tuple(fc.integer({ min: 0, max: 63 }), fc.uint8Array({ maxLength: 40 }))
      .map(([tag, content]) => packet(tag, content)),
    fc.uint8Array({ maxLength: 30 }),
    fc.uint8Array({ maxLength: 60 }).map((noise) => packet(TAG.signature, noise)),
    fc.tuple(fc.nat({ max: signature.length - 3 }), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
      const changed = Uint8Array.from(signature);
      changed[at + 2] = (changed[at + 2] ?? 0) ^ flip;
      return changed;
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 5 }), async (pieces) => {
      const result = await open(await wrapFor(Buffer.concat(pieces)));
      if (result.kind === 'opened' && result.signature.kind === 'good')
        expect(textOf(result.plaintext)).toBe('hi');
    }),
    { numRuns: 200 },
  );
});

test('never throws, whatever the outside is', async () => {
  const whole = await letter('hi', alice, [bob]);
  const pieces = packetsOf(whole).map(({ raw }) => raw);
  const piece = fc.oneof(
    fc.constantFrom(...pieces),
    fc
      .tuple(fc.integer({ min: 0, max: 63 }), fc.uint8Array({ maxLength: 60 }))
      .map(([tag, content]) => packet(tag, content)),
    fc.uint8Array({ maxLength: 40 }),
    fc.nat({ max: 70_000 }).map((length) => packetHeader(TAG.seipd, length)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (some) => {
      const result = await open(armor(Buffer.concat([...some, Uint8Array.of(0xc0 | TAG.marker, 0)])));
      if (result.kind === 'opened') expect(textOf(result.plaintext)).toBe('hi');
    }),
    { numRuns: 200 },
  );
});
