import { createHash } from 'node:crypto';
import { senderAutocrypt } from '../../crypto/openpgp/autocrypt.ts';
import { readCertificate, type Fingerprint } from '../../crypto/openpgp/certificate.ts';
import type { OpenedMail } from '../../crypto/openpgp/engine.ts';
import { learnCertificate } from '../../crypto/openpgp/keyring.ts';
import { valuesOf } from './header-block.ts';
import type { ReadMail } from './mail-read.ts';
import type { Receiving } from './receiving.ts';

/** Copies of certificates already taken in, so that the same Autocrypt header in every mail costs one digest. */
export interface LearnedKeys {
  has(fingerprint: Fingerprint, keydata: Uint8Array): boolean;
  add(fingerprint: Fingerprint, keydata: Uint8Array): void;
  /** Something taken in was not committed after all. */
  clear(): void;
}

const KEPT = 1_000;

export function createLearnedKeys(): LearnedKeys {
  const known = new Set<string>();
  const nameOf = (fingerprint: Fingerprint, keydata: Uint8Array): string =>
    `${fingerprint} ${createHash('sha256').update(keydata).digest('base64')}`;
  return {
    has: (fingerprint, keydata) => known.has(nameOf(fingerprint, keydata)),
    add(fingerprint, keydata) {
      if (known.size >= KEPT) known.clear();
      known.add(nameOf(fingerprint, keydata));
    },
    clear: () => known.clear(),
  };
}

/**
 * Takes in the signer's certificate as the signed mail brings it (Autocrypt), else the one that verified it.
 * @returns whether a certificate we had was renewed or revoked by it.
 */
export async function learnSigner(
  receiving: Receiving,
  read: ReadMail,
  address: string,
  opened: Pick<Extract<OpenedMail, { kind: 'opened' }>, 'certificate' | 'signature'>,
): Promise<boolean> {
  const { work, learned: known } = receiving;
  const { certificate: verifiedBy, signature } = opened;
  const { fingerprint } = verifiedBy;
  // As it stood when it signed: a clock of mine that is behind must not find a new key too new.
  const at = Math.max(receiving.now, signature.signedAt);
  const header = senderAutocrypt(valuesOf(read.fields, 'autocrypt'), address);
  const keydata = header?.keydata ?? verifiedBy.bytes;
  if (known.has(fingerprint, keydata)) return false;
  const news: boolean[] = [];
  for (const bytes of [keydata, verifiedBy.bytes]) {
    // A signer may enclose anything; only its own certificate is taken in here.
    const own = await readCertificate(bytes, at);
    if (own.kind !== 'certificate' || own.certificate.fingerprint !== fingerprint) continue;
    const learned = await learnCertificate(work, bytes, at);
    if (learned.kind === 'learned') news.push(learned.news === 'updated' || learned.news === 'revoked');
  }
  known.add(fingerprint, keydata);
  return news.includes(true);
}
