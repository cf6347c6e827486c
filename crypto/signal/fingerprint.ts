import { Aci, Fingerprint, PublicKey } from '@signalapp/libsignal-client';
import type { Work } from '../../shared/lane/state.ts';
import { isAci, type ServiceId } from './address.ts';
import { identityKey, type Own } from './identity.ts';
import { unshared } from './unshared.ts';

/** Rounds of hashing that Signal's own programs use, and their version of what is hashed: service ids, not phone numbers. */
const ITERATIONS = 5_200;
const VERSION = 2;

/**
 * The 60 digits that both sides see. Null while the other's key is not known, and for a phone number's identity, which nobody compares.
 * @throws PlainsealError from the unit of work alone.
 */
export async function safetyNumber(
  own: Own,
  service: ServiceId,
  work: Pick<Work, 'get'>,
): Promise<string | null> {
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
  return fingerprint.displayableFingerprint().toString();
}

const binary = (service: ServiceId): Uint8Array<ArrayBuffer> =>
  Aci.parseFromServiceIdString(service).getServiceIdBinary();
