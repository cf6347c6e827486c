import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import fc from 'fast-check';
import { decodeMlsMessage, getCiphersuiteFromName, getCiphersuiteImpl } from 'ts-mls';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { fromHex, toHex } from '../hex.ts';
import { freshSecretKey, publicKeyFromBytes, publicKeyOf, secretKeyFrom, type PublicKey } from '../keys.ts';
import { accountProofHolds, readAccountProof, signAccountProof } from './account-proof.ts';
import { keyPackageRef } from './key-package-event.ts';
import { wireFormatOf } from './mls-message.ts';

/** A key package of MDK (September 2026). */
const mdk = fromHex(
  readFileSync(new URL('../test/vectors/mdk-keypackage-2026-09.hex', import.meta.url), 'utf8').trim(),
);

test('the vector of the specification comes out byte for byte', () => {
  const secret = secretKeyFrom(fromHex('3'.padStart(64, '0')));
  if (secret === null) throw new Error('no key');
  const mlsKey = Uint8Array.from({ length: 32 }, (_, at) => at);
  const proof = signAccountProof(secret, mlsKey, 1_700_000_000, new Uint8Array(32));
  expect(toHex(proof)).toBe(
    `${publicKeyOf(secret)}000000006553f100c5315d3c85b9d4907cb03395a2a97b3ba2eab393f8e45b13a5d5233acedac60a51d2a295e1b1b5ee372d18a49bdb8041a7dba9dedce722c7c6f712f78bbdfb5d`,
  );
  const read = readAccountProof(proof);
  expect(read && accountProofHolds(read, publicKeyOf(secret), mlsKey)).toBe(true);
});

test('the proof in a key package of MDK holds, for its own leaf only', () => {
  expect(wireFormatOf(mdk)).toBe('key-package');
  expect(keyPackageRef(mdk)).toMatch(/^[0-9a-f]{64}$/);
  // version, suite, then init key, encryption key and signature key, each a vector of 32 bytes.
  const mlsKey = mdk.subarray(8 + 33 + 33 + 1, 8 + 33 * 3);
  const at = Buffer.from(mdk).indexOf(Buffer.from('80094068', 'hex'));
  const proof = readAccountProof(mdk.subarray(at + 4, at + 4 + 104));
  const identity = publicKeyFromBytes(mdk.subarray(8 + 33 * 3 + 3, 8 + 33 * 3 + 35));
  if (proof === null || identity === null) throw new Error('the vector does not read');
  expect(accountProofHolds(proof, identity, mlsKey)).toBe(true);
  expect(accountProofHolds(proof, publicKeyOf(freshSecretKey()), mlsKey)).toBe(false);
  expect(accountProofHolds(proof, identity, mdk.subarray(9, 41))).toBe(false);
});

test('a key package has the reference that another implementation gives it', async () => {
  const decoded = decodeMlsMessage(mdk, 0)?.[0];
  if (decoded?.wireformat !== 'mls_key_package') throw new Error('the vector does not decode');
  const suite = getCiphersuiteFromName('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519');
  const { hash } = await getCiphersuiteImpl(suite);
  expect(keyPackageRef(mdk)).toBe(toHex(await makeKeyPackageRef(decoded.keyPackage, hash)));
});

test('a proof with one bit changed does not hold', () => {
  const secret = freshSecretKey();
  const mlsKey = freshSecretKey();
  const good = signAccountProof(secret, mlsKey, 1_800_000_000);
  fc.assert(
    fc.property(fc.nat(103), fc.nat(7), (at, bit) => {
      const changed = Uint8Array.from(good);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      const read = readAccountProof(changed);
      expect(read !== null && accountProofHolds(read, publicKeyOf(secret), mlsKey)).toBe(false);
    }),
    { numRuns: 60 },
  );
  expect(readAccountProof(good.subarray(1))).toBeNull();
  const mallory = signAccountProof(freshSecretKey(), mlsKey, 1_800_000_000);
  const read = readAccountProof(mallory);
  expect(read && accountProofHolds(read, publicKeyOf(secret), mlsKey)).toBe(false);
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 104, maxLength: 104 }), (bytes) => {
      const read = readAccountProof(bytes);
      if (read) expect(accountProofHolds(read, toHex(bytes.subarray(0, 32)) as PublicKey, bytes)).toBe(false);
    }),
  );
});
