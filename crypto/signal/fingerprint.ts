import { Aci, Fingerprint, PublicKey, ScannableFingerprint } from '@signalapp/libsignal-client';
import type { Judgement } from '../../shared/lane/compare.ts';
import type { Work } from '../../shared/lane/state.ts';
import { isAci, type ServiceId } from './address.ts';
import { identityKey, type Own } from './identity.ts';
import { unshared } from './unshared.ts';

/** Rounds of hashing that Signal's own programs use, and their version of what is hashed: service ids, not phone numbers. */
const ITERATIONS = 5_200;
const VERSION = 2;

/** What both sides compare: 60 digits, and a code that either scans from the other. */
export interface SafetyNumber {
  readonly digits: string;
  /** What my QR code holds: libsignal's `ScannableFingerprint`. */
  readonly code: Uint8Array;
  /** What their code says. Never throws; what libsignal cannot compare is `unreadable`. */
  judge(code: Uint8Array): Judgement;
}

/**
 * The safety number with somebody. Null while the other's key is not known, and for a phone number's identity, which nobody compares.
 * @throws PlainsealError from the unit of work alone.
 */
export async function safetyNumber(
  own: Own,
  service: ServiceId,
  work: Pick<Work, 'get'>,
): Promise<SafetyNumber | null> {
  if (!isAci(service)) return null;
  const known = await work.get(identityKey('ACI', service));
  if (known === null) return null;
  const fingerprint = Fingerprint.new(
    ITERATIONS,
    VERSION,
    binary(own.aci.service),
    own.aci.pair.publicKey,
    binary(service),
    PublicKey.deserialize(unshared(known)),
  );
  const mine = fingerprint.scannableFingerprint();
  const code = mine.toBuffer();
  return {
    digits: fingerprint.displayableFingerprint().toString(),
    code,
    judge(theirs) {
      // My own code, which only a mirror or a copy can show me, proves nothing about the other side.
      if (Buffer.compare(theirs, code) === 0) return 'own';
      try {
        return mine.compare(scannable(theirs)) ? 'match' : 'differs';
      } catch {
        return 'unreadable';
      }
    },
  };
}

/** Bytes as libsignal compares them. libsignal offers no other way in: the name is its own. */
export const scannable = (code: Uint8Array): ScannableFingerprint =>
  // oxlint-disable-next-line no-underscore-dangle
  ScannableFingerprint._fromBuffer(unshared(code));

const binary = (service: ServiceId): Uint8Array<ArrayBuffer> =>
  Aci.parseFromServiceIdString(service).getServiceIdBinary();
