import { hkdf, PrivateKey, PublicKey } from '@signalapp/libsignal-client';
import { encryptProvisionMessage } from '@signalapp/mock-server/src/crypto.js';
import fc from 'fast-check';
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { createProvisioningKeys } from './provisioning.ts';

type TheirKey = Parameters<typeof encryptProvisionMessage>[1];

/** As a phone seals it, apart from what opens it. */
function sealed(
  message: Uint8Array,
  to: Uint8Array,
  of: { readonly version?: number; readonly padding?: boolean } = {},
): { publicKey: Uint8Array; body: Uint8Array } {
  const { version = 1, padding = true } = of;
  const key = PrivateKey.generate();
  const info = Uint8Array.from(Buffer.from('TextSecure Provisioning Message'));
  const keys = hkdf(64, key.agree(PublicKey.deserialize(Uint8Array.from(to))), info, null);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', keys.subarray(0, 32), iv).setAutoPadding(padding);
  const head = Buffer.concat([Uint8Array.of(version), iv, cipher.update(message), cipher.final()]);
  const mac = createHmac('sha256', keys.subarray(32)).update(head).digest();
  return { publicKey: key.getPublicKey().serialize(), body: Uint8Array.from([...head, ...mac]) };
}

describe('what a phone seals for a QR code', () => {
  it('opens under its keys, and under no others', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (message) => {
        const keys = createProvisioningKeys();
        const envelope = sealed(message, keys.publicKey);
        expect(keys.open(envelope)).toEqual(Uint8Array.from(message));
        expect(createProvisioningKeys().open(envelope)).toBeNull();
      }),
      { numRuns: 50 },
    );
  });

  it('opens as Signal’s own mock server seals it', () => {
    const keys = createProvisioningKeys();
    // The mock server has a libsignal of its own, whose keys are other objects.
    const require = createRequire(import.meta.resolve('@signalapp/mock-server'));
    const theirs = require('@signalapp/libsignal-client') as {
      readonly PublicKey: { deserialize(bytes: Uint8Array): TheirKey };
    };
    const publicKey = theirs.PublicKey.deserialize(Uint8Array.from(keys.publicKey));
    const { body, ephemeralKey } = encryptProvisionMessage(Buffer.from('a message'), publicKey);
    expect(keys.open({ publicKey: ephemeralKey, body })).toEqual(Uint8Array.from(Buffer.from('a message')));
  });

  it('that was changed anywhere does not open', () => {
    const keys = createProvisioningKeys();
    const { publicKey, body } = sealed(new Uint8Array(100), keys.publicKey);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(body);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(keys.open({ publicKey, body: changed })).toBeNull();
        expect(keys.open({ publicKey, body: body.subarray(0, at) })).toBeNull();
      }),
    );
  });

  it('of another version, padded wrongly, too large, or under what is no key does not open', () => {
    const keys = createProvisioningKeys();
    const good = sealed(new Uint8Array(32), keys.publicKey);
    for (const envelope of [
      sealed(new Uint8Array(32), keys.publicKey, { version: 0 }),
      sealed(new Uint8Array(32), keys.publicKey, { version: 2 }),
      sealed(new Uint8Array(32), keys.publicKey, { padding: false }),
      sealed(new Uint8Array(70_000), keys.publicKey),
      { ...good, publicKey: Uint8Array.of(5, 1, 2) },
      { ...good, publicKey: new Uint8Array(33) },
      { ...good, body: new Uint8Array(0) },
    ])
      expect(keys.open(envelope)).toBeNull();
    expect(keys.open(good)).toEqual(new Uint8Array(32));
  });

  it('of any bytes does not open', () => {
    const keys = createProvisioningKeys();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 300 }), (publicKey, rest) => {
        expect(keys.open({ publicKey, body: Uint8Array.of(1, ...rest) })).toBeNull();
      }),
    );
  });
});
