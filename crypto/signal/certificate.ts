import type { PublicKey, SenderCertificate } from '@signalapp/libsignal-client';
import type { Millis } from '../../shared/ids.ts';
import type { Own } from './identity.ts';

/** Certificates remembered; somebody who writes a lot comes with the same one all day. */
const MAX_REMEMBERED = 500;

// Two signatures are two thirds of what taking off sealed sender costs. Signatures do not run out, so those of a certificate that
// was found good are not looked at twice; its time always is. Bad ones are not remembered.
const signed = new WeakMap<readonly PublicKey[], Map<string, Millis>>();

/** Whether a sealed sender's certificate is signed under one of the trust roots, and held when the server took the envelope in. */
export function certificateHolds(
  { trustRoots }: Own,
  certificate: SenderCertificate,
  serverAt: Millis,
): boolean {
  const known = signed.get(trustRoots) ?? new Map<string, Millis>();
  signed.set(trustRoots, known);
  const name = Buffer.from(certificate.serialize()).toString('base64');
  const until = known.get(name);
  // libsignal's own comparison: not after its end.
  if (until !== undefined) return serverAt <= until;
  if (!certificate.validateWithTrustRoots([...trustRoots], serverAt)) return false;
  known.set(name, certificate.expiration());
  const [oldest] = known.keys();
  if (known.size > MAX_REMEMBERED && oldest !== undefined) known.delete(oldest);
  return true;
}
