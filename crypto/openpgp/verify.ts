import { type enums, type Key, type SignaturePacket, type Subkey } from 'openpgp';
import type { Millis } from '../../shared/ids.ts';
import { fingerprintOf, withSkew, type Certificate, type Fingerprint } from './certificate.ts';
import { strict } from './config.ts';
import { literal, madeAt, verifies } from './library.ts';
import { parsedPublic } from './parsed.ts';

export type BadSignature =
  | 'does-not-match' // the content was not signed by this key
  | 'weak-hash'
  | 'from-the-future'
  | 'expired'
  | 'signer-key'; // the key was expired, revoked, too weak or not meant for signing when it signed

export type SignatureResult =
  | {
      readonly kind: 'good';
      /** Of the certificate, not of the subkey that signed. */
      readonly fingerprint: Fingerprint;
      readonly signedAt: Millis;
      /** Whom the signer meant it for (RFC 9580 §5.2.3.36); null when the signature does not say. */
      readonly intendedRecipients: readonly Fingerprint[] | null;
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown-key'; readonly keyId: string }
  | { readonly kind: 'bad'; readonly why: BadSignature };

/** What a signature says about who made it; not proven. */
export interface SignerHint {
  /** Upper-case hex, 16 digits. */
  readonly keyId: string;
  /** Of the signing key, which may be a subkey. */
  readonly fingerprint: string | null;
}

const INTENDED_RECIPIENT = 35;

/** Names the signers a message claims, so that their certificates can be looked up. */
export function signerHints(signatures: readonly SignaturePacket[]): readonly SignerHint[] {
  return signatures.map((signature) => ({
    keyId: signature.issuerKeyID.toHex().toUpperCase(),
    fingerprint: signature.issuerFingerprint
      ? Buffer.from(signature.issuerFingerprint).toString('hex').toUpperCase()
      : null,
  }));
}

/** RFC 9580 §5.2.3.36, from the hashed area only: the library keeps subpackets it does not know from there. */
function intendedRecipients(signature: SignaturePacket): readonly Fingerprint[] | null {
  const found: Fingerprint[] = [];
  let some = false;
  for (const { type, body } of signature.unknownSubpackets) {
    if (type !== INTENDED_RECIPIENT) continue;
    some = true;
    const fingerprint = fingerprintOf(Buffer.from(body.subarray(1)).toString('hex'));
    if (fingerprint !== null) found.push(fingerprint);
  }
  return some ? found : null;
}

/** The library refuses critical subpackets it does not know; this one we do know and honour. Does not touch what is hashed. */
function acceptIntendedRecipients(signature: SignaturePacket): void {
  for (const subpacket of signature.unknownSubpackets) {
    if (subpacket.type === INTENDED_RECIPIENT) subpacket.critical = false;
  }
}

async function check(
  signature: SignaturePacket,
  plaintext: Uint8Array,
  key: Key,
  part: Key | Subkey,
  now: Millis,
): Promise<BadSignature | null> {
  const createdAt = madeAt(signature);
  const date = withSkew(now, createdAt);
  if (createdAt > date.getTime()) return 'from-the-future';
  // Both are there in every signature that was read.
  if (strict.rejectMessageHashAlgorithms.has(signature.hashAlgorithm as enums.hash)) return 'weak-hash';
  const type = signature.signatureType as enums.signature;
  if (!(await verifies(signature, part.keyPacket, type, literal(plaintext), null, strict)))
    return 'does-not-match';
  if (signature.isExpired(date)) return 'expired';
  if (part.getCreationTime().getTime() > createdAt) return 'signer-key';
  const couldSign = (at: Date): Promise<boolean> =>
    key.getSigningKey(part.getKeyID(), at, undefined, strict).then(
      () => true,
      () => false,
    );
  // Valid when it signed, or valid today: a certificate renewed since carries only its newer self-signature.
  return (await couldSign(new Date(createdAt))) || (await couldSign(date)) ? null : 'signer-key';
}

/**
 * Checks the signatures over one plaintext against candidate certificates. One good signature is enough, as each covers the whole;
 * the first good one is reported. Each candidate is tried alone, so that a certificate that borrows another's key id hides nothing.
 * Never throws.
 */
export async function verifySignatures(
  signatures: readonly SignaturePacket[],
  plaintext: Uint8Array,
  candidates: readonly Certificate[],
  now: Millis,
): Promise<SignatureResult> {
  let bad: BadSignature | null = null;
  let unknown: string | null = null;
  for (const signature of signatures) {
    acceptIntendedRecipients(signature);
    let tried = false;
    const keyId = signature.issuerKeyID.toHex().toUpperCase();
    for (const candidate of candidates) {
      if (!candidate.keyIds.includes(keyId)) continue;
      const key = await parsedPublic(candidate.bytes).catch(() => null);
      const part = key?.getKeys().find((some) => some.getKeyID().equals(signature.issuerKeyID));
      if (!key || !part) continue;
      tried = true;
      const why = await check(signature, plaintext, key, part, now);
      if (why === null) {
        return {
          kind: 'good',
          fingerprint: candidate.fingerprint,
          signedAt: madeAt(signature),
          intendedRecipients: intendedRecipients(signature),
        };
      }
      bad ??= why;
    }
    if (!tried) unknown ??= keyId;
  }
  if (bad !== null) return { kind: 'bad', why: bad };
  return unknown === null ? { kind: 'none' } : { kind: 'unknown-key', keyId: unknown };
}
