import { readMessage, decrypt, readPrivateKey } from 'openpgp';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dearmor } from './armor.ts';
import type { OwnKey } from './keys.ts';
import { hideNativeOcb } from './ocb.ts';
import { decryptMessage, openMessage, type Opened } from './open.ts';
import { TAG, readPackets } from './packets.ts';
import { RECIPIENT_LIMIT, seal } from './seal.ts';
import { v6Message, v6SecretKey } from './rfc-vectors.ts';
import { DAY_MS, NOW, bytes, letter, parse, person, textOf } from './test-people.ts';
import { importOwnKey, generateOwnKey } from './keys.ts';

afterEach(() => hideNativeOcb(false));

let alice: OwnKey;
let bob: OwnKey;
let carol: OwnKey;
beforeAll(async () => {
  [alice, bob, carol] = await Promise.all([person('alice'), person('bob'), person('carol', 6)]);
});

const tags = (armored: Uint8Array): readonly (number | undefined)[] => {
  const packets = readPackets(dearmor(armored) ?? new Uint8Array(0), 100);
  return typeof packets === 'string' ? [] : packets.map(({ tag }) => tag);
};

async function open(armored: Uint8Array, own: readonly OwnKey[], known: readonly OwnKey[]): Promise<Opened> {
  const result = await openMessage({
    armored,
    own,
    candidates: () => Promise.resolve(known.map((key) => key.certificate)),
    now: NOW,
  });
  if (result.kind === 'refused') throw new Error(result.why);
  return result;
}

/** The same certificate as somebody who does not read version 2 would publish. */
const old = (key: OwnKey): OwnKey => ({ ...key, certificate: { ...key.certificate, seipd2: false } });

describe.each([
  ['native OCB', false],
  ['OCB over ECB', true],
] as const)('with %s', (_, hidden) => {
  test.each([
    ['4 to 4', () => [alice, bob]],
    ['4 to 6', () => [alice, carol]],
    ['6 to 4', () => [carol, alice]],
    ['6 to 6', () => [carol, carol]],
  ] as const)('round trip, key versions %s', async (__, pair) => {
    hideNativeOcb(hidden);
    const [from, to] = pair() as [OwnKey, OwnKey];
    for (const hide of [false, true]) {
      const text = 'Grüße 🔒\r\n'.repeat(3000);
      const opened = await open(await letter(text, from, [to], { hidden: hide }), [to], [from]);
      expect(textOf(opened.plaintext)).toBe(text);
      expect(opened.facts).toEqual({ seipd: 2, aead: 'ocb', cipher: 'aes128', hidden: hide });
      expect(opened.signature).toMatchObject({
        kind: 'good',
        fingerprint: from.certificate.fingerprint,
        signedAt: NOW,
        intendedRecipients: [...new Set([to.certificate.fingerprint, from.certificate.fingerprint])],
      });
      expect(opened.openedBy).toBe(to.certificate.fingerprint);
    }
  });

  test('opens the sample of RFC 9580 A.8', async () => {
    hideNativeOcb(hidden);
    const imported = await importOwnKey(bytes(v6SecretKey), null, NOW);
    if (imported.kind === 'refused') throw new Error(imported.why);
    const opened = await open(bytes(v6Message), [imported.key], []);
    expect(textOf(opened.plaintext)).toBe('Hello, world!');
    expect(opened.signature).toEqual({ kind: 'none' });
    expect(opened.facts).toEqual({ seipd: 2, aead: 'ocb', cipher: 'aes128', hidden: false });
  });
});

describe('sealing', () => {
  test('has one session key for each recipient and one for us, in the form Delta Chat core sends', async () => {
    const sealed = await letter('hi', alice, [bob, carol]);
    expect(tags(sealed)).toEqual([TAG.pkesk, TAG.pkesk, TAG.pkesk, TAG.seipd]);
    const message = await readMessage({ armoredMessage: textOf(sealed) });
    expect(message.packets.map((packet) => (packet as unknown as { version: number }).version)).toEqual([
      6, 6, 6, 2,
    ]);
    expect(message.packets.at(-1)).toMatchObject({ cipherAlgorithm: 7, aeadAlgorithm: 2, chunkSizeByte: 7 });
    const hidden = await readMessage({
      armoredMessage: textOf(await letter('hi', alice, [bob], { hidden: true })),
    });
    expect(hidden.getEncryptionKeyIDs().map((id) => id.toHex())).toEqual(['0'.repeat(16), '0'.repeat(16)]);
    expect((await open(sealed, [alice], [alice])).signature.kind).toBe('good');
  });

  test('we are sealed for once, even when named', async () => {
    expect(tags(await letter('hi', alice, [alice, bob, bob]))).toEqual([TAG.pkesk, TAG.pkesk, TAG.seipd]);
    expect(tags(await letter('note to self', alice, []))).toEqual([TAG.pkesk, TAG.seipd]);
  });

  test.each([
    ['a recipient', () => ({ from: alice, to: [bob, old(carol)] })],
    ['the sender', () => ({ from: old(alice), to: [bob] })],
  ] as const)('falls back to version 1 where %s does not announce version 2', async (_, who) => {
    const { from, to } = who();
    const sealed = await seal({
      plaintext: bytes('hi'),
      from,
      to: to.map((key) => key.certificate),
      hideRecipients: false,
      now: NOW,
    });
    if (sealed.kind !== 'sealed') throw new Error(sealed.why);
    expect(sealed.facts).toMatchObject({ seipd: 1, aead: null, cipher: 'aes128', hidden: false });
    const message = await readMessage({ armoredMessage: textOf(sealed.armored) });
    expect(
      message.packets.every((packet) => [1, 3].includes((packet as unknown as { version: number }).version)),
    ).toBe(true);
    for (const reader of [bob, alice]) {
      const opened = await open(sealed.armored, [reader], [alice]);
      expect(opened.facts).toEqual({ seipd: 1, aead: null, cipher: 'aes128', hidden: false });
      expect(opened.signature.kind).toBe('good');
    }
  });

  test('compresses when asked', async () => {
    const text = 'the same again '.repeat(5000);
    const [plain, small] = [
      await letter(text, alice, [bob]),
      await letter(text, alice, [bob], { compress: true }),
    ];
    expect(small.length).toBeLessThan(plain.length / 20);
    const opened = await open(small, [bob], [alice]);
    expect(textOf(opened.plaintext)).toBe(text);
    expect(opened.signature.kind).toBe('good');
  });

  test('the library opens and verifies it, intended recipients included', async () => {
    const message = await readMessage({ armoredMessage: textOf(await letter('hi', alice, [bob])) });
    const result = await decrypt({
      message,
      decryptionKeys: await readPrivateKey({ binaryKey: Uint8Array.from(bob.secret) }),
      verificationKeys: await parse(alice.certificate),
      date: new Date(NOW),
    });
    expect(result.data).toBe('hi');
    expect(await result.signatures[0]?.verified).toBe(true);
  });

  test('seals nothing when one certificate cannot be used', async () => {
    const short = await person('short', 4, NOW + 2 * DAY_MS);
    const sealed = await seal({
      plaintext: bytes('hi'),
      from: alice,
      to: [bob.certificate, short.certificate],
      hideRecipients: false,
      now: NOW,
    });
    expect(sealed).toEqual({
      kind: 'refused',
      why: 'unusable-certificate',
      fingerprint: short.certificate.fingerprint,
      fault: 'not-yet-valid',
    });
  });

  test('refuses a crowd, and a key that can encrypt but not sign', async () => {
    const crowd = Array.from({ length: RECIPIENT_LIMIT + 1 }, (_, i) => ({
      ...bob.certificate,
      fingerprint: `${i}`.padStart(40, '0') as OwnKey['certificate']['fingerprint'],
    }));
    const common = { plaintext: bytes('hi'), hideRecipients: false, now: NOW };
    expect(await seal({ ...common, from: alice, to: crowd })).toEqual({
      kind: 'refused',
      why: 'too-many-recipients',
    });
    const locked = await readPrivateKey({ binaryKey: Uint8Array.from(alice.secret) });
    (locked.keyPacket as unknown as { makeDummy(): void }).makeDummy();
    const stub: OwnKey = { ...alice, secret: Uint8Array.from(locked.write()) };
    expect(await seal({ ...common, from: stub, to: [bob.certificate] })).toEqual({
      kind: 'refused',
      why: 'cannot-sign',
    });
  });

  test('signs with SHA-512 where the curve asks for it', async () => {
    const { generateKey } = await import('openpgp');
    const { privateKey } = await generateKey({
      type: 'curve448',
      userIDs: [{ email: 'ed448@example.org' }],
      date: new Date(NOW - DAY_MS),
      format: 'object',
      config: { v6Keys: true },
    });
    const imported = await importOwnKey(Uint8Array.from(privateKey.write()), null, NOW);
    if (imported.kind === 'refused') throw new Error(imported.why);
    const opened = await open(await letter('hi', imported.key, [bob]), [bob], [imported.key]);
    expect(opened.signature.kind).toBe('good');
  });
});

describe('whose it is', () => {
  test('a signer nobody knows is named by key id only', async () => {
    const opened = await open(await letter('hi', alice, [bob]), [bob], [carol, bob]);
    expect(opened.signature).toEqual({ kind: 'unknown-key', keyId: alice.certificate.keyIds[0] });
  });

  test('two steps: the certificate may be found inside', async () => {
    const step = await decryptMessage(await letter('hi', alice, [bob]), [carol, bob]);
    if (step.kind === 'refused') throw new Error(step.why);
    expect(textOf(step.plaintext)).toBe('hi');
    expect(step.signers).toEqual([
      { keyId: alice.certificate.keyIds[0], fingerprint: alice.certificate.fingerprint },
    ]);
    expect(await step.verify([], NOW)).toMatchObject({ signature: { kind: 'unknown-key' } });
    expect(await step.verify([alice.certificate], NOW)).toMatchObject({ signature: { kind: 'good' } });
  });

  test('not for us', async () => {
    for (const hidden of [false, true]) {
      expect(await decryptMessage(await letter('hi', alice, [bob], { hidden }), [carol])).toEqual({
        kind: 'refused',
        why: 'not-for-us',
      });
      expect(await decryptMessage(await letter('hi', alice, [bob], { hidden }), [])).toMatchObject({
        why: 'not-for-us',
      });
    }
  });

  test('an older own key still opens', async () => {
    const before = await generateOwnKey({ address: 'bob@example.org', now: NOW - DAY_MS });
    const opened = await open(await letter('hi', alice, [before]), [bob, before], [alice]);
    expect(opened.openedBy).toBe(before.certificate.fingerprint);
  });
});
