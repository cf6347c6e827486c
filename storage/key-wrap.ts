import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PlainsealError } from '../shared/errors.ts';
import { deriveArgon2id } from './argon2.ts';
import { KEY_BYTES } from './database.ts';
import { flushFolder, readSmallFile, writePrivateFile } from './durable-file.ts';
import type { Argon2Cost, KeyHeader } from './key-header.ts';
import { keyCheck, proveKey, readKeyHeader, writeKeyHeader } from './key-header.ts';
import { openSealedKey, sealKey } from './key-seal.ts';
import type { ProfileInfo } from './profile.ts';
import { readProfile } from './profile.ts';
import { fileErrorKind } from './sqlite-error.ts';

/** RFC 9106 §4, the second recommended option: 64 MiB, 3 passes, 4 lanes. */
export const DEFAULT_COST: Argon2Cost = { memoryKib: 64 * 1024, passes: 3, lanes: 4 };
const SALT_BYTES = 16;
/** Key of a test profile, beside its header. */
const TEST_KEY_FILE = 'test.key';

type Header<K extends KeyHeader['kind']> = Extract<KeyHeader, { readonly kind: K }>;

/** A fresh database key. */
export function newKey(): Uint8Array {
  return new Uint8Array(randomBytes(KEY_BYTES));
}

/** The header for a key that the system's keyring wrapped. `backend` is the keyring's own name, shown to the person. */
export function keyringHeader(
  key: Uint8Array,
  profile: ProfileInfo,
  { wrapped, backend }: { readonly wrapped: Uint8Array; readonly backend: string },
): Header<'keyring'> {
  return { version: 1, kind: 'keyring', wrapped, backend, check: keyCheck(key, profile) };
}

/**
 * Accepts what the keyring unwrapped.
 * @throws PlainsealError `wrong-key` when it is not the key of this profile.
 */
export function acceptKeyringKey(
  header: Header<'keyring'>,
  key: Uint8Array,
  profile: ProfileInfo,
): Uint8Array {
  if (key.byteLength !== KEY_BYTES) throw new PlainsealError('wrong-key', 'the keyring gave something else');
  proveKey(header, key, profile);
  return key;
}

/** Wraps a key under a passphrase: AES-256-GCM under Argon2id. The same key may be wrapped anew, for a new passphrase, at any time. */
export async function wrapWithPassphrase(
  key: Uint8Array,
  passphrase: string,
  profile: ProfileInfo,
  cost: Argon2Cost = DEFAULT_COST,
): Promise<Header<'passphrase'>> {
  const salt = new Uint8Array(randomBytes(SALT_BYTES));
  const wrapping = await wrappingKey(passphrase, salt, cost);
  const sealed = sealKey(key, wrapping, profile);
  wrapping.fill(0);
  return { version: 1, kind: 'passphrase', cost, salt, ...sealed, check: keyCheck(key, profile) };
}

/**
 * Opens a key with its passphrase.
 * @throws PlainsealError `wrong-key` for a wrong passphrase or a header of another profile.
 */
export async function unwrapWithPassphrase(
  header: Header<'passphrase'>,
  passphrase: string,
  profile: ProfileInfo,
): Promise<Uint8Array> {
  const wrapping = await wrappingKey(passphrase, header.salt, header.cost);
  try {
    const key = openSealedKey(header, wrapping, profile);
    proveKey(header, key, profile);
    return key;
  } finally {
    wrapping.fill(0);
  }
}

/**
 * Replaces the passphrase of a profile. The database is not touched.
 * @throws PlainsealError `wrong-key`; `not-found` when its key is not kept under a passphrase.
 */
export async function changePassphrase(folder: string, old: string, wanted: string): Promise<void> {
  const profile = readProfile(folder);
  const header = readKeyHeader(folder);
  if (header?.kind !== 'passphrase') throw new PlainsealError('not-found', 'the key has no passphrase');
  const key = await unwrapWithPassphrase(header, old, profile);
  writeKeyHeader(folder, await wrapWithPassphrase(key, wanted, profile, header.cost));
  key.fill(0);
}

/**
 * The key of a test profile, made at first use: a file only its owner may read. So that tests and the demo need no keyring.
 * @throws PlainsealError `refused` for a live profile, `wrong-key` when the file is not this profile's, `corrupt` when it is gone or cut.
 */
export function testKey(folder: string): Uint8Array {
  const profile = readProfile(folder);
  if (profile.kind !== 'test')
    throw new PlainsealError('refused', 'a live profile cannot keep its key in a file');
  const path = join(folder, TEST_KEY_FILE);
  const header = readKeyHeader(folder);
  const kept = readSmallFile(path, KEY_BYTES);
  if (header === null) {
    // The header comes last. A key file without one is kept: something may have been stored under it.
    const key = kept?.byteLength === KEY_BYTES ? new Uint8Array(kept) : newKey();
    if (kept?.byteLength !== KEY_BYTES) writePrivateFile(path, key);
    writeKeyHeader(folder, { version: 1, kind: 'test', check: keyCheck(key, profile) });
    return key;
  }
  if (header.kind !== 'test')
    throw new PlainsealError('refused', 'the key of this profile is kept elsewhere');
  if (kept?.byteLength !== KEY_BYTES) throw new PlainsealError('corrupt', 'the test key is gone or cut');
  proveKey(header, kept, profile);
  return new Uint8Array(kept);
}

/**
 * Keeps the key of a profile under a passphrase from now on; whatever kept it before no longer does.
 * @throws PlainsealError `disk-full`, `read-only`, `io`: then it is kept as before.
 */
export async function keepUnderPassphrase(
  folder: string,
  key: Uint8Array,
  passphrase: string,
  cost: Argon2Cost = DEFAULT_COST,
): Promise<void> {
  writeKeyHeader(folder, await wrapWithPassphrase(key, passphrase, readProfile(folder), cost));
  dropTestKey(folder);
}

/**
 * Keeps the key of a test profile in its file again.
 * @throws PlainsealError `refused` for a live profile, `disk-full`, `read-only`, `io`.
 */
export function keepInTestFile(folder: string, key: Uint8Array): void {
  const profile = readProfile(folder);
  if (profile.kind !== 'test')
    throw new PlainsealError('refused', 'a live profile cannot keep its key in a file');
  // The header comes last: until then the file beside it counts for nothing and is dropped at the next start.
  writePrivateFile(join(folder, TEST_KEY_FILE), key);
  writeKeyHeader(folder, { version: 1, kind: 'test', check: keyCheck(key, profile) });
}

/**
 * Takes away the key file that a lock which was cut short may have left beside a passphrase. Its bytes are overwritten first, which not
 * every disk does in place.
 * @throws PlainsealError `read-only`, `io`.
 */
export function dropTestKey(folder: string): void {
  const path = join(folder, TEST_KEY_FILE);
  if (!existsSync(path)) return;
  try {
    const handle = openSync(path, 'r+');
    try {
      writeSync(handle, new Uint8Array(KEY_BYTES));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    rmSync(path);
    flushFolder(folder);
  } catch (cause) {
    throw new PlainsealError(fileErrorKind(cause), 'the test key cannot be taken away', { cause });
  }
}

/** NFC, so that the same passphrase typed on another keyboard gives the same bytes (RFC 8265 §4.2). */
async function wrappingKey(passphrase: string, salt: Uint8Array, cost: Argon2Cost): Promise<Uint8Array> {
  const password = new TextEncoder().encode(passphrase.normalize('NFC'));
  try {
    return await deriveArgon2id({ password, salt, cost, length: KEY_BYTES });
  } finally {
    password.fill(0);
  }
}
