import Sqlite from 'better-sqlite3';
import type { ErrorKind } from '../shared/errors.ts';
import { PlainsealError } from '../shared/errors.ts';

/** Longest prefix first: an extended code such as SQLITE_CONSTRAINT_UNIQUE is met before SQLITE_CONSTRAINT. */
const kindsByCode: readonly (readonly [prefix: string, kind: ErrorKind])[] = [
  ['SQLITE_CONSTRAINT_PRIMARYKEY', 'conflict'],
  ['SQLITE_CONSTRAINT_ROWID', 'conflict'],
  ['SQLITE_CONSTRAINT_UNIQUE', 'conflict'],
  ['SQLITE_BUSY', 'in-use'],
  ['SQLITE_LOCKED', 'in-use'],
  ['SQLITE_CORRUPT', 'corrupt'],
  ['SQLITE_NOTADB', 'corrupt'],
  ['SQLITE_FULL', 'disk-full'],
  ['SQLITE_READONLY', 'read-only'],
  ['SQLITE_PERM', 'read-only'],
  ['SQLITE_CANTOPEN', 'io'],
  ['SQLITE_IOERR', 'io'],
  ['SQLITE_TOOBIG', 'too-large'],
];

/** The result code of an error thrown by SQLite, or null for anything else. */
export function sqliteCode(error: unknown): string | null {
  return error instanceof Sqlite.SqliteError ? error.code : null;
}

/**
 * Turns what SQLite threw into an error with a closed kind; anything else is returned as it came.
 * SQLite's own messages name tables and columns, never values, so they may stand in a developer's log.
 */
export function asPlainsealError(error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === null || !(error instanceof Error)) return error;
  const kind = kindsByCode.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'internal';
  return new PlainsealError(kind, `${code}: ${error.message}`, { cause: error });
}

/** The kind of a failed call to the file system. */
export function fileErrorKind(error: unknown): ErrorKind {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'disk-full';
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return 'read-only';
    case 'ENOENT':
      return 'not-found';
    default:
      return 'io';
  }
}
