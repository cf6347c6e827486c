import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checksums, isSigned, signBytes } from './checksums.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainseal-sums-'));
  for (const name of ['b.deb', 'a.rpm']) writeFileSync(join(folder, name), name);
});
afterAll(() => rmSync(folder, { recursive: true }));

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const bytes = Buffer.from('sums');

describe('a signature', () => {
  it('is of one key over one text', () => {
    const signature = signBytes(bytes, privateKey);
    expect(isSigned(bytes, signature, publicKey)).toBe(true);
    expect(isSigned(Buffer.from('sumt'), signature, publicKey)).toBe(false);
    expect(isSigned(bytes, signature.subarray(1), publicKey)).toBe(false);
    expect(isSigned(bytes, signature, generateKeyPairSync('ed25519').publicKey)).toBe(false);
  });
  it('is made with no other kind of key', () => {
    expect(() => signBytes(bytes, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)).toThrow(
      'Ed25519',
    );
  });
});

// By the programs with which people check a release on Linux; those of other systems take other options.
if (process.platform === 'linux')
  describe('a release', () => {
    it('has sums that sha256sum reads', async () => {
      const text = await checksums([join(folder, 'b.deb'), join(folder, 'a.rpm')]);
      expect(text.split('\n').map((line) => line.slice(66))).toEqual(['a.rpm', 'b.deb', '']);
      const check = () =>
        spawnSync('sha256sum', ['--check', '--strict', '-'], { cwd: folder, input: text }).status;
      expect(check()).toBe(0);
      writeFileSync(join(folder, 'b.deb'), 'changed');
      expect(check()).not.toBe(0);
    });
    it('has a signature that OpenSSL reads', () => {
      const files = {
        key: join(folder, 'key.pem'),
        text: join(folder, 'SHA256SUMS'),
        signature: join(folder, 'SHA256SUMS.sig'),
      };
      writeFileSync(files.key, publicKey.export({ type: 'spki', format: 'pem' }));
      writeFileSync(files.text, bytes);
      writeFileSync(files.signature, signBytes(bytes, privateKey));
      const verified = () =>
        spawnSync('openssl', [
          'pkeyutl',
          '-verify',
          '-pubin',
          '-inkey',
          files.key,
          '-rawin',
          '-in',
          files.text,
          '-sigfile',
          files.signature,
        ]).status;
      expect(verified()).toBe(0);
      writeFileSync(files.text, 'sumt');
      expect(verified()).not.toBe(0);
    });
  });
