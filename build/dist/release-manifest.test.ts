import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeManifest, joinManifest, readManifest, signedBytes } from '../../electron/update/manifest.ts';
import { signBytes } from './checksums.ts';
import { releaseManifest } from './release-manifest.ts';

it('names the installers that update themselves, and is read by the program', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plainseal-release-'));
  try {
    const names = [
      'linux-x86_64.AppImage',
      'linux-amd64.deb',
      'win-x64-setup.exe',
      'win-x64-portable.exe',
      'mac-universal.dmg',
    ];
    const files = names.map((name) => join(folder, `plainseal-1.2.3-${name}`));
    for (const file of files) writeFileSync(file, file);
    const facts = { channel: 'beta', version: '1.2.3', share: 10, issuedAt: 1_000 } as const;
    const manifest = await releaseManifest(files, facts);
    expect(Object.keys(manifest.files)).toEqual(['appimage-x64', 'nsis-x64', 'dmg-universal']);
    const setup = files[2] ?? '';
    expect(manifest.files['nsis-x64']?.sha256).toBe(createHash('sha256').update(setup).digest('hex'));
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const body = encodeManifest(manifest);
    const sent = joinManifest(signBytes(signedBytes(body), privateKey), body);
    expect(readManifest(sent, publicKey)).toEqual({ kind: 'manifest', manifest });
    await expect(releaseManifest(files, { ...facts, version: '1.2.4' })).rejects.toThrow('1.2.4');
    await expect(releaseManifest(files.slice(1, 2), facts)).rejects.toThrow('updates itself');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
