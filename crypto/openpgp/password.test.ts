import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createMessage, decrypt, decryptSessionKeys, encrypt, readMessage } from 'openpgp';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dearmor } from './armor.ts';
import { openBody } from './content.ts';
import { defaultLimits, readEnvelope } from './envelope.ts';
import type { OwnKey } from './keys.ts';
import { hideNativeOcb } from './ocb.ts';
import { TAG, packet, readPackets, type Packet } from './packets.ts';
import { isPasswordMessage, openWithPasswords, sealWithPassword } from './password.ts';
import { passwordMessages } from './rfc-vectors.ts';
import { NOW, bytes, letter, person, rebuilt, textOf } from './test-people.ts';

afterEach(() => hideNativeOcb(false));

const password = 'securejoin/0123456789ABCDEF0123456789ABCDEF01234567/aB3-tokenTokenToken';
let alice: OwnKey;
let bob: OwnKey;
beforeAll(async () => {
  [alice, bob] = [await person('alice'), await person('bob')];
});

async function sealed(text: string, from: OwnKey | null = null): Promise<Uint8Array> {
  const made = await sealWithPassword({ plaintext: bytes(text), password, from, now: NOW });
  if (made === null) throw new Error('cannot sign');
  return made;
}

const packetsOf = (armored: Uint8Array): readonly Packet[] => {
  const packets = readPackets(dearmor(armored) ?? new Uint8Array(0), 20);
  if (typeof packets === 'string') throw new Error(packets);
  return packets;
};

describe.each([
  ['native OCB', false],
  ['OCB over ECB', true],
] as const)('with %s', (_, hidden) => {
  test('opens with the right one of several passwords', async () => {
    hideNativeOcb(hidden);
    const opened = await openWithPasswords(await sealed('hi'), ['', 'other', password, 'more'], []);
    if (opened.kind === 'refused') throw new Error(opened.why);
    expect(textOf(opened.plaintext)).toBe('hi');
    expect(opened.password).toBe(password);
    expect(opened.openedBy).toBeNull();
    expect(opened.facts).toEqual({ seipd: 2, aead: 'ocb', cipher: 'aes128', hidden: false });
    expect(await opened.verify([alice.certificate], NOW)).toMatchObject({ signature: { kind: 'none' } });
  });

  test('the library opens what we sealed', async () => {
    hideNativeOcb(hidden);
    const message = await readMessage({ armoredMessage: textOf(await sealed('hi')) });
    expect((await decrypt({ message, passwords: password })).data).toBe('hi');
  });
});

test('has the form Delta Chat core tries: one version 6 packet, AES-128, OCB, salted S2K with SHA-256', async () => {
  const [skesk, body] = packetsOf(await sealed('hi'));
  expect([skesk?.tag, body?.tag]).toEqual([TAG.skesk, TAG.seipd]);
  // Version, length of the fields, AES-128, OCB, length of the S2K, salted, SHA-256.
  expect([...(skesk?.body.subarray(0, 7) ?? [])]).toEqual([6, 28, 7, 2, 10, 1, 8]);
  expect(skesk?.body.length).toBe(2 + 28 + 16 + 16);
  expect([...(body?.body.subarray(0, 4) ?? [])]).toEqual([2, 7, 2, 7]);
});

test('a signed message says who signed, and to nobody in particular', async () => {
  const opened = await openWithPasswords(
    await sealed('hi', alice),
    [password],
    [bob.certificate.fingerprint],
  );
  if (opened.kind === 'refused') throw new Error(opened.why);
  expect(opened.signers).toMatchObject([{ fingerprint: alice.certificate.fingerprint }]);
  expect(await opened.verify([alice.certificate], NOW)).toMatchObject({
    signature: { kind: 'good', fingerprint: alice.certificate.fingerprint, intendedRecipients: null },
  });
  expect(await opened.verify([bob.certificate], NOW)).toMatchObject({ signature: { kind: 'unknown-key' } });
});

test('two messages under one password share no salt, nonce or session key', async () => {
  const [a, b] = [packetsOf(await sealed('hi')), packetsOf(await sealed('hi'))];
  const part = (packets: readonly Packet[], from: number, to: number): string =>
    Buffer.from(packets[0]?.body.subarray(from, to) ?? []).toString('hex');
  for (const [from, to] of [
    [7, 15],
    [15, 30],
    [30, 62],
  ] as const) {
    expect(part(a, from, to)).not.toBe(part(b, from, to));
  }
});

describe('samples of RFC 9580', () => {
  test.each(['eax', 'ocb', 'gcm'] as const)('A.9 to A.11, %s: the body opens', async (name) => {
    const envelope = readEnvelope(bytes(passwordMessages[name]), defaultLimits);
    if (envelope.kind === 'refused') throw new Error(envelope.why);
    const message = await readMessage({ armoredMessage: passwordMessages[name] });
    const [sessionKey] = await decryptSessionKeys({ message, passwords: 'password' });
    if (!sessionKey) throw new Error('no session key');
    const content = await openBody(envelope, sessionKey, defaultLimits);
    expect(content).toMatchObject({ kind: 'content', signatures: [] });
    if (typeof content !== 'string') expect(textOf(content.plaintext)).toBe('Hello, world!');
  });

  test.each(['eax', 'ocb', 'gcm'] as const)(
    'their password costs 65 MiB of hashing: not for strangers (%s)',
    async (name) => {
      expect(await openWithPasswords(bytes(passwordMessages[name]), ['password'], [])).toEqual({
        kind: 'refused',
        why: 'unsupported',
      });
    },
  );
});

describe('refuses', () => {
  test('a wrong password, no password, an empty one to seal with', async () => {
    expect(await openWithPasswords(await sealed('hi'), ['x'], [])).toEqual({
      kind: 'refused',
      why: 'not-for-us',
    });
    expect(await openWithPasswords(await sealed('hi'), [], [])).toEqual({
      kind: 'refused',
      why: 'not-for-us',
    });
    await expect(
      sealWithPassword({ plaintext: bytes('x'), password: '', from: null, now: NOW }),
    ).rejects.toThrow(RangeError);
    const stranger = { ...alice, certificate: { ...alice.certificate, createdAt: NOW } };
    expect(
      await sealWithPassword({ plaintext: bytes('x'), password, from: stranger, now: NOW - 10 ** 10 }),
    ).toBeNull();
  });

  test('more than one password packet, and more passwords than anybody has invitations', async () => {
    const whole = await sealed('hi');
    const [skesk] = packetsOf(whole);
    const twice = rebuilt(whole, (binary) => Buffer.concat([skesk?.raw ?? new Uint8Array(0), binary]));
    expect(await openWithPasswords(twice, [password], [])).toEqual({
      kind: 'refused',
      why: 'too-many-packets',
    });
    expect(isPasswordMessage(twice)).toBe(false);
    const many = Array.from({ length: 1001 }, (_, i) => `${i}`);
    expect(await openWithPasswords(whole, many, [])).toEqual({ kind: 'refused', why: 'too-many-packets' });
  });

  test('a message to keys', async () => {
    const toBob = await letter('hi', alice, [bob]);
    expect(await openWithPasswords(toBob, [password], [])).toEqual({ kind: 'refused', why: 'not-for-us' });
    expect(isPasswordMessage(toBob)).toBe(false);
    expect(isPasswordMessage(await sealed('hi'))).toBe(true);
    expect(isPasswordMessage(bytes('hello'))).toBe(false);
    expect(await openWithPasswords(bytes('hello'), [password], [])).toEqual({
      kind: 'refused',
      why: 'malformed',
    });
  });

  const withS2k = async (s2k: Uint8Array, version = 6): Promise<Uint8Array> => {
    const fields = Buffer.concat([Uint8Array.of(7, 2, s2k.length), s2k, randomBytes(15)]);
    const skesk = packet(TAG.skesk, Uint8Array.of(version, fields.length), fields, randomBytes(32));
    const [, body] = packetsOf(await sealed('hi'));
    return rebuilt(await sealed('hi'), () => Buffer.concat([skesk, body?.raw ?? new Uint8Array(0)]));
  };

  test.each([
    ['Argon2 with 2 TiB', Uint8Array.of(4, ...randomBytes(16), 255, 255, 31)],
    ['simple S2K', Uint8Array.of(0, 8)],
    ['GNU S2K', Uint8Array.of(101, 0, 71, 78, 85, 1)],
    ['iterated S2K over 65 MiB', Uint8Array.of(3, 8, ...randomBytes(8), 255)],
    ['a salted S2K of a wrong length', Uint8Array.of(1, 8, ...randomBytes(7))],
  ])('%s: not tried, which would end in not-for-us', async (_, s2k) => {
    const message = await withS2k(s2k);
    expect(await openWithPasswords(message, [password], [])).toEqual({ kind: 'refused', why: 'unsupported' });
  });

  test('iterated S2K that is cheap once but not for all passwords together', async () => {
    const message = await withS2k(Uint8Array.of(3, 8, ...randomBytes(8), 192));
    expect(await openWithPasswords(message, ['a'], [])).toEqual({ kind: 'refused', why: 'not-for-us' });
    const hundred = Array.from({ length: 100 }, (_, i) => `${i}`);
    expect(await openWithPasswords(message, hundred, [])).toEqual({ kind: 'refused', why: 'unsupported' });
  });

  test('versions 4 and 5 of the packet, and version 1 bodies', async () => {
    expect(
      await openWithPasswords(await withS2k(Uint8Array.of(1, 8, ...randomBytes(8)), 5), [password], []),
    ).toEqual({
      kind: 'refused',
      why: 'unsupported',
    });
    const message = await createMessage({ text: 'hi' });
    const four = await encrypt({ message, passwords: password, config: { aeadProtect: false } });
    expect(await openWithPasswords(bytes(four), [password], [])).toEqual({
      kind: 'refused',
      why: 'unsupported',
    });
    const [skesk] = packetsOf(await sealed('hi'));
    const [, one] = packetsOf(bytes(four));
    const mixed = rebuilt(await sealed('x'), () =>
      Buffer.concat([skesk?.raw ?? [], one?.raw ?? []] as Uint8Array[]),
    );
    expect(await openWithPasswords(mixed, [password], [])).toEqual({ kind: 'refused', why: 'unsupported' });
  });

  test('a changed body under the right password', async () => {
    const whole = await sealed('hi');
    const changed = rebuilt(whole, (binary) => {
      binary[binary.length - 1] = (binary[binary.length - 1] ?? 0) ^ 1;
      return binary;
    });
    expect(await openWithPasswords(changed, [password], [])).toEqual({ kind: 'refused', why: 'damaged' });
  });

  test('content that is no message', async () => {
    const { sealSeipd2, AES_128 } = await import('./seipd2.ts');
    const { createOcb } = await import('./ocb.ts');
    const { createHash, hkdfSync } = await import('node:crypto');
    // Made by hand, from RFC 9580 §3.7.1.2 and §5.3.2.
    const [salt, nonce, sessionKey] = [randomBytes(8), randomBytes(15), randomBytes(16)];
    const header = Uint8Array.of(0xc3, 6, 7, 2);
    const hashed = createHash('sha256').update(salt).update(password).digest().subarray(0, 16);
    const key = new Uint8Array(hkdfSync('sha256', hashed, new Uint8Array(0), header, 16));
    const fields = Buffer.concat([Uint8Array.of(7, 2, 10, 1, 8), salt, nonce]);
    const skesk = packet(
      TAG.skesk,
      Uint8Array.of(6, fields.length),
      fields,
      createOcb(key).seal(nonce, header, sessionKey),
    );
    const body = packet(TAG.seipd, sealSeipd2(sessionKey, AES_128, bytes('\u0001\u0002')));
    const message = rebuilt(await sealed('x'), () => Buffer.concat([skesk, body]));
    expect(await openWithPasswords(message, [password], [])).toEqual({ kind: 'refused', why: 'malformed' });
  });

  test('never throws, whatever the password packet is', async () => {
    const whole = await sealed('hi');
    const [, body] = packetsOf(whole);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 70 }),
        fc.constantFrom([], [6], [6, 28, 7, 2, 10, 1, 8], [4, 7, 1, 8]),
        async (noise, prefix) => {
          const skesk = packet(TAG.skesk, Uint8Array.of(...prefix), noise);
          const message = rebuilt(whole, () => Buffer.concat([skesk, body?.raw ?? new Uint8Array(0)]));
          expect((await openWithPasswords(message, [password], [])).kind).toBe('refused');
        },
      ),
      { numRuns: 200 },
    );
  });
});
