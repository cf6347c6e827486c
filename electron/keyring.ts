import { safeStorage } from 'electron';
import type { KeyringLack, UnwrappedKey, WrappedKey } from '../shared/shell/host.ts';

/** What we use of Electron's `safeStorage`. */
export type Keyring = Pick<
  typeof safeStorage,
  'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
>;

type Backend =
  { readonly kind: 'backend'; readonly name: string } | { readonly kind: 'none'; readonly why: KeyringLack };

/** The system's keyring by name, or why there is none. Chromium's `basic_text` is a key everybody knows: that locks nothing. */
async function backendOf(keyring: Keyring, platform: NodeJS.Platform): Promise<Backend> {
  if (!(await keyring.isAsyncEncryptionAvailable())) return { kind: 'none', why: 'no-keyring' };
  if (platform !== 'linux') return { kind: 'backend', name: platform };
  const name = keyring.getSelectedStorageBackend();
  if (name === 'basic_text') return { kind: 'none', why: 'open-keyring' };
  return name === 'unknown' ? { kind: 'none', why: 'no-keyring' } : { kind: 'backend', name };
}

/** Wraps a key with the system's keyring. */
export async function wrapKey(
  key: Uint8Array,
  keyring: Keyring = safeStorage,
  platform: NodeJS.Platform = process.platform,
): Promise<WrappedKey> {
  const backend = await backendOf(keyring, platform);
  if (backend.kind === 'none') return backend;
  const wrapped = await keyring.encryptStringAsync(Buffer.from(key).toString('base64'));
  return { kind: 'wrapped', wrapped: new Uint8Array(wrapped), backend: backend.name };
}

/** Opens a wrapped key. */
export async function unwrapKey(
  wrapped: Uint8Array,
  keyring: Keyring = safeStorage,
  platform: NodeJS.Platform = process.platform,
): Promise<UnwrappedKey> {
  const backend = await backendOf(keyring, platform);
  if (backend.kind === 'none') return backend;
  try {
    const { result, shouldReEncrypt } = await keyring.decryptStringAsync(Buffer.from(wrapped));
    const key = new Uint8Array(Buffer.from(result, 'base64'));
    return { kind: 'opened', key, backend: backend.name, stale: shouldReEncrypt };
  } catch {
    return { kind: 'closed', backend: backend.name };
  }
}
