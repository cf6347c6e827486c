import { safeStorage } from 'electron';
import { PlainsealError } from '../shared/errors.ts';

/** What we use of Electron's `safeStorage`. */
export type Keyring = Pick<
  typeof safeStorage,
  'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
>;

/** The system's keyring by name, or null where there is none. Chromium's `basic_text` is a key everybody knows: that is none. */
async function backendOf(keyring: Keyring, platform: NodeJS.Platform): Promise<string | null> {
  if (!(await keyring.isAsyncEncryptionAvailable())) return null;
  if (platform !== 'linux') return platform;
  const backend = keyring.getSelectedStorageBackend();
  return backend === 'basic_text' || backend === 'unknown' ? null : backend;
}

const noKeyring = (): PlainsealError => new PlainsealError('refused', 'this system has no keyring');

/**
 * Wraps a key with the system's keyring.
 * @throws PlainsealError `refused` where there is none: core then asks for a passphrase.
 */
export async function wrapKey(
  key: Uint8Array,
  keyring: Keyring = safeStorage,
  platform: NodeJS.Platform = process.platform,
): Promise<{ readonly wrapped: Uint8Array; readonly backend: string }> {
  const backend = await backendOf(keyring, platform);
  if (backend === null) throw noKeyring();
  const wrapped = await keyring.encryptStringAsync(Buffer.from(key).toString('base64'));
  return { wrapped: new Uint8Array(wrapped), backend };
}

/**
 * Opens a wrapped key.
 * @throws PlainsealError `refused` where there is no keyring any more, `wrong-key` when it does not open this one.
 */
export async function unwrapKey(
  wrapped: Uint8Array,
  keyring: Keyring = safeStorage,
  platform: NodeJS.Platform = process.platform,
): Promise<Uint8Array> {
  if ((await backendOf(keyring, platform)) === null) throw noKeyring();
  try {
    const { result } = await keyring.decryptStringAsync(Buffer.from(wrapped));
    return new Uint8Array(Buffer.from(result, 'base64'));
  } catch (cause) {
    throw new PlainsealError('wrong-key', 'the keyring does not open this key', { cause });
  }
}
