import { peerId, type Millis } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { Exposure, HoldReason, SecurityFacts, Trust } from '../../shared/label/facts.ts';
import type { Work } from '../../shared/lane/state.ts';
import {
  encryptionFault,
  readCertificate,
  type Certificate,
  type EncryptionFault,
  type Fingerprint,
} from './certificate.ts';
import { openpgpFacts, unknownFacts } from './facts.ts';
import { candidatesFor, ownKey, ownKeys, peerCertificate, type Reads } from './keyring.ts';
import type { OwnKey } from './keys.ts';
import { mergeCertificates } from './merge.ts';
import {
  decryptMessage,
  type Decrypted,
  type OpenLimits,
  type OpenRefusal,
  type SignatureResult,
} from './open.ts';
import { seal, type SealFacts } from './seal.ts';

/** Somebody to seal for, and what is known of whether it is really them. */
export interface Recipient {
  readonly fingerprint: Fingerprint;
  readonly trust: Trust;
}

export type SealedMail =
  | {
      readonly kind: 'sealed';
      readonly armored: Uint8Array;
      readonly facts: SealFacts;
      readonly evidence: Evidence;
    }
  | { readonly kind: 'refused'; readonly why: 'no-own-key' | 'cannot-sign' | 'too-many-recipients' }
  | { readonly kind: 'refused'; readonly why: 'no-certificate'; readonly fingerprint: Fingerprint }
  | {
      readonly kind: 'refused';
      readonly why: 'unusable-certificate';
      readonly fingerprint: Fingerprint;
      readonly fault: EncryptionFault;
    };

/**
 * Seals one message to peers and to ourselves, with the certificates in the keyring. All or nothing: a peer without a usable
 * certificate refuses the whole.
 * @param options.to [] seals to ourselves alone.
 * @param options.exposed what the caller leaves visible outside; [] when every header that speaks of content is inside.
 */
export async function sealFor(
  work: Reads,
  options: {
    readonly plaintext: Uint8Array;
    readonly to: readonly Recipient[];
    readonly hideRecipients: boolean;
    readonly compress?: boolean;
    readonly exposed?: readonly Exposure[];
    readonly now: Millis;
  },
): Promise<SealedMail> {
  const { now, to } = options;
  const from = await ownKey(work, now);
  if (!from) return { kind: 'refused', why: 'no-own-key' };
  const certificates: Certificate[] = [];
  for (const { fingerprint } of to) {
    const self = fingerprint === from.certificate.fingerprint;
    const certificate = self ? from.certificate : await peerCertificate(work, fingerprint, now);
    if (!certificate) return { kind: 'refused', why: 'no-certificate', fingerprint };
    certificates.push(certificate);
  }
  const { plaintext, hideRecipients, compress = false } = options;
  const sealed = await seal({ plaintext, from, to: certificates, hideRecipients, compress, now });
  if (sealed.kind === 'refused') return sealed;
  const exposed = options.exposed ?? [];
  return {
    ...sealed,
    evidence: {
      how: 'sealed-here',
      at: now,
      facts: [openpgpFacts({ asOf: now, by: 'message', authenticated: true, exposed })],
      details: [
        { name: 'suite', value: suite(sealed.facts) },
        { name: 'own-key', value: from.certificate.fingerprint },
        ...to.map(({ fingerprint }) => ({ name: 'peer-key' as const, value: fingerprint })),
        { name: 'hidden-recipients', value: hideRecipients ? 'yes' : 'no' },
      ],
      to: to.map(({ fingerprint, trust }) => ({
        peer: peerId('email', fingerprint),
        key: fingerprint,
        trust,
      })),
    },
  };
}

function suite(facts: {
  readonly seipd: 1 | 2;
  readonly cipher: string;
  readonly aead: string | null;
}): string {
  return `OpenPGP SEIPDv${facts.seipd} ${facts.cipher}${facts.aead ? ` ${facts.aead}` : ''}`;
}

/** What the caller found when it parsed the plaintext: unproven, used to find the signer's certificate and to state what was visible. */
export interface Examined {
  /** Certificates delivered inside (Autocrypt), binary. Only tried; keeping one is a later step of the caller's. */
  readonly certificates: readonly Uint8Array[];
  readonly exposed: readonly Exposure[];
}

export type OpenedMail =
  | {
      readonly kind: 'opened';
      readonly plaintext: Uint8Array;
      readonly signature: Extract<SignatureResult, { kind: 'good' }>;
      /** The certificate that verified it: from the keyring, or as it came inside the message. */
      readonly certificate: Certificate;
      readonly evidence: Evidence;
    }
  /** Encrypted to us, but nobody is proven to have written it. Never shown as from anybody. */
  | {
      readonly kind: 'unproven';
      readonly plaintext: Uint8Array;
      readonly signature: Exclude<SignatureResult, { kind: 'good' }>;
    }
  | { readonly kind: 'refused'; readonly why: OpenRefusal };

/**
 * Opens an armored message with our keys and verifies it.
 * @param options.trustOf what is known of a signer, for the evidence.
 * @throws Error only when an own key does not parse: the database is damaged.
 */
export async function openMail(
  work: Work,
  options: {
    readonly armored: Uint8Array;
    readonly examine: (plaintext: Uint8Array) => Promise<Examined>;
    readonly trustOf: (fingerprint: Fingerprint) => Promise<Trust>;
    readonly limits?: OpenLimits;
    readonly now: Millis;
  },
): Promise<OpenedMail> {
  const own = await ownKeys(work, options.now);
  const decrypted = await decryptMessage(options.armored, own, options.limits);
  if (decrypted.kind === 'refused') return decrypted;
  return verifyMail(work, decrypted, { ...options, own, judgedAt: options.now });
}

/**
 * Second half of {@link openMail}, also for what a password opened (SecureJoin, channels): finds the signer's certificate in the keyring, among
 * our own keys and in the message, and makes the evidence.
 * @param options.judgedAt when signatures and keys are judged: the latest moment that it is known to be by now, by any clock but the signer's.
 */
export async function verifyMail(
  work: Work,
  decrypted: Decrypted,
  options: {
    readonly examine: (plaintext: Uint8Array) => Promise<Examined>;
    readonly trustOf: (fingerprint: Fingerprint) => Promise<Trust>;
    readonly own: readonly OwnKey[];
    readonly now: Millis;
    readonly judgedAt: Millis;
  },
): Promise<OpenedMail> {
  const { now, judgedAt, own } = options;
  const { certificates, exposed } = await options.examine(decrypted.plaintext);
  const known = await candidatesFor(work, decrypted.signers, judgedAt);
  const candidates = new Map(
    [...known, ...own.map((key) => key.certificate)].map((certificate) => [
      certificate.fingerprint,
      certificate,
    ]),
  );
  let opened = await decrypted.verify([...candidates.values()], judgedAt);
  if (opened.kind === 'opened' && opened.signature.kind !== 'good' && certificates.length > 0) {
    for (const bytes of certificates) await addDelivered(work, candidates, bytes, judgedAt);
    opened = await decrypted.verify([...candidates.values()], judgedAt);
  }
  if (opened.kind === 'refused') return opened;
  const { plaintext, signature, facts } = opened;
  if (signature.kind !== 'good') return { kind: 'unproven', plaintext, signature };
  const { fingerprint } = signature;
  const trust = await options.trustOf(fingerprint);
  return {
    kind: 'opened',
    plaintext,
    signature,
    certificate: candidates.get(fingerprint) as Certificate,
    evidence: {
      how: 'opened-here',
      at: now,
      facts: [openpgpFacts({ asOf: now, by: 'message', authenticated: true, exposed })],
      details: [
        { name: 'suite', value: suite(facts) },
        ...(opened.openedBy === null ? [] : [{ name: 'own-key' as const, value: opened.openedBy }]),
        { name: 'peer-key', value: fingerprint },
        { name: 'hidden-recipients', value: facts.hidden ? 'yes' : 'no' },
      ],
      from: { peer: peerId('email', fingerprint), key: fingerprint, trust, proof: 'signature' },
    },
  };
}

/**
 * Adds a certificate that came inside the message. Where one is known it is merged in, never put in its place: the copy inside may renew
 * an expired key, and must not undo a revocation.
 */
async function addDelivered(
  work: Reads,
  candidates: Map<Fingerprint, Certificate>,
  bytes: Uint8Array,
  now: Millis,
): Promise<void> {
  const read = await readCertificate(bytes, now);
  if (read.kind === 'refused') return;
  const { certificate } = read;
  const { fingerprint } = certificate;
  const known = candidates.get(fingerprint) ?? (await peerCertificate(work, fingerprint, now));
  const joined = known ? await mergeCertificates(known, certificate, now) : read;
  if (joined.kind === 'certificate') candidates.set(fingerprint, joined.certificate);
}

/** What the next message to these peers would be; `hold` says that it would not be sent at all. */
export interface MailForecast {
  readonly facts: readonly SecurityFacts[];
  readonly hold: Extract<HoldReason, 'no-key'> | null;
}

/**
 * The facts of the next send, one entry for each peer (and one for ourselves alone when there is none). A certificate that is missing, expired,
 * revoked or too weak makes them unknown and holds.
 */
export async function forecast(
  work: Pick<Work, 'get' | 'scan'>,
  to: readonly Fingerprint[],
  now: Millis,
  exposed: readonly Exposure[] = [],
): Promise<MailForecast> {
  const usable = async (certificate: Certificate | null | undefined): Promise<boolean> =>
    certificate ? (await encryptionFault(certificate, now)) === null : false;
  const me = (await ownKey(work, now))?.certificate;
  const own = await usable(me);
  const good = openpgpFacts({ asOf: now, by: 'certificate', authenticated: true, exposed });
  const facts: SecurityFacts[] = [];
  for (const fingerprint of to) {
    const certificate = fingerprint === me?.fingerprint ? me : await peerCertificate(work, fingerprint, now);
    facts.push((await usable(certificate)) ? good : unknownFacts);
  }
  if (to.length === 0) facts.push(own ? good : unknownFacts);
  const held = !own || facts.includes(unknownFacts);
  return { facts, hold: held ? 'no-key' : null };
}
