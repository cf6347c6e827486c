import { config } from 'openpgp';
import type { Millis } from '../../shared/ids.ts';
import type { Exposure, SecurityFacts } from '../../shared/label/facts.ts';

/** `OpenPGP.js 6.3.2` in the library's own words. */
const version = config.versionString.replace(/^\D*/, '');

/**
 * What OpenPGP gives one path.
 *
 * - No forward secrecy and no recovery: one long-lived key opens everything ever sent to it (RFC 9580 §13 promises neither).
 * - No key of a third party is involved: sealed to certificates of the members only, whose secret halves never leave them.
 * - Not post-quantum: 6.3.2 knows X25519, X448, NIST and Brainpool curves and RSA.
 * - Review: none that covers what runs here. Cure53 reviewed OpenPGP.js twice (README of 6.3.2, "Security Audit"), both times before version 6,
 *   and nobody outside has reviewed this engine's own packets and AES-OCB (envelope.ts, ocb.ts, seipd2.ts, verify.ts).
 *
 * @param options.authenticated whether the sender is proven by a signature: always of what we seal, of what we opened once it verified.
 */
export function openpgpFacts(options: {
  readonly asOf: Millis;
  readonly by: 'message' | 'certificate';
  readonly authenticated: boolean;
  readonly exposed: readonly Exposure[];
}): SecurityFacts {
  const { asOf, by } = options;
  return {
    endToEnd: { is: true, asOf, by },
    otherKeyHolders: { is: [], asOf, by },
    forwardSecrecy: { is: { withinMs: 'never' }, asOf, by },
    recovery: { is: { withinMs: 'never' }, asOf, by },
    postQuantum: { is: 'none', asOf, by },
    authenticated: { is: options.authenticated, asOf, by },
    exposed: { is: options.exposed, asOf, by },
    engine: { is: { name: 'openpgp.js', version, review: 'unaudited' }, asOf, by },
  };
}

/** Of a path without a certificate that can be used: nothing is known, so nothing counts as good. */
export const unknownFacts: SecurityFacts = {
  endToEnd: 'unknown',
  otherKeyHolders: 'unknown',
  forwardSecrecy: 'unknown',
  recovery: 'unknown',
  postQuantum: 'unknown',
  authenticated: 'unknown',
  exposed: 'unknown',
  engine: 'unknown',
};
