import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeManifest, joinManifest, readManifest, signedBytes, type UpdateManifest } from './manifest.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const NOW = 1_790_000_000_000;
const manifest: UpdateManifest = {
  channel: 'stable',
  version: '1.2.3',
  issuedAt: NOW,
  expiresAt: NOW + 86_400_000,
  share: 100,
  files: { 'appimage-x64': { name: 'plainseal-1.2.3.AppImage', size: 7, sha256: '0'.repeat(64) } },
};
const signBody = (body: Uint8Array): Buffer => joinManifest(sign(null, signedBytes(body), privateKey), body);
const sent = signBody(encodeManifest(manifest));
const reasonFor = (bytes: Uint8Array): string => {
  const read = readManifest(bytes, publicKey);
  return read.kind === 'refused' ? read.reason : read.kind;
};

describe('a manifest', () => {
  it('is read under its key', () => {
    expect(readManifest(sent, publicKey)).toEqual({ kind: 'manifest', manifest });
  });
  it('is nothing under another key, or a key of another kind', () => {
    const stranger = generateKeyPairSync('ed25519').publicKey;
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    for (const key of [stranger, curve])
      expect(readManifest(sent, key)).toEqual({ kind: 'refused', reason: 'unsigned' });
  });
  it('is nothing with one bit changed, wherever', () => {
    fc.assert(
      fc.property(fc.nat(sent.length - 1), fc.nat(7), (at, bit) => {
        const changed = Buffer.from(sent);
        changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
        // The last two letters of base64 hold bits that stand for nothing: those change no signature.
        const same = Buffer.from(changed.toString('latin1', 0, 88), 'base64').equals(
          Buffer.from(sent.toString('latin1', 0, 88), 'base64'),
        );
        if (!same || at >= 88) expect(reasonFor(changed)).toBe('unsigned');
      }),
      { numRuns: 500 },
    );
  });
  it('is nothing without a signature, cut, longer, or with a signature of something else by the same key', () => {
    const body = encodeManifest(manifest);
    const sums = sign(null, body, privateKey);
    for (const bytes of [
      body,
      sent.subarray(0, -1),
      Buffer.concat([sent, Buffer.from(' ')]),
      joinManifest(sums, body),
      Buffer.alloc(0),
    ])
      expect(reasonFor(bytes)).toBe('unsigned');
    expect(reasonFor(Buffer.concat([sent, Buffer.alloc(65_536)]))).toBe('too-large');
  });
  it.each([
    { channel: 'nightly' },
    { version: '1.2' },
    { version: '1.2.3+x' },
    { share: 101 },
    { share: 0.5 },
    { issuedAt: -1 },
    { expiresAt: NOW },
    { expiresAt: NOW + 100 * 86_400_000 },
    { files: { 'appimage-x64': { name: '../x', size: 7, sha256: '0'.repeat(64) } } },
    { files: { 'appimage-x64': { name: 'https://x', size: 7, sha256: '0'.repeat(64) } } },
    { files: { 'appimage-x64': { name: 'x', size: 0, sha256: '0'.repeat(64) } } },
    { files: { 'appimage-x64': { name: 'x', size: 7, sha256: 'A'.repeat(64) } } },
  ])('that is signed and says %j is malformed', (change) => {
    expect(reasonFor(signBody(Buffer.from(JSON.stringify({ ...manifest, ...change }))))).toBe('malformed');
  });
  it('of a later version may say more; what is not known is passed over', () => {
    const files = { ...manifest.files, later: { name: 'x', size: 7, sha256: '0'.repeat(64), more: 1 } };
    const read = readManifest(
      signBody(Buffer.from(JSON.stringify({ ...manifest, files, run: 'this' }))),
      publicKey,
    );
    expect(read.kind === 'manifest' && Object.hasOwn(read.manifest, 'run')).toBe(false);
    expect(read.kind === 'manifest' && read.manifest.files['appimage-x64']).toEqual(
      manifest.files['appimage-x64'],
    );
  });
  it('that is signed noise never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (noise) => {
          expect(reasonFor(signBody(noise))).toBe('malformed');
          expect(['unsigned', 'malformed']).toContain(reasonFor(noise));
        },
      ),
    );
  });
  it('is not made of what nobody would take', () => {
    expect(() => encodeManifest({ ...manifest, version: 'next' })).toThrow('Invalid');
  });
});
