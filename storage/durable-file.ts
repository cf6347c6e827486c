import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { PlainsealError } from '../shared/errors.ts';
import { fileErrorKind } from './sqlite-error.ts';

/** Flushes a file's bytes to the disk. Windows flushes only through a handle that may write. */
export function flushFile(path: string): void {
  flush(path, 'r+');
}

/** Flushes the names in a folder, so that a rename survives a power cut. Windows has no such call and needs none. */
export function flushFolder(path: string): void {
  if (process.platform !== 'win32') flush(path, 'r');
}

function flush(path: string, flags: string): void {
  const handle = openSync(path, flags);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Replaces a small file as a whole: after a crash there is the old one or the new one. Only its owner may read it.
 * @throws PlainsealError `disk-full`, `read-only`, `io`.
 */
export function writePrivateFile(path: string, bytes: Uint8Array): void {
  const part = `${path}.part`;
  try {
    const handle = openSync(part, 'w', 0o600);
    try {
      let written = 0;
      while (written < bytes.byteLength) written += writeSync(handle, bytes, written);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(part, path);
    flushFolder(dirname(path));
  } catch (cause) {
    throw new PlainsealError(fileErrorKind(cause), 'a file of the profile cannot be written', { cause });
  }
}

/**
 * Reads a small file, or null where there is none.
 * @throws PlainsealError `corrupt` when larger than `limit` bytes; `read-only` or `io` when it cannot be read.
 */
export function readSmallFile(path: string, limit: number): Uint8Array | null {
  try {
    if (statSync(path).size > limit)
      throw new PlainsealError('corrupt', 'a file of the profile is too large');
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof PlainsealError) throw cause;
    const kind = fileErrorKind(cause);
    if (kind === 'not-found') return null;
    throw new PlainsealError(kind, 'a file of the profile cannot be read', { cause });
  }
}

/** Runs work on files; what the file system throws gets a kind. */
export async function withFileErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof PlainsealError) throw cause;
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    throw new PlainsealError(fileErrorKind(cause), 'the file store failed', { cause });
  }
}
