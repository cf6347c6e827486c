import { UserIDPacket, enums, type AnyPacket, type Key, type SignaturePacket } from 'openpgp';
import type { Millis } from '../../shared/ids.ts';
import { dateFor, readCertificate, type Certificate, type ReadCertificate } from './certificate.ts';
import { lenient, strict } from './config.ts';
import { directSignatures, joined, keyOf, madeAt, verifies } from './library.ts';
import { parsedPublic } from './parsed.ts';

async function newestValid(
  signatures: readonly SignaturePacket[],
  by: Key['keyPacket'],
  type: enums.signature,
  data: object,
  date: Date,
): Promise<readonly SignaturePacket[]> {
  const newestFirst = signatures.toSorted((a, b) => madeAt(b) - madeAt(a));
  for (const at of [date, null]) {
    for (const signature of newestFirst)
      if (await verifies(signature, by, type, data, at, strict)) return [signature];
  }
  return [];
}

/** Every revocation whose signature holds, whatever its hash and date: losing one would bring a dead key back. */
async function revocations(
  signatures: readonly SignaturePacket[],
  by: Key['keyPacket'],
  type: enums.signature,
  data: object,
): Promise<readonly SignaturePacket[]> {
  const valid: SignaturePacket[] = [];
  for (const signature of signatures) {
    if (valid.length === REVOCATIONS_KEPT) break;
    if (await verifies(signature, by, type, data, null, lenient)) valid.push(signature);
  }
  return valid;
}

/** One is enough to revoke; a few keep the reason of a later, harder one. */
const REVOCATIONS_KEPT = 4;

/**
 * The same key with only what matters: the primary key, its revocations, the newest valid self-signature of each user id and subkey, and
 * their revocations. Signatures by others and photos are dropped.
 */
async function minimised(key: Key, now: Millis): Promise<Key> {
  const primary = key.keyPacket;
  const date = dateFor(key, now);
  const kept: AnyPacket[] = [primary];
  kept.push(
    ...(await revocations(key.revocationSignatures, primary, enums.signature.keyRevocation, {
      key: primary,
    })),
  );
  const direct = directSignatures(key);
  kept.push(...(await newestValid(direct, primary, enums.signature.key, { key: primary }, date)));
  for (const user of key.users) {
    if (!(user.userID instanceof UserIDPacket)) continue;
    const data = { key: primary, userID: user.userID };
    const self = await newestValid(user.selfCertifications, primary, enums.signature.certGeneric, data, date);
    if (self.length === 0) continue;
    const revoked = await revocations(
      user.revocationSignatures,
      primary,
      enums.signature.certRevocation,
      data,
    );
    kept.push(user.userID, ...revoked, ...self);
  }
  for (const subkey of key.subkeys) {
    const data = { key: primary, bind: subkey.keyPacket };
    const binding = await newestValid(
      subkey.bindingSignatures,
      primary,
      enums.signature.subkeyBinding,
      data,
      date,
    );
    if (binding.length === 0) continue;
    const revoked = await revocations(
      subkey.revocationSignatures,
      primary,
      enums.signature.subkeyRevocation,
      data,
    );
    kept.push(subkey.keyPacket, ...revoked, ...binding);
  }
  return keyOf(kept);
}

/** The certificate without what encrypting to it and checking its signatures do not need (what an Autocrypt header carries). Never throws. */
export async function minimise(certificate: Certificate, now: Millis): Promise<ReadCertificate> {
  try {
    const key = await minimised(await parsedPublic(certificate.bytes), now);
    return await readCertificate(Uint8Array.from(key.write()), now);
  } catch {
    return { kind: 'refused', why: 'malformed' };
  }
}

/**
 * Joins two copies of one certificate: revocations of both, the newer self-signatures, all subkeys; then minimises. Nothing a
 * newer copy leaves out is lost, so nobody can undo a revocation by sending an older copy.
 * @throws RangeError when the fingerprints differ.
 */
export async function mergeCertificates(
  a: Certificate,
  b: Certificate,
  now: Millis,
): Promise<ReadCertificate> {
  if (a.fingerprint !== b.fingerprint) throw new RangeError('certificates of different keys');
  try {
    const both = await joined(await parsedPublic(a.bytes), await parsedPublic(b.bytes));
    return await readCertificate(Uint8Array.from((await minimised(both, now)).write()), now);
  } catch {
    return { kind: 'refused', why: 'malformed' };
  }
}
