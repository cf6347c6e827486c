import { generateKey, reformatKey, type PrivateKey, type PublicKey } from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import { createWork } from '../../shared/lane/work.ts';
import { fingerprintOf, readCertificate, type Certificate, type Fingerprint } from './certificate.ts';
import { openMail } from './engine.ts';
import { candidatesFor, createOwnKey, learnCertificate } from './keyring.ts';
import type { OwnKey } from './keys.ts';
import { keyIdOf, signingKeys } from './signing-key.ts';
import { DAY_MS, NOW, borrowing, during, letter, memory, person, signedBy, wrap } from './test-people.ts';

type Account = ReturnType<typeof memory>;
const LIMIT = 8;

/** Somebody whose mail a subkey signs. */
interface Signer {
  readonly secret: PrivateKey;
  readonly certificate: Certificate;
  readonly fingerprint: Fingerprint;
}

async function certificateOf(key: PublicKey): Promise<Certificate> {
  const read = await readCertificate(Uint8Array.from(key.write()), NOW);
  if (read.kind === 'refused') throw new Error(read.why);
  return read.certificate;
}

async function signer(): Promise<Signer> {
  const { privateKey, publicKey } = (await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ email: 'signer@example.org' }],
    subkeys: [{ sign: true }, {}],
    date: new Date(NOW - DAY_MS),
    format: 'object',
  })) as { privateKey: PrivateKey; publicKey: PublicKey };
  const certificate = await certificateOf(publicKey);
  return { secret: privateKey, certificate, fingerprint: certificate.fingerprint };
}

const subkeyOf = async ({ certificate }: Signer) => {
  const [, subkey] = await signingKeys(certificate);
  if (subkey === undefined) throw new Error('no signing subkey');
  return subkey;
};

/** Certificates that have taken a public key for a subkey of theirs, and are listed before hers. */
async function borrowers(of: Certificate, part: string): Promise<readonly Certificate[]> {
  const found: Certificate[] = [];
  while (found.length < LIMIT) {
    const borrower = await borrowing(await person('mallory'), of, part);
    if (borrower.fingerprint < of.fingerprint) found.push(borrower);
  }
  return found;
}

const learn = (account: Account, some: readonly Certificate[]) =>
  during(account, async (work) => {
    for (const { bytes } of some) await learnCertificate(work, bytes, NOW);
  });
const filed = async (account: Account, keyId: string) =>
  (await createWork(account.view).scan('keyid', keyId)).map(([{ key }]) => key.split('/')[1]);
/** The index as an earlier version wrote it: every subkey, nothing said of it. */
const fileAsBefore = (account: Account, certificates: readonly Certificate[]) =>
  during(account, async (work) => {
    for (const [{ space, key }] of await work.scan('keyid', '')) work.put({ space, key }, null);
    for (const { keyIds, fingerprint } of certificates)
      for (const keyId of keyIds) {
        const cell = { space: 'keyid', key: `${keyId}/${fingerprint}` };
        await work.get(cell);
        work.put(cell, new Uint8Array(0));
      }
  });

let me: Account;
let own: OwnKey;
/** So late in the order that eight before it are soon found. */
let friend: OwnKey;
let hers: Signer;

beforeAll(async () => {
  while ((friend = await person('friend')).certificate.fingerprint < '8');
  while ((hers = await signer()).fingerprint < '8');
});

async function begin(): Promise<void> {
  me = memory();
  own = await during(me, (work) => createOwnKey(work, { address: 'me@example.org', now: NOW - DAY_MS }));
}

/** Opens a mail that brings no certificate. */
const open = (armored: Uint8Array) =>
  during(me, (work) =>
    openMail(work, {
      armored,
      examine: () => Promise.resolve({ certificates: [], exposed: [] }),
      trustOf: () => Promise.resolve({ kind: 'unchecked' }),
      now: NOW,
    }),
  );
const fromHer = async (): Promise<Uint8Array> =>
  wrap(await signedBy(hers.secret, 'hi', NOW), [own.certificate]);

describe.each([false, true])('signers are found; filed by an earlier version: %s', (before) => {
  const know = async (some: readonly Certificate[]): Promise<void> => {
    await begin();
    await learn(me, some);
    if (before) await fileAsBefore(me, some);
  };

  test('however many certificates carry their key as a subkey', async () => {
    const { certificate } = friend;
    const many = await borrowers(certificate, certificate.fingerprint);
    await know([...many, certificate]);
    expect(await open(await letter('hi', friend, [own]))).toMatchObject({
      kind: 'opened',
      signature: { fingerprint: certificate.fingerprint },
    });
    expect(await filed(me, keyIdOf(certificate.fingerprint))).toEqual([certificate.fingerprint]);
  });

  test('however many certificates carry the subkey that signs for them', async () => {
    const { keyId, fingerprint } = await subkeyOf(hers);
    const many = await borrowers(hers.certificate, fingerprint);
    await know([...many, hers.certificate]);
    expect(await open(await fromHer())).toMatchObject({
      kind: 'opened',
      signature: { fingerprint: hers.fingerprint },
    });
    expect(await filed(me, keyId)).toEqual([hers.fingerprint]);
  });

  test('by a key id alone too, and never by a key that signs nothing', async () => {
    await know([hers.certificate]);
    const { keyId } = await subkeyOf(hers);
    const find = async (id: string) =>
      (await during(me, (work) => candidatesFor(work, [{ keyId: id, fingerprint: null }], NOW))).map(
        (found) => found.fingerprint,
      );
    const [primary = '', , encrypts = ''] = hers.certificate.keyIds;
    expect([await find(primary), await find(keyId), await find(encrypts)]).toEqual([
      [hers.fingerprint],
      [hers.fingerprint],
      [],
    ]);
  });
});

test('who is named by fingerprint comes first, then who has the key id for a primary key', async () => {
  await begin();
  const { keyId, fingerprint } = await subkeyOf(hers);
  const others = await Promise.all([1, 2].map(async (at) => (await person(`p${at}`)).certificate));
  const [one, two] = others as [Certificate, Certificate];
  await learn(me, [...others, hers.certificate]);
  const file = (of: Certificate, key: string) =>
    during(me, async (work) => {
      work.put({ space: 'keyid', key: `${keyId}/${of.fingerprint}` }, Buffer.from(key));
    });
  // A key id can be found a second time, with much work; a fingerprint cannot.
  await file(one, 'A'.repeat(40));
  await file(two, two.fingerprint);
  const order = async (hint: string | null) =>
    (await candidatesFor(createWork(me.view), [{ keyId, fingerprint: hint }], NOW)).map(
      (found) => found.fingerprint,
    );
  expect((await order(fingerprint)).slice(0, 2)).toEqual([hers.fingerprint, two.fingerprint]);
  expect((await order(null))[0]).toBe(two.fingerprint);
  // Named by a primary key's fingerprint it is found where nothing is filed at all.
  expect((await order(one.fingerprint))[0]).toBe(one.fingerprint);
});

test('what was filed before is judged once, and filed as it should be when it is learnt again', async () => {
  await begin();
  await learn(me, [hers.certificate]);
  await fileAsBefore(me, [hers.certificate]);
  const { keyId, fingerprint } = await subkeyOf(hers);
  const cell = { space: 'keyid', key: `${keyId}/${hers.fingerprint}` };
  const held = async () => Buffer.from((await createWork(me.view).get(cell)) ?? []).toString();
  expect(await held()).toBe('');
  const renewed = await reformatKey({
    privateKey: hers.secret,
    userIDs: [{ email: 'signer@example.org' }],
    date: new Date(NOW - DAY_MS / 2),
    format: 'object',
  });
  await learn(me, [await certificateOf(renewed.publicKey)]);
  expect(await held()).toBe(fingerprint);
  await fileAsBefore(me, [hers.certificate]);
  await open(await fromHer());
  expect(await held()).toBe(fingerprint);
});

test('a key id is the end of a version 4 fingerprint and the beginning of a version 6 one', async () => {
  for (const version of [4, 6] as const) {
    const { certificate } = await person('any', version);
    const [primary] = await signingKeys(certificate);
    expect(primary).toEqual({ keyId: certificate.keyIds[0], fingerprint: certificate.fingerprint });
    expect(keyIdOf(fingerprintOf(primary.fingerprint) as Fingerprint)).toBe(primary.keyId);
  }
});
