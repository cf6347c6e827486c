import { generateKey, readPrivateKey, reformatKey, revokeKey } from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import { peerId } from '../../shared/ids.ts';
import type { Trust } from '../../shared/label/facts.ts';
import { createWork } from '../../shared/lane/work.ts';
import type { Fingerprint } from './certificate.ts';
import { forecast, openMail, sealFor, verifyMail, type Recipient } from './engine.ts';
import { openpgpFacts, unknownFacts } from './facts.ts';
import {
  addressKey,
  adoptOwnKey,
  candidatesFor,
  createOwnKey,
  learnCertificate,
  noteAddress,
  ownKey,
  ownKeys,
  peerCertificate,
} from './keyring.ts';
import { generateOwnKey, type OwnKey } from './keys.ts';
import { openWithPasswords, sealWithPassword } from './password.ts';
import { DAY_MS, NOW, bytes, during, letter, memory, person, rebuilt, textOf } from './test-people.ts';

type Account = ReturnType<typeof memory>;

const unchecked: Trust = { kind: 'unchecked' };
const checked: Trust = { kind: 'checked', at: NOW - 5, by: 'secure-join' };
const nobody: Fingerprint = 'A'.repeat(40) as Fingerprint;
const recipient = (key: OwnKey, trust: Trust = unchecked): Recipient => ({
  fingerprint: key.certificate.fingerprint,
  trust,
});

let stranger: OwnKey;
beforeAll(async () => {
  stranger = await person('stranger');
});

/** Two accounts that know each other. */
async function pair(): Promise<{ a: Account; b: Account; alice: OwnKey; bob: OwnKey }> {
  const [a, b] = [memory(), memory()];
  const alice = await during(a, (work) =>
    createOwnKey(work, { address: 'alice@example.org', now: NOW - DAY_MS }),
  );
  const bob = await during(b, (work) =>
    createOwnKey(work, { address: 'bob@example.org', now: NOW - DAY_MS }),
  );
  await during(a, (work) => learnCertificate(work, bob.certificate.bytes, NOW));
  await during(b, (work) => learnCertificate(work, alice.certificate.bytes, NOW));
  return { a, b, alice, bob };
}

const open = (
  account: Account,
  armored: Uint8Array,
  certificates: readonly Uint8Array[] = [],
  trust: Trust = unchecked,
) =>
  openMail(createWork(account.view), {
    armored,
    examine: () => Promise.resolve({ certificates, exposed: [] }),
    trustOf: () => Promise.resolve(trust),
    now: NOW,
  });

async function mail(account: Account, text: string, to: readonly Recipient[]) {
  const sealed = await sealFor(createWork(account.view), {
    plaintext: bytes(text),
    to,
    hideRecipients: true,
    now: NOW,
  });
  if (sealed.kind === 'refused') throw new Error(sealed.why);
  return sealed;
}

describe('keyring', () => {
  test('an own key is there after the commit and not before', async () => {
    const account = memory();
    const work = createWork(account.view);
    expect(await ownKey(work, NOW)).toBeNull();
    const key = await createOwnKey(work, { address: 'a@example.org', now: NOW });
    expect(await ownKey(work, NOW)).toEqual(key);
    expect(await ownKey(createWork(account.view), NOW)).toBeNull();
    account.commit(work);
    expect(await ownKey(createWork(account.view), NOW)).toEqual(key);
  });

  test('a second own key signs from now on and the first still opens', async () => {
    const { a, b, alice, bob } = await pair();
    const next = await generateOwnKey({ address: 'bob@example.org', now: NOW - 1000 });
    await during(b, (work) => adoptOwnKey(work, next));
    expect((await ownKeys(createWork(b.view), NOW)).map((key) => key.certificate.fingerprint)).toEqual([
      next.certificate.fingerprint,
      bob.certificate.fingerprint,
    ]);
    expect((await ownKey(createWork(b.view), NOW))?.certificate.fingerprint).toBe(
      next.certificate.fingerprint,
    );
    const sealed = await mail(a, 'to the old key', [recipient(bob)]);
    expect(await open(b, sealed.armored)).toMatchObject({
      kind: 'opened',
      signature: { fingerprint: alice.certificate.fingerprint },
    });
  });

  test('two makers of an own key at once conflict instead of overwriting each other', async () => {
    const account = memory();
    const [one, two] = [createWork(account.view), createWork(account.view)];
    await createOwnKey(one, { address: 'a@example.org', now: NOW });
    await createOwnKey(two, { address: 'a@example.org', now: NOW });
    account.commit(one);
    expect(() => account.commit(two)).toThrow(/conflict/);
  });

  test('learns, says what is new, and finds a signer by key id', async () => {
    const account = memory();
    const { bytes: octets, fingerprint, keyIds } = stranger.certificate;
    const learn = (some: Uint8Array) => during(account, (work) => learnCertificate(work, some, NOW));
    expect(await learn(octets)).toMatchObject({ kind: 'learned', news: 'new', certificate: { fingerprint } });
    expect(await learn(octets)).toMatchObject({ news: 'same' });
    expect(await learn(octets)).toMatchObject({ news: 'same' });
    const work = createWork(account.view);
    expect(await peerCertificate(work, fingerprint, NOW)).toEqual(stranger.certificate);
    expect(await peerCertificate(work, nobody, NOW)).toBeNull();
    const found = await candidatesFor(work, [{ keyId: keyIds[0] ?? '', fingerprint: null }], NOW);
    expect(found.map((certificate) => certificate.fingerprint)).toEqual([fingerprint]);
    expect(await candidatesFor(work, [{ keyId: '0000000000000000', fingerprint: null }], NOW)).toEqual([]);
  });

  test('a revocation is news once and stays', async () => {
    const account = memory();
    const learn = (some: Uint8Array) => during(account, (work) => learnCertificate(work, some, NOW));
    const key = await readPrivateKey({ binaryKey: Uint8Array.from(stranger.secret) });
    const dead = (await revokeKey({ key, date: new Date(NOW), format: 'object' })).publicKey.write();
    expect(await learn(stranger.certificate.bytes)).toMatchObject({ news: 'new' });
    expect(await learn(Uint8Array.from(dead))).toMatchObject({
      news: 'revoked',
      certificate: { revoked: true },
    });
    expect(await learn(Uint8Array.from(dead))).toMatchObject({ news: 'same' });
    expect(await learn(stranger.certificate.bytes)).toMatchObject({
      news: 'same',
      certificate: { revoked: true },
    });
  });

  test('a renewed certificate is an update', async () => {
    const account = memory();
    const { privateKey, publicKey } = await generateKey({
      type: 'ecc',
      curve: 'ed25519Legacy',
      userIDs: [{ email: 'short@example.org' }],
      keyExpirationTime: 3600,
      date: new Date(NOW - DAY_MS),
      format: 'object',
    });
    const renewed = await reformatKey({
      privateKey,
      userIDs: [{ email: 'short@example.org' }],
      date: new Date(NOW),
      format: 'object',
    });
    const learn = (some: Uint8Array) =>
      during(account, (work) => learnCertificate(work, Uint8Array.from(some), NOW));
    const first = await learn(publicKey.write());
    if (first.kind === 'refused') throw new Error(first.why);
    const { fingerprint } = first.certificate;
    await during(account, (work) => createOwnKey(work, { address: 'a@example.org', now: NOW }));
    expect(await forecast(createWork(account.view), [fingerprint], NOW)).toEqual({
      facts: [unknownFacts],
      hold: 'no-key',
    });
    expect(await learn(renewed.publicKey.write())).toMatchObject({ news: 'updated' });
    expect(await forecast(createWork(account.view), [fingerprint], NOW)).toMatchObject({ hold: null });
  });

  test('a copy that would make the certificate too large is refused and the known one stays', async () => {
    const account = memory();
    const { privateKey } = await generateKey({
      type: 'curve25519',
      userIDs: [{ email: 'many@example.org' }],
      date: new Date(NOW - DAY_MS),
      format: 'object',
    });
    const grown = async (): Promise<Uint8Array> => {
      let key = privateKey;
      for (let i = 0; i < 140; i++)
        key = await key.addSubkey({ type: 'curve25519', date: new Date(NOW - DAY_MS) });
      return Uint8Array.from(key.toPublic().write());
    };
    const learn = (octets: Uint8Array) => during(account, (work) => learnCertificate(work, octets, NOW));
    expect(await learn(await grown())).toMatchObject({
      news: 'new',
      certificate: { keyIds: { length: 142 } },
    });
    expect(await learn(await grown())).toEqual({ kind: 'refused', why: 'too-large' });
  });

  test('refuses what is no certificate, and does not believe a cell filed under another name', async () => {
    const account = memory();
    expect(await during(account, (work) => learnCertificate(work, bytes('x'), NOW))).toEqual({
      kind: 'refused',
      why: 'malformed',
    });
    await during(account, (work) => {
      work.put({ space: 'cert', key: nobody }, stranger.certificate.bytes);
      work.put({ space: 'keyid', key: `1234/${nobody}` }, new Uint8Array(0));
      work.put({ space: 'keyid', key: '1234/nonsense' }, new Uint8Array(0));
      return Promise.resolve();
    });
    const work = createWork(account.view);
    expect(await peerCertificate(work, nobody, NOW)).toBeNull();
    expect(await candidatesFor(work, [{ keyId: '1234', fingerprint: null }], NOW)).toEqual([]);
  });

  test('an address points to the key it was last seen with', async () => {
    const account = memory();
    const note = (fingerprint: Fingerprint, at: number) =>
      during(account, (work) => noteAddress(work, 'A@Example.org', fingerprint, at));
    const known = () => addressKey(createWork(account.view), 'a@example.org');
    expect(await known()).toBeNull();
    expect(await note(nobody, 100)).toBeNull();
    expect(await note(stranger.certificate.fingerprint, 50)).toEqual({ fingerprint: nobody, seenAt: 100 });
    expect(await known()).toEqual({ fingerprint: nobody, seenAt: 100 });
    expect(await note(stranger.certificate.fingerprint, 200)).toEqual({ fingerprint: nobody, seenAt: 100 });
    expect(await known()).toEqual({ fingerprint: stranger.certificate.fingerprint, seenAt: 200 });
  });
});

describe('one message from account to account', () => {
  test('with evidence on both sides', async () => {
    const { a, b, alice, bob } = await pair();
    const sealed = await mail(a, 'hello', [recipient(bob, checked)]);
    const facts = openpgpFacts({ asOf: NOW, by: 'message', authenticated: true, exposed: [] });
    expect(sealed.evidence).toEqual({
      how: 'sealed-here',
      at: NOW,
      facts: [facts],
      details: [
        { name: 'suite', value: 'OpenPGP SEIPDv2 aes128 ocb' },
        { name: 'own-key', value: alice.certificate.fingerprint },
        { name: 'peer-key', value: bob.certificate.fingerprint },
        { name: 'hidden-recipients', value: 'yes' },
      ],
      to: [
        {
          peer: peerId('email', bob.certificate.fingerprint),
          key: bob.certificate.fingerprint,
          trust: checked,
        },
      ],
    });
    const opened = await open(b, sealed.armored, [], checked);
    if (opened.kind !== 'opened') throw new Error(opened.kind);
    expect(textOf(opened.plaintext)).toBe('hello');
    expect(opened.certificate).toEqual(alice.certificate);
    expect(opened.evidence).toEqual({
      how: 'opened-here',
      at: NOW,
      facts: [facts],
      details: [
        { name: 'suite', value: 'OpenPGP SEIPDv2 aes128 ocb' },
        { name: 'own-key', value: bob.certificate.fingerprint },
        { name: 'peer-key', value: alice.certificate.fingerprint },
        { name: 'hidden-recipients', value: 'yes' },
      ],
      from: {
        peer: peerId('email', alice.certificate.fingerprint),
        key: alice.certificate.fingerprint,
        trust: checked,
        proof: 'signature',
      },
    });
  });

  test('states what stays visible outside', async () => {
    const { a, bob } = await pair();
    const sealed = await sealFor(createWork(a.view), {
      plaintext: bytes('x'),
      to: [recipient(bob)],
      hideRecipients: false,
      exposed: ['subject'],
      now: NOW,
    });
    expect(sealed).toMatchObject({ evidence: { facts: [{ exposed: { is: ['subject'] } }] } });
    expect(sealed).toMatchObject({
      evidence: { details: expect.arrayContaining([{ name: 'hidden-recipients', value: 'no' }]) },
    });
  });

  test('to a peer who does not read version 2, and to ourselves by name', async () => {
    const { a, alice } = await pair();
    const { privateKey } = await generateKey({
      type: 'ecc',
      curve: 'ed25519Legacy',
      userIDs: [{ email: 'old@example.org' }],
      date: new Date(NOW - DAY_MS),
      format: 'object',
      config: { aeadProtect: false },
    });
    const old = await during(a, (work) =>
      learnCertificate(work, Uint8Array.from(privateKey.toPublic().write()), NOW),
    );
    if (old.kind === 'refused') throw new Error(old.why);
    const sealed = await mail(a, 'hello', [
      recipient(alice),
      { fingerprint: old.certificate.fingerprint, trust: unchecked },
    ]);
    expect(sealed.evidence.details[0]).toEqual({ name: 'suite', value: 'OpenPGP SEIPDv1 aes128' });
    expect(sealed.facts.to).toHaveLength(2);
    expect(await open(a, sealed.armored)).toMatchObject({ kind: 'opened' });
  });

  test('our own copy opens and is proven to be ours', async () => {
    const { a, alice, bob } = await pair();
    const sealed = await mail(a, 'hello', [recipient(bob)]);
    expect(await open(a, sealed.armored)).toMatchObject({
      kind: 'opened',
      signature: { fingerprint: alice.certificate.fingerprint },
    });
  });

  test('a stranger is proven by the certificate that comes inside, and unproven without', async () => {
    const { b, bob } = await pair();
    const armored = await letter('hi', stranger, [bob]);
    expect(await open(b, armored)).toMatchObject({ kind: 'unproven', signature: { kind: 'unknown-key' } });
    expect(await open(b, armored, [bytes('junk'), bob.certificate.bytes])).toMatchObject({
      kind: 'unproven',
    });
    const opened = await open(b, armored, [bytes('junk'), stranger.certificate.bytes]);
    expect(opened).toMatchObject({
      kind: 'opened',
      certificate: { fingerprint: stranger.certificate.fingerprint },
    });
    // Opening keeps nothing: that is a decision of the caller.
    expect(await peerCertificate(createWork(b.view), stranger.certificate.fingerprint, NOW)).toBeNull();
  });

  test('a copy without the revocation, sent along, does not bring a revoked key back', async () => {
    const { b, bob } = await pair();
    const key = await readPrivateKey({ binaryKey: Uint8Array.from(stranger.secret) });
    const dead = (await revokeKey({ key, date: new Date(NOW - DAY_MS), format: 'object' })).publicKey.write();
    await during(b, (work) => learnCertificate(work, Uint8Array.from(dead), NOW));
    const armored = await letter('hi', stranger, [bob]);
    expect(await open(b, armored, [stranger.certificate.bytes])).toMatchObject({
      kind: 'unproven',
      signature: { kind: 'bad', why: 'signer-key' },
    });
  });

  test('a password message is verified the same way', async () => {
    const { b, alice } = await pair();
    const armored = await sealWithPassword({
      plaintext: bytes('hi'),
      password: 'token',
      from: alice,
      now: NOW,
    });
    const decrypted = await openWithPasswords(armored ?? bytes(''), ['token'], []);
    if (decrypted.kind === 'refused') throw new Error(decrypted.why);
    const opened = await verifyMail(createWork(b.view), decrypted, {
      examine: () => Promise.resolve({ certificates: [], exposed: [] }),
      trustOf: () => Promise.resolve(unchecked),
      own: [],
      now: NOW,
      judgedAt: NOW,
    });
    expect(opened).toMatchObject({
      kind: 'opened',
      evidence: { from: { key: alice.certificate.fingerprint } },
    });
    if (opened.kind === 'opened')
      expect(opened.evidence.details.some(({ name }) => name === 'own-key')).toBe(false);
  });

  test('what cannot be opened says why', async () => {
    const { a, b, bob } = await pair();
    const sealed = await mail(a, 'hello', [recipient(bob)]);
    const damaged = rebuilt(sealed.armored, (binary) => {
      binary[binary.length - 1] = (binary[binary.length - 1] ?? 0) ^ 1;
      return binary;
    });
    expect(await open(b, damaged)).toEqual({ kind: 'refused', why: 'damaged' });
    expect(await open(memory(), sealed.armored)).toEqual({ kind: 'refused', why: 'not-for-us' });
    const forwarded = await letter('hi', stranger, [await person('else')]);
    expect(await open(b, forwarded)).toEqual({ kind: 'refused', why: 'not-for-us' });
  });

  test('nothing is sealed without an own key, to an unknown peer, or to a certificate that cannot be used', async () => {
    const { a, bob } = await pair();
    const attempt = (account: Account, to: readonly Recipient[], now = NOW) =>
      sealFor(createWork(account.view), { plaintext: bytes('x'), to, hideRecipients: false, now });
    expect(await attempt(memory(), [recipient(bob)])).toEqual({ kind: 'refused', why: 'no-own-key' });
    expect(await attempt(a, [recipient(bob), { fingerprint: nobody, trust: unchecked }])).toEqual({
      kind: 'refused',
      why: 'no-certificate',
      fingerprint: nobody,
    });
    expect(await attempt(a, [recipient(bob)], NOW - 30 * DAY_MS)).toMatchObject({
      kind: 'refused',
      why: 'unusable-certificate',
      fault: 'not-yet-valid',
    });
  });
});

describe('forecast', () => {
  test('is OpenPGP at its best for a usable certificate: end to end, and never forward secret', async () => {
    const { a, bob } = await pair();
    const good = openpgpFacts({ asOf: NOW, by: 'certificate', authenticated: true, exposed: [] });
    expect(await forecast(createWork(a.view), [bob.certificate.fingerprint], NOW)).toEqual({
      facts: [good],
      hold: null,
    });
    expect(await forecast(createWork(a.view), [], NOW)).toEqual({ facts: [good], hold: null });
    expect(good).toMatchObject({
      endToEnd: { is: true },
      otherKeyHolders: { is: [] },
      forwardSecrecy: { is: { withinMs: 'never' } },
      recovery: { is: { withinMs: 'never' } },
      postQuantum: { is: 'none' },
      engine: { is: { name: 'openpgp.js', version: '6.3.2' } },
    });
  });

  test('is unknown and held without a key on either side, never good', async () => {
    const { a, bob } = await pair();
    const work = createWork(a.view);
    expect(await forecast(work, [bob.certificate.fingerprint, nobody], NOW)).toMatchObject({
      facts: [{ endToEnd: { is: true } }, unknownFacts],
      hold: 'no-key',
    });
    expect(await forecast(createWork(memory().view), [], NOW)).toEqual({
      facts: [unknownFacts],
      hold: 'no-key',
    });
    const keyless = memory();
    await during(keyless, (some) => learnCertificate(some, bob.certificate.bytes, NOW));
    expect(await forecast(createWork(keyless.view), [bob.certificate.fingerprint], NOW)).toMatchObject({
      hold: 'no-key',
    });
    expect(Object.values(unknownFacts).every((fact) => fact === 'unknown')).toBe(true);
  });

  test('of ourselves among the members is our own key', async () => {
    const { a, alice, bob } = await pair();
    expect(
      await forecast(createWork(a.view), [alice.certificate.fingerprint, bob.certificate.fingerprint], NOW),
    ).toMatchObject({
      facts: [{ endToEnd: { is: true } }, { endToEnd: { is: true } }],
      hold: null,
    });
  });

  test('names what the caller would leave visible', async () => {
    const { a, bob } = await pair();
    expect(await forecast(createWork(a.view), [bob.certificate.fingerprint], NOW, ['subject'])).toMatchObject(
      {
        facts: [{ exposed: { is: ['subject'] } }],
      },
    );
  });
});
