import { Aci } from '@signalapp/libsignal-client';
import { ProfileKey } from '@signalapp/libsignal-client/zkgroup.js';
import { generateAccessKeyVerifier } from '@signalapp/mock-server/src/crypto.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accessKeyOf, provesAccess } from './access-key.ts';
import type { ServiceId } from './address.ts';
import { profileVersionOf } from './profile-version.ts';
import { usernameHash } from './username.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('a profile', () => {
  it('has the version that libsignal derives', () => {
    fc.assert(
      fc.property(key, fc.uuid(), (bytes, uuid) => {
        const expected = new ProfileKey(Uint8Array.from(bytes)).getProfileKeyVersion(Aci.fromUuid(uuid));
        expect(profileVersionOf(bytes, uuid as ServiceId)).toBe(expected.toString());
        expect(profileVersionOf(bytes, uuid as ServiceId)).toMatch(/^[0-9a-f]{64}$/);
      }),
      { numRuns: 30 },
    );
  });

  it('has none for what is no key, or no account', () => {
    const uuid = '11111111-1111-4111-8111-111111111111' as ServiceId;
    expect(profileVersionOf(new Uint8Array(31), uuid)).toBeNull();
    expect(profileVersionOf(new Uint8Array(0), uuid)).toBeNull();
    expect(profileVersionOf(new Uint8Array(32), `PNI:${uuid}` as ServiceId)).toBeNull();
    expect(profileVersionOf(new Uint8Array(32), '' as ServiceId)).toBeNull();
  });

  it('proves its access key, and no other', () => {
    fc.assert(
      fc.property(key, key, (mine, other) => {
        const proof = generateAccessKeyVerifier(Buffer.from(accessKeyOf(mine)));
        expect(provesAccess(accessKeyOf(mine), proof)).toBe(true);
        expect(provesAccess(accessKeyOf(other), proof)).toBe(Buffer.compare(mine, other) === 0);
        expect(provesAccess(accessKeyOf(mine), proof.subarray(1))).toBe(false);
        expect(provesAccess(accessKeyOf(mine), new Uint8Array(0))).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a username', () => {
  it('is asked for by its hash', () => {
    expect(Buffer.from(usernameHash('hello.42') ?? []).toString('hex')).toBe(
      'dc04e1f73941f1bae875584e691e43489da2418c8855b02016c39c1d47b31c25',
    );
    // However it is written.
    expect(usernameHash('HeLLo.42')).toEqual(usernameHash('hello.42'));
  });

  it('that cannot be one is not asked for', () => {
    for (const name of ['', 'hello', '.42', 'hello.', 'hello.0', 'h\u00e9llo.42', `${'a'.repeat(90)}.42`])
      expect(usernameHash(name)).toBeNull();
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (name) => {
        const hash = usernameHash(name);
        if (hash !== null) expect(hash).toHaveLength(32);
      }),
    );
  });
});
