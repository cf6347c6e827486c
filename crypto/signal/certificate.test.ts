import { describe, expect, test } from 'vitest';
import { certificateHolds } from './certificate.ts';
import type { Own } from './identity.ts';
import { createAuthority, createRawParty } from './test/raw-party.ts';

const NOW = 1_000_000;

describe('a certificate', () => {
  const authority = createAuthority();
  const own = { trustRoots: [createAuthority().root, authority.root] } as unknown as Own;
  const alice = createRawParty();
  const certify = (by = authority, expiresAt = NOW) =>
    by.certify({ ...alice, key: alice.identity.publicKey, expiresAt });

  test('holds until its time is over, however often it was seen before', () => {
    const certificate = certify();
    expect(certificateHolds(own, certificate, NOW)).toBe(true);
    expect(certificateHolds(own, certificate, NOW)).toBe(true);
    expect(certificateHolds(own, certificate, NOW + 1)).toBe(false);
    expect(certificate.validateWithTrustRoots([...own.trustRoots], NOW + 1)).toBe(false);
    expect(certificateHolds(own, certificate, NOW - 1)).toBe(true);
  });

  test('that is not signed under a root is never remembered as good', () => {
    const forged = certify(createAuthority());
    expect(certificateHolds(own, forged, NOW)).toBe(false);
    expect(certificateHolds(own, forged, NOW)).toBe(false);
  });

  test('of one account says nothing to another with other roots', () => {
    const certificate = certify();
    expect(certificateHolds(own, certificate, NOW)).toBe(true);
    expect(
      certificateHolds({ trustRoots: [createAuthority().root] } as unknown as Own, certificate, NOW),
    ).toBe(false);
  });

  test('is forgotten among many, and found good again', () => {
    const certificate = certify();
    certificateHolds(own, certificate, NOW);
    for (let n = 0; n < 600; n += 1) certificateHolds(own, certify(authority, NOW + n), NOW);
    expect(certificateHolds(own, certificate, NOW)).toBe(true);
  });
});
