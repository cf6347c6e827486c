import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replaceAppImage } from './appimage.ts';
import { installKind, type Surroundings } from './install-kind.ts';
import { openSource, updateSource } from './source.ts';

const appImage: Surroundings = {
  platform: 'linux',
  arch: 'x64',
  packaged: true,
  program: '/tmp/.mount_a/plainseal',
  env: { APPIMAGE: '/home/a/Plainseal.AppImage', APPDIR: '/tmp/.mount_a' },
  exists: () => false,
};
const setup: Surroundings = {
  ...appImage,
  platform: 'win32',
  program: 'C:\\Users\\a\\P\\Plainseal.exe',
  env: {},
  exists: (path) => path === 'C:\\Users\\a\\P\\Uninstall Plainseal.exe',
};
const bundle: Surroundings = {
  ...appImage,
  platform: 'darwin',
  program: '/Applications/Plainseal.app/Contents/MacOS/Plainseal',
  env: {},
};

describe('an installation', () => {
  it('of ours is known', () => {
    expect(installKind(appImage)).toBe('appimage-x64');
    expect(installKind({ ...setup, arch: 'arm64' })).toBe('nsis-arm64');
    expect(installKind(bundle)).toBe('dmg-universal');
    expect(installKind({ ...bundle, program: '/Users/a/Applications/P.app/Contents/MacOS/P' })).toBe(
      'dmg-universal',
    );
  });
  it.each<readonly [string, Surroundings]>([
    ['from source', { ...appImage, packaged: false }],
    ['.deb or .rpm', { ...appImage, program: '/opt/Plainseal/plainseal', env: {} }],
    ['.deb started by an AppImage', { ...appImage, program: '/opt/Plainseal/plainseal' }],
    ['flatpak', { ...appImage, env: { ...appImage.env, FLATPAK_ID: 'x' } }],
    ['snap', { ...appImage, env: { ...appImage.env, SNAP: '/snap/x' } }],
    [
      'AppImage without a whole path',
      { ...appImage, env: { APPIMAGE: 'a.AppImage', APPDIR: '/tmp/.mount_a' } },
    ],
    ['.msi', { ...setup, exists: () => false }],
    ['portable', { ...setup, env: { PORTABLE_EXECUTABLE_FILE: 'x' } }],
    ['from the image', { ...bundle, program: '/Volumes/Plainseal/Plainseal.app/Contents/MacOS/Plainseal' }],
    ['App Store', { ...bundle, exists: (path) => path.endsWith('_MASReceipt') }],
    ['another processor', { ...appImage, arch: 'riscv64' }],
    ['another system', { ...appImage, platform: 'freebsd' }],
  ])('that somebody else keeps up to date is left alone: %s', (_, around) => {
    expect(installKind(around)).toBeNull();
  });
});

describe('the channel', () => {
  it('is none until a maintainer names one', () => {
    expect(updateSource).toBeNull();
  });
  it('has TLS and an Ed25519 key', () => {
    const key =
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';
    expect(openSource({ channel: 'stable', manifest: 'https://x.org/update', key }).address.host).toBe(
      'x.org',
    );
    expect(() => openSource({ channel: 'stable', manifest: 'http://x.org/update', key })).toThrow('https');
    expect(() => openSource({ channel: 'stable', manifest: 'https://x.org/update', key: '' })).toThrow();
  });
});

describe('an AppImage', () => {
  let folder: string;
  const image = (text: string): Buffer =>
    Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01\x00AI\x02', 'latin1'), Buffer.from(text)]);
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'plainseal-appimage-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('takes the place of another, and of nothing else', () => {
    const [fresh, running, other] = [join(folder, 'fresh'), join(folder, 'running'), join(folder, 'other')];
    writeFileSync(fresh, image('new'), { mode: 0o600 });
    writeFileSync(running, image('old'));
    writeFileSync(other, 'somebody’s letter');
    expect(() => replaceAppImage(fresh, other)).toThrow('not an AppImage');
    expect(() => replaceAppImage(other, running)).toThrow('not an AppImage');
    expect(readFileSync(running)).toEqual(image('old'));
    replaceAppImage(fresh, running);
    expect(readFileSync(running)).toEqual(image('new'));
    expect(statSync(running).mode & 0o777).toBe(0o755);
    expect(readFileSync(other, 'utf8')).toBe('somebody’s letter');
  });
});
