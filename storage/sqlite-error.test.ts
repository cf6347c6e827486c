import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { kindOf } from '../shared/errors.ts';
import { asPlainsealError, fileErrorKind } from './sqlite-error.ts';

describe('the kind of an error', () => {
  it.each([
    ['SQLITE_BUSY_SNAPSHOT', 'in-use'],
    ['SQLITE_LOCKED', 'in-use'],
    ['SQLITE_CORRUPT_VTAB', 'corrupt'],
    ['SQLITE_NOTADB', 'corrupt'],
    ['SQLITE_FULL', 'disk-full'],
    ['SQLITE_READONLY_DIRECTORY', 'read-only'],
    ['SQLITE_IOERR_FSYNC', 'io'],
    ['SQLITE_TOOBIG', 'too-large'],
    ['SQLITE_CONSTRAINT_UNIQUE', 'conflict'],
    ['SQLITE_CONSTRAINT_PRIMARYKEY', 'conflict'],
    ['SQLITE_CONSTRAINT_FOREIGNKEY', 'internal'],
    ['SQLITE_ERROR', 'internal'],
  ])('of SQLite: %s is %s', (code, kind) => {
    expect(kindOf(asPlainsealError(new Sqlite.SqliteError('text', code)))).toBe(kind);
  });

  it.each([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['EROFS', 'read-only'],
    ['EACCES', 'read-only'],
    ['ENOENT', 'not-found'],
    ['EIO', 'io'],
  ])('of the file system: %s is %s', (code, kind) => {
    expect(fileErrorKind(Object.assign(new Error('text'), { code }))).toBe(kind);
  });

  it('leaves what is not of SQLite as it came', () => {
    const error = new TypeError('text');
    expect(asPlainsealError(error)).toBe(error);
    expect(asPlainsealError(null)).toBe(null);
    expect(fileErrorKind('text')).toBe('io');
  });
});
