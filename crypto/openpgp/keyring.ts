import type { Millis } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import {
  fingerprintOf,
  readCertificate,
  readKnownCertificate,
  type Certificate,
  type CertificateRefusal,
  type Fingerprint,
  type ReadCertificate,
} from './certificate.ts';
import { mergeCertificates, minimise } from './merge.ts';
import { generateOwnKey, joinOwnKeys, readOwnKey, type ImportedKey, type OwnKey } from './keys.ts';
import { digest } from './parsed.ts';
import { recentlyUsed } from './recently-used.ts';
import { keyIdOf, signingKeys } from './signing-key.ts';
import type { SignerHint } from './verify.ts';

/** What the keyring only reads needs no more than this of a unit of work. */
export type Reads = Pick<Work, 'get' | 'scan'>;

/*
 * Cells:
 *   key/current                  fingerprint of the key that signs today
 *   key/<fingerprint>            secret key, binary; earlier ones stay, they still open old mail
 *   cert/<fingerprint>           merged and minimised certificate of a peer, binary
 *   keyid/<key id>/<fingerprint> which certificate a signature's key id points to; holds the fingerprint of the key in it that has the id.
 *                                Earlier versions held nothing there, and filed every subkey: see filedUnder
 *   address/<address>            the key an address was last seen with: {fingerprint, seenAt} in JSON
 */
const CURRENT = 'current';
const ownCell = (name: string): StateKey => ({ space: 'key', key: name });
const certificateCell = (fingerprint: Fingerprint): StateKey => ({ space: 'cert', key: fingerprint });
const keyIdCell = (keyId: string, fingerprint: Fingerprint): StateKey => ({
  space: 'keyid',
  key: `${keyId}/${fingerprint}`,
});
const addressCell = (address: string): StateKey => ({ space: 'address', key: address.toLowerCase() });

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const bytesOf = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, 'utf8'));

/** More certificates than this for one signature are somebody's attempt to make us try them all. */
const CANDIDATE_LIMIT = 8;

/**
 * The key that signs today, or null before there is one.
 * @throws Error when the stored bytes are not a secret key: the database is damaged.
 */
export async function ownKey(work: Reads, now: Millis): Promise<OwnKey | null> {
  const current = await work.get(ownCell(CURRENT));
  const secret = current && (await work.get(ownCell(text(current))));
  return secret ? readOwnKey(secret, now) : null;
}

/** Every own key, the one that signs today first. @throws as {@link ownKey}. */
export async function ownKeys(work: Reads, now: Millis): Promise<readonly OwnKey[]> {
  const current = await work.get(ownCell(CURRENT));
  const keys: OwnKey[] = [];
  for (const [cell, secret] of await work.scan('key', '')) {
    if (cell.key === CURRENT) continue;
    const key = await readOwnKey(secret, now);
    if (current && cell.key === text(current)) keys.unshift(key);
    else keys.push(key);
  }
  return keys;
}

/** Makes a key the one that signs from now on; those before stay for opening. */
export async function adoptOwnKey(work: Work, key: OwnKey): Promise<void> {
  const { fingerprint } = key.certificate;
  // Both are read first, so that a commit made from an older view conflicts and does not overwrite.
  await work.get(ownCell(CURRENT));
  await work.get(ownCell(fingerprint));
  work.put(ownCell(CURRENT), bytesOf(fingerprint));
  work.put(ownCell(fingerprint), key.secret);
}

/**
 * Adopts a key the person brought; of one that is kept already nothing is lost ({@link joinOwnKeys}). A refusal writes nothing.
 * @throws Error when a kept key does not parse: the database is damaged.
 */
export async function adoptBroughtKey(work: Work, brought: OwnKey, now: Millis): Promise<ImportedKey> {
  const kept = await work.get(ownCell(brought.certificate.fingerprint));
  const result: ImportedKey = kept
    ? await joinOwnKeys(await readOwnKey(kept, now), brought, now)
    : { kind: 'imported', key: brought };
  if (result.kind === 'imported') await adoptOwnKey(work, result.key);
  return result;
}

/** Generates a key for an address and adopts it. @throws Error when the address cannot be a user id. */
export async function createOwnKey(
  work: Work,
  options: { readonly address: string; readonly version?: 4 | 6; readonly now: Millis },
): Promise<OwnKey> {
  const key = await generateOwnKey(options);
  await adoptOwnKey(work, key);
  return key;
}

/** A peer's certificate judged at `now`; null when none is stored. */
export async function peerCertificate(
  work: Reads,
  fingerprint: Fingerprint,
  now: Millis,
): Promise<Certificate | null> {
  const bytes = await work.get(certificateCell(fingerprint));
  if (!bytes) return null;
  const read = await readKnownCertificate(bytes, now);
  // The name it is filed under is what was checked with the person; another key under it would be a damaged database.
  return read.kind === 'certificate' && read.certificate.fingerprint === fingerprint
    ? read.certificate
    : null;
}

export type Learned =
  | {
      readonly kind: 'learned';
      readonly certificate: Certificate;
      /** `revoked`: it was fine before and is not any more. */
      readonly news: 'new' | 'updated' | 'revoked' | 'same';
    }
  | { readonly kind: 'refused'; readonly why: CertificateRefusal };

/** What came of joining two copies, by both: most mail brings the same Autocrypt header again. */
const joinedCopies = recentlyUsed<Uint8Array | CertificateRefusal>(256);

async function joinedWith(
  known: Certificate | null,
  incoming: Certificate,
  now: Millis,
): Promise<ReadCertificate> {
  const join = async (): Promise<Uint8Array | CertificateRefusal> => {
    const result = known ? await mergeCertificates(known, incoming, now) : await minimise(incoming, now);
    return result.kind === 'refused' ? result.why : result.certificate.bytes;
  };
  const name = `${known ? digest(known.bytes) : ''} ${digest(incoming.bytes)}`;
  const copy = await joinedCopies.get(name, join, () => true);
  return typeof copy === 'string' ? { kind: 'refused', why: copy } : readKnownCertificate(copy, now);
}

/**
 * Takes in a certificate from an Autocrypt or gossip header, a vCard, an invitation: minimised, merged with what is known under the
 * same fingerprint. Says nothing about whom it belongs to: see {@link noteAddress}, and trust is the caller's.
 */
export async function learnCertificate(work: Work, bytes: Uint8Array, now: Millis): Promise<Learned> {
  const incoming = await readCertificate(bytes, now);
  if (incoming.kind === 'refused') return incoming;
  const { fingerprint } = incoming.certificate;
  const known = await peerCertificate(work, fingerprint, now);
  const read = await joinedWith(known, incoming.certificate, now);
  if (read.kind === 'refused') return read;
  const { certificate } = read;
  if (known && Buffer.compare(known.bytes, certificate.bytes) === 0) {
    return { kind: 'learned', certificate, news: 'same' };
  }
  work.put(certificateCell(fingerprint), certificate.bytes);
  for (const key of await signingKeys(certificate)) {
    const cell = keyIdCell(key.keyId, fingerprint);
    if (!(await work.get(cell))?.length) work.put(cell, bytesOf(key.fingerprint));
  }
  if (!known) return { kind: 'learned', certificate, news: 'new' };
  return {
    kind: 'learned',
    certificate,
    news: certificate.revoked && !known.revoked ? 'revoked' : 'updated',
  };
}

/** A certificate filed under a key id, and the key in it that has the id. */
interface Filed {
  readonly certificate: Fingerprint;
  readonly key: string;
}

/**
 * What is filed under a key id. Earlier versions filed every subkey, also one that somebody else's certificate borrowed: such an entry is looked into
 * once, and kept or removed. There is no bound on how many, so that nobody who filled the index before loses us a signer.
 */
async function filedUnder(work: Work, keyId: string, now: Millis): Promise<readonly Filed[]> {
  const filed: Filed[] = [];
  for (const [cell, value] of await work.scan('keyid', `${keyId}/`)) {
    const fingerprint = fingerprintOf(cell.key.slice(keyId.length + 1));
    if (fingerprint === null) continue;
    const isPrimary = keyIdOf(fingerprint) === keyId;
    if (value.length > 0 || isPrimary) {
      filed.push({ certificate: fingerprint, key: isPrimary ? fingerprint : text(value) });
      continue;
    }
    const certificate = await peerCertificate(work, fingerprint, now);
    if (certificate === null) continue;
    const key = (await signingKeys(certificate)).find((one) => one.keyId === keyId)?.fingerprint;
    work.put(cell, key === undefined ? null : bytesOf(key));
    if (key !== undefined) filed.push({ certificate: fingerprint, key });
  }
  return filed;
}

/**
 * Stored certificates that may have made a signature, by the names it gives its key. Only tried: none is trusted for being found. Those that the
 * fingerprint names come first (RFC 9580 §5.2.3.35), as a key id has 64 bits only; then those whose primary key it is.
 * @param work what earlier versions filed is put right in it.
 */
export async function candidatesFor(
  work: Work,
  signers: readonly SignerHint[],
  now: Millis,
): Promise<readonly Certificate[]> {
  const found = new Map<Fingerprint, Certificate>();
  for (const { keyId, fingerprint } of signers) {
    const primary = fingerprintOf(fingerprint ?? '');
    const filed = await filedUnder(work, keyId, now);
    const inOrder = [
      ...filed.filter(({ key }) => key === fingerprint),
      ...filed.filter(({ certificate, key }) => certificate === key),
      ...filed,
    ].map(({ certificate }) => certificate);
    const names = new Set(primary === null ? inOrder : [primary, ...inOrder]);
    for (const name of [...names].slice(0, CANDIDATE_LIMIT)) {
      const certificate = await peerCertificate(work, name, now);
      if (certificate) found.set(name, certificate);
    }
  }
  return [...found.values()];
}

/** The key an address was last seen with, and when. */
export interface AddressKey {
  readonly fingerprint: Fingerprint;
  readonly seenAt: Millis;
}

/** What is known of an address; null when nothing is. A hint for choosing a peer, never a proof. */
export async function addressKey(work: Reads, address: string): Promise<AddressKey | null> {
  const stored = await work.get(addressCell(address));
  if (!stored) return null;
  const { fingerprint, seenAt } = JSON.parse(text(stored)) as AddressKey;
  return { fingerprint, seenAt };
}

/**
 * Notes that an address uses a key, as of the time its message says; an older message changes nothing (Autocrypt Level 1).
 * @returns the key known before, so that the caller can report a change.
 */
export async function noteAddress(
  work: Work,
  address: string,
  fingerprint: Fingerprint,
  seenAt: Millis,
): Promise<AddressKey | null> {
  const known = await addressKey(work, address);
  if (known && known.seenAt >= seenAt) return known;
  work.put(addressCell(address), bytesOf(JSON.stringify({ fingerprint, seenAt } satisfies AddressKey)));
  return known;
}
