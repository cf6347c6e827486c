import { chmodSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { PlainsealError } from '../shared/errors.ts';
import { fileErrorKind, sqliteCode } from './sqlite-error.ts';

/** Never opened by anything but SQLite: on POSIX, closing any other handle of the file would drop the lock. */
const LOCK_FILE = 'lock';

/** What this process holds: a connection nobody refers to is closed by the garbage collector, and the lock with it. */
const held = new Set<InstanceType<typeof Sqlite>>();

/**
 * Holds a folder, of a profile or of its mark, for this process and gives back what lets go of it.
 *
 * The lock is an EXCLUSIVE transaction held open on an empty SQLite database: SQLite's byte-range locks (fcntl, LockFileEx)
 * are the only ones at hand on all three systems that the kernel drops when the process dies, so no stale lock can be left
 * and no process id has to be trusted. Node itself has no lock call. SQLite also refuses a second holder within this process.
 * Two machines over a network share are told apart only as well as that share keeps byte-range locks.
 *
 * @throws PlainsealError `in-use`, `read-only`, `disk-full`, `io`
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, LOCK_FILE);
  let connection: InstanceType<typeof Sqlite> | null = null;
  try {
    createPrivately(path);
    connection = new Sqlite(path, { timeout: 0, fileMustExist: true });
    connection.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    connection?.close();
    throw refusal(cause);
  }
  const mine = connection;
  held.add(mine);
  return () => {
    if (held.delete(mine)) mine.close();
  };
}

/** `wx` opens nothing that exists, so no handle on a held lock is ever closed. */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    chmodSync(path, 0o600);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function refusal(cause: unknown): PlainsealError {
  const code = sqliteCode(cause);
  if (code === null) return new PlainsealError(fileErrorKind(cause), 'the lock cannot be made', { cause });
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return new PlainsealError('in-use', 'another process holds this folder', { cause });
  if (
    code.startsWith('SQLITE_READONLY') ||
    code.startsWith('SQLITE_CANTOPEN') ||
    code.startsWith('SQLITE_PERM')
  )
    return new PlainsealError('read-only', 'the lock cannot be taken', { cause });
  return new PlainsealError('io', 'the lock cannot be taken', { cause });
}
