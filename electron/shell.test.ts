import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pagePolicy } from '../shared/shell/policy.ts';
import { APP_ORIGIN } from '../shared/wire/page.ts';
import type { Session } from 'electron';
import type { Keyring } from './keyring.ts';

// Electron's package is only a path without its binary. What is tested here calls none of it.
vi.mock('electron', () => ({ protocol: {}, safeStorage: {} }));
const { unwrapKey, wrapKey } = await import('./keyring.ts');
const { isCamera, isPermitted, lockPermissions } = await import('./permission.ts');
const { marksFolder } = await import('./marks.ts');
const { isOf } = await import('./confined.ts');
const { servePage } = await import('./protocol.ts');
const { registerSchemes } = await import('./schemes.ts');
const { readStart } = await import('./start-options.ts');

describe('the app scheme', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plainseal-app-'));
    await writeFile(join(folder, 'index.html'), 'page');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('serves the page with its policy', async () => {
    for (const address of ['app://plainseal/', 'app://plainseal', 'app://plainseal/index.html?x#y']) {
      const response = await servePage(folder, address, 'GET');
      if (address === 'app://plainseal') expect(response.status).toBe(404);
      else {
        expect(await response.text()).toBe('page');
        expect(response.headers.get('content-security-policy')).toBe(pagePolicy);
        expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      }
    }
  });

  it.each([
    ['app://plainseal/../index.html', 'GET'],
    ['app://plainseal/%2e%2e/index.html', 'GET'],
    ['app://plainseal/..%2findex.html', 'GET'],
    ['app://plainseal/missing.html', 'GET'],
    ['app://plainseal.evil/index.html', 'GET'],
    ['app://ask/index.html', 'GET'],
    ['file:///etc/passwd', 'GET'],
    ['app://plainseal/', 'POST'],
  ])('serves nothing for %s by %s', async (address, method) => {
    const response = await servePage(folder, address, method);
    expect([response.status, await response.text()]).toEqual([404, '']);
  });

  it('lets the page ask for its own files and blobs only', () => {
    const isOwn = (address: string): boolean => isOf(APP_ORIGIN, address);
    expect(['app://plainseal/a.js', 'blob:app://plainseal/1'].map(isOwn)).toEqual([true, true]);
    for (const address of [
      'https://example.org/',
      'http://127.0.0.1/',
      'ws://127.0.0.1/',
      'file:///etc/passwd',
      'data:text/html,x',
      'app://plainseal.evil/',
      'app://ask/',
      'blob:https://example.org/1',
      'devtools://devtools/',
    ])
      expect(isOwn(address)).toBe(false);
  });
});

describe('permissions', () => {
  it('are two, for our own page', () => {
    expect(isPermitted('notifications', 'app://plainseal')).toBe(true);
    expect(isPermitted('clipboard-sanitized-write', 'app://plainseal/')).toBe(true);
    expect(isPermitted('notifications', 'https://example.org')).toBe(false);
    expect(isPermitted('notifications', 'app://plainseal.evil')).toBe(false);
  });

  it.each([
    'media',
    'geolocation',
    'clipboard-read',
    'display-capture',
    'fileSystem',
    'hid',
    'serial',
    'usb',
    'midi',
    'openExternal',
    'pointerLock',
    'local-fonts',
    'unknown',
    '',
  ])('never %s', (permission) => {
    expect(isPermitted(permission, 'app://plainseal')).toBe(false);
  });

  it('the camera is asked about each time, alone, and for our own page', async () => {
    expect(isCamera('media', 'app://plainseal', ['video'])).toBe(true);
    for (const media of [[], ['audio'], ['video', 'audio'], ['video', 'video']])
      expect(isCamera('media', 'app://plainseal', media)).toBe(false);
    expect(isCamera('media', 'app://ask', ['video'])).toBe(false);
    expect(isCamera('display-capture', 'app://plainseal', ['video'])).toBe(false);

    type Handler = NonNullable<Parameters<Session['setPermissionRequestHandler']>[0]>;
    let handler: Handler | null = null;
    const session = {
      setPermissionCheckHandler: () => undefined,
      setPermissionRequestHandler: (set: Handler) => (handler = set),
      setDevicePermissionHandler: () => undefined,
    } as unknown as Session;
    const contents = { getURL: () => 'app://plainseal/' } as Parameters<Handler>[0];
    const requested = (mediaTypes: readonly string[]): Promise<boolean> =>
      new Promise((resolve) =>
        handler?.(contents, 'media', resolve, { mediaTypes } as unknown as Parameters<Handler>[3]),
      );
    const answers = [true, false];
    const asked = vi.fn(() => Promise.resolve(answers.shift() ?? false));
    lockPermissions(session, asked);
    expect([await requested(['video']), await requested(['video'])]).toEqual([true, false]);
    expect(await requested(['audio'])).toBe(false);
    expect(asked).toHaveBeenCalledTimes(2);
    lockPermissions(session);
    expect(await requested(['video'])).toBe(false);
  });
});

describe('the keyring', () => {
  type Backend = ReturnType<Keyring['getSelectedStorageBackend']>;
  const keyring = (backend: Backend, available = true): Keyring => ({
    isAsyncEncryptionAvailable: () => Promise.resolve(available),
    getSelectedStorageBackend: () => backend,
    encryptStringAsync: (text) => Promise.resolve(Buffer.from(`sealed ${text}`)),
    decryptStringAsync: (bytes) => {
      const text = bytes.toString();
      if (!text.startsWith('sealed ')) return Promise.reject(new Error('not ours'));
      return Promise.resolve({ result: text.slice('sealed '.length), shouldReEncrypt: false });
    },
  });
  const key = new Uint8Array(32).fill(7);

  it('wraps and opens a key', async () => {
    const kept = await wrapKey(key, keyring('gnome_libsecret'), 'linux');
    if (kept.kind !== 'wrapped') throw new Error('not wrapped');
    expect(kept.backend).toBe('gnome_libsecret');
    expect(await unwrapKey(kept.wrapped, keyring('gnome_libsecret'), 'linux')).toEqual({
      kind: 'opened',
      key,
      backend: 'gnome_libsecret',
      stale: false,
    });
  });

  it.each([
    ['basic_text', true, 'open-keyring'],
    ['unknown', true, 'no-keyring'],
    ['gnome_libsecret', false, 'no-keyring'],
  ] as const)(
    'AT-53 is none with %s (available: %s), and says which: %s',
    async (backend, available, why) => {
      const none = keyring(backend, available);
      expect(await wrapKey(key, none, 'linux')).toEqual({ kind: 'none', why });
      expect(await unwrapKey(key, none, 'linux')).toEqual({ kind: 'none', why });
    },
  );

  it('names the system where there is only one', async () => {
    for (const system of ['darwin', 'win32'] as const)
      expect(await wrapKey(key, keyring('unknown'), system)).toMatchObject({ backend: system });
  });

  it('AT-53 names itself where it cannot open a key', async () => {
    expect(await unwrapKey(key, keyring('kwallet6'), 'linux')).toEqual({
      kind: 'closed',
      backend: 'kwallet6',
    });
  });
});

describe('the marks of a profile', () => {
  it('lie on this machine, outside the folder of application data', () => {
    expect(marksFolder('/home/me', {}, 'linux')).toBe('/home/me/.local/state/plainseal-marks');
    expect(marksFolder('/home/me', { XDG_STATE_HOME: '/state' }, 'linux')).toBe('/state/plainseal-marks');
    expect(marksFolder('/home/me', { XDG_STATE_HOME: 'state' }, 'linux')).toMatch(/^\/home\/me\//u);
    expect(marksFolder('/Users/me', { XDG_STATE_HOME: '/x' }, 'darwin')).toMatch(/^\/Users\/me\/Library\//u);
    expect(marksFolder('/u', { LOCALAPPDATA: '/u/local' }, 'win32')).toBe('/u/local/plainseal-marks');
  });
});

describe('the schemes of links', () => {
  const calls = (
    taken: string,
    of: { readonly packaged?: boolean; readonly system?: NodeJS.Platform; readonly env?: object } = {},
  ) => {
    const set = vi.fn(() => true);
    registerSchemes(
      {
        isPackaged: of.packaged ?? true,
        getApplicationNameForProtocol: (url) => (url === taken ? 'Another' : ''),
        setAsDefaultProtocolClient: set,
      },
      of.system ?? 'win32',
      { ...of.env },
    );
    return set.mock.calls as unknown[];
  };
  it('are registered on Windows where nobody has them, with an end of the options before the link', () => {
    expect(calls('')).toEqual([
      ['openpgp4fpr', process.execPath, ['--']],
      ['nostr', process.execPath, ['--']],
    ]);
    expect(calls('openpgp4fpr:')).toEqual([['nostr', process.execPath, ['--']]]);
  });
  it('are left alone from a source checkout, by a portable copy, and where the package says them', () => {
    expect(calls('', { packaged: false })).toEqual([]);
    expect(calls('', { env: { PORTABLE_EXECUTABLE_DIR: 'E:' } })).toEqual([]);
    for (const system of ['linux', 'darwin'] as const) expect(calls('', { system })).toEqual([]);
  });
});

describe('the command line', () => {
  it('names a profile by its whole path, the last one wins', () => {
    expect(readStart(['electron', '.', '--profile=/a', '--profile=/b', '--test'])).toEqual({
      profile: '/b',
      kind: 'test',
      authority: null,
      signal: null,
    });
    expect(readStart(['--test', '--authority=/ca.pem']).authority).toBe('/ca.pem');
    expect(readStart(['--authority=/ca.pem', '--signal=/s.json'])).toMatchObject({
      authority: null,
      signal: null,
    });
    expect(readStart(['--test', '--signal=/s.json']).signal).toBe('/s.json');
  });

  it('takes nothing else for a profile', () => {
    for (const argv of [
      [],
      ['--profile'],
      ['--profile='],
      ['--profile=relative'],
      ['plainseal://profile=/x'],
      // What comes behind a link, or an end of the options, came with it.
      ['nostr:npub1', '--profile=/evil', '--test'],
      ['sgnl://linkdevice?uuid=x', '--test'],
      ['--', '--profile=/evil', '--test'],
    ])
      expect(readStart(argv)).toEqual({ profile: null, kind: 'live', authority: null, signal: null });
  });
});
