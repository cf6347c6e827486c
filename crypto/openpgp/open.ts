import { decryptSessionKeys, readMessage, type PrivateKey } from 'openpgp';
import type { Millis } from '../../shared/ids.ts';
import type { Certificate, Fingerprint } from './certificate.ts';
import { openBody, type Content, type SessionKey } from './content.ts';
import {
  defaultLimits,
  packetFacts,
  readEnvelope,
  refused,
  type Envelope,
  type OpenLimits,
  type OpenRefusal,
  type PacketFacts,
  type Refused,
} from './envelope.ts';
import type { OwnKey } from './keys.ts';
import { parsedPrivate } from './parsed.ts';
import { signerHints, verifySignatures, type SignatureResult, type SignerHint } from './verify.ts';

export type { OpenLimits, OpenRefusal, PacketFacts, SignatureResult, SignerHint };

/** Opened, with its signature not checked yet: nothing of it may be shown as coming from anybody. */
export interface Decrypted {
  readonly kind: 'decrypted';
  readonly plaintext: Uint8Array;
  /** Who it claims to be signed by; [] for an unsigned message. */
  readonly signers: readonly SignerHint[];
  readonly facts: PacketFacts;
  /** Which of our keys opened it; null for a password. */
  readonly openedBy: Fingerprint | null;
  /** Checks the signature against the certificates found for {@link signers}. A signature meant for others refuses the message. */
  verify(candidates: readonly Certificate[], now: Millis): Promise<Opened | Refused>;
}

export interface Opened {
  readonly kind: 'opened';
  readonly plaintext: Uint8Array;
  readonly signature: SignatureResult;
  readonly facts: PacketFacts;
  readonly openedBy: Fingerprint | null;
}

/** Makes the value both ways of opening return. `own` is empty for a password, where intended recipients name nobody we could be. */
export function decrypted(
  content: Content,
  facts: PacketFacts,
  openedBy: Fingerprint | null,
  own: readonly Fingerprint[],
): Decrypted {
  const { plaintext, signatures } = content;
  return {
    kind: 'decrypted',
    plaintext,
    signers: signerHints(signatures),
    facts,
    openedBy,
    async verify(candidates, now) {
      const signature = await verifySignatures(signatures, plaintext, candidates, now);
      if (signature.kind === 'good' && signature.intendedRecipients !== null) {
        // The signer sealed it for somebody else, who sealed it again for us (RFC 9580 §5.2.3.36): surreptitious forwarding.
        if (!signature.intendedRecipients.some((fingerprint) => own.includes(fingerprint))) {
          return refused('not-for-us');
        }
      }
      return { kind: 'opened', plaintext, signature, facts, openedBy };
    },
  };
}

/** Our keys a session-key packet may be for. A hidden recipient may be any of them. */
function keysFor(keyId: string | null, own: readonly OwnKey[]): readonly OwnKey[] {
  return keyId === null ? own : own.filter((key) => key.certificate.keyIds.includes(keyId));
}

async function sessionKeysOf(raw: Uint8Array, key: PrivateKey): Promise<readonly SessionKey[]> {
  try {
    const message = await readMessage({ binaryMessage: raw });
    return await decryptSessionKeys({ message, decryptionKeys: key });
  } catch {
    return [];
  }
}

async function openWithKeys(
  envelope: Envelope,
  own: readonly OwnKey[],
  limits: OpenLimits,
): Promise<Decrypted | Refused> {
  const fingerprints = own.map((key) => key.certificate.fingerprint);
  let had = false;
  // Named recipients first: a hidden one costs a try with every key.
  const named = envelope.publicKey.filter(({ keyId }) => keyId !== null);
  const hidden = envelope.publicKey.filter(({ keyId }) => keyId === null);
  for (const { raw, keyId } of [...named, ...hidden]) {
    for (const key of keysFor(keyId, own)) {
      const secret = await parsedPrivate(key.secret);
      for (const sessionKey of await sessionKeysOf(raw, secret)) {
        had = true;
        const content = await openBody(envelope, sessionKey, limits);
        if (content === 'wrong-key') continue;
        if (typeof content === 'string') return refused(content);
        return decrypted(
          content,
          packetFacts(envelope, sessionKey.algorithm),
          key.certificate.fingerprint,
          fingerprints,
        );
      }
    }
  }
  return refused(had ? 'damaged' : 'not-for-us');
}

/**
 * Opens an armored message with our keys, without judging its signature: first step of two, for callers that find the sender's certificate
 * inside (Autocrypt). Never throws on bad input.
 * @throws Error only when an own key does not parse: the database is damaged.
 */
export async function decryptMessage(
  armored: Uint8Array,
  own: readonly OwnKey[],
  limits: OpenLimits = defaultLimits,
): Promise<Decrypted | Refused> {
  const envelope = readEnvelope(armored, limits);
  if (envelope.kind === 'refused') return envelope;
  return openWithKeys(envelope, own, limits);
}

/**
 * Opens and verifies in one go.
 * @param options.candidates finds certificates that may have signed; it is given the plaintext because the certificate may be inside. What
 *   it returns is only tried: a signature is good only where it verifies.
 */
export async function openMessage(options: {
  readonly armored: Uint8Array;
  readonly own: readonly OwnKey[];
  readonly candidates: (
    signers: readonly SignerHint[],
    plaintext: Uint8Array,
  ) => Promise<readonly Certificate[]>;
  readonly now: Millis;
  readonly limits?: OpenLimits;
}): Promise<Opened | Refused> {
  const opened = await decryptMessage(options.armored, options.own, options.limits);
  if (opened.kind === 'refused') return opened;
  const candidates = await options.candidates(opened.signers, opened.plaintext);
  return opened.verify(candidates, options.now);
}
