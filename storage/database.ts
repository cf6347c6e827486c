import { accessSync, chmodSync, closeSync, constants, existsSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import Sqlite from 'better-sqlite3';
import { PlainsealError } from '../shared/errors.ts';
import type { Connection } from './connection.ts';
import { wrapConnection } from './connection.ts';
import { keyMatches } from './key-header.ts';
import { migrations } from './migrations/list.ts';
import type { Migration } from './migrate.ts';
import { checkVersion, migrate, backupPath, removeSettledBackup, settleBackup } from './migrate.ts';
import { asPlainsealError, fileErrorKind, sqliteCode } from './sqlite-error.ts';

/** Name of the database inside a profile folder. */
export const DATABASE_FILE = 'plainseal.db';
/** Bytes of the raw key: SQLCipher's AES-256. */
export const KEY_BYTES = 32;

/** The cipher in one place. SQLCipher's format (version 4) is the one stock tools and other libraries read. */
const CIPHER = "cipher = 'sqlcipher'";
const CIPHER_VERSION = 'legacy = 4';
/** Page cache of one connection, in KiB. */
const CACHE_KIB = 32_000;
/**
 * Pages of the log after which a commit moves them into the database itself. Each is opened and sealed again on the way, some 40 µs
 * of a turn of core; that is the work of the thread of `checkpointer.ts`, and this the bound of what it may leave: 16 MB.
 */
const CHECKPOINT_PAGES = 4_000;

/** Query times above this are told to `onSlow`, in ms: half the time one turn of core may take is the flush. */
const SLOW_MS = 40;

/**
 * How long a reader waits for a checkpoint that is emptying the log, in ms. The writer waits for nobody: one process per
 * profile, one writer; whoever is in its way is a mistake to be told at once.
 */
const READER_WAIT_MS = 2_000;

export type { Database } from './connection.ts';
import type { Database, SlowQuery } from './connection.ts';

export type DatabaseOptions = {
  /** The profile folder; it must exist. */
  readonly folder: string;
  /** Raw 256-bit key. The caller may wipe it once this returns. */
  readonly key: Uint8Array;
  /** A second connection beside the writer of the same process; never migrates. */
  readonly readOnly?: boolean;
  /** Told of each statement that took longer than 40 ms, with its SQL and never its values. */
  readonly onSlow?: (slow: SlowQuery) => void;
  /** Told after each transaction that stands. */
  readonly onWritten?: () => void;
  /** Other steps than those of the product, for the tests of migrations. */
  readonly steps?: readonly Migration[];
};

/**
 * Opens the database of a profile, creating it where there is none, and brings its schema up to date.
 *
 * An existing file is first opened for reading only, so that a wrong key, a damaged file or a newer schema is found before anything could be written.
 *
 * @throws PlainsealError `wrong-key`, `corrupt`, `newer-schema`, `in-use`, `disk-full`, `read-only`, `io`, `bad-request`.
 */
export function openDatabase(options: DatabaseOptions): Database {
  if (options.key.byteLength !== KEY_BYTES)
    throw new PlainsealError('bad-request', 'the key is not 32 bytes');
  const path = join(options.folder, DATABASE_FILE);
  const steps = options.steps ?? migrations;
  try {
    const exists = existsSync(path) && statSync(path).size > 0;
    if (!exists && (options.readOnly || remainsBeside(path)))
      throw new PlainsealError('corrupt', 'the database file is missing or empty');
    if (exists) {
      const probe = openKeyed(path, options, true);
      try {
        checkVersion(probe, steps);
        if (options.readOnly) return wrap(probe, options);
      } catch (error) {
        probe.close();
        throw error;
      }
      probe.close();
    } else {
      createPrivately(path);
    }
    return openWriter(path, options, steps);
  } catch (error) {
    throw explain(error, options.folder);
  }
}

/** An empty or missing database beside a write-ahead log or a backup is a loss, not a first start. */
function remainsBeside(path: string): boolean {
  const log = `${path}-wal`;
  return (existsSync(log) && statSync(log).size > 0) || existsSync(backupPath(path));
}

/** SQLite would create the file with the umask's mode. Journal, log and backup inherit the mode from this file. */
function createPrivately(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

function openWriter(path: string, options: DatabaseOptions, steps: readonly Migration[]): Database {
  const raw = openKeyed(path, options, false);
  try {
    raw.pragma('journal_mode = WAL');
    flushFully(raw);
    raw.pragma('secure_delete = ON');
    raw.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    removeSettledBackup(raw, path, steps);
    migrate(raw, path, steps);
    raw.pragma('foreign_keys = ON');
    return wrap(raw, options, () => settleBackup(raw, path));
  } catch (error) {
    raw.close();
    throw error;
  }
}

/** FULL: every commit that precedes an acknowledgement or a send is flushed. The build's own default for WAL is NORMAL. */
function flushFully(raw: Connection): void {
  raw.pragma('synchronous = FULL');
  if (process.platform !== 'darwin') return;
  raw.pragma('fullfsync = ON');
  raw.pragma('checkpoint_fullfsync = ON');
}

/** A connection that writes nothing of its own. */
export interface CheckpointConnection {
  /** Moves what no reader is in the way of; waits for nobody. Gives the pages in the log, and how many of them are moved. @throws what SQLite does. */
  moveLog(): { readonly log: number; readonly moved: number };
  close(): void;
}

/** Opens a connection beside the writer, of a database that exists. @throws as {@link openDatabase}. */
export function openForCheckpoints(options: Pick<DatabaseOptions, 'folder' | 'key'>): CheckpointConnection {
  const raw = openKeyed(join(options.folder, DATABASE_FILE), options, false);
  flushFully(raw);
  return {
    moveLog() {
      const [row] = raw.pragma('wal_checkpoint(PASSIVE)') as readonly {
        readonly log: number;
        readonly checkpointed: number;
      }[];
      return { log: row?.log ?? 0, moved: row?.checkpointed ?? 0 };
    },
    close: () => raw.close(),
  };
}

/** Opens and keys one connection; the first read proves the key. */
function openKeyed(
  path: string,
  options: Pick<DatabaseOptions, 'folder' | 'key'>,
  readonly: boolean,
): Connection {
  const raw = new Sqlite(path, { readonly, fileMustExist: true, timeout: readonly ? READER_WAIT_MS : 0 });
  try {
    raw.pragma(CIPHER);
    raw.pragma(CIPHER_VERSION);
    const key = rawKey(options.key);
    raw.key(key);
    key.fill(0);
    provesKey(raw, options);
    raw.pragma('temp_store = MEMORY');
    raw.pragma(`cache_size = ${-CACHE_KIB}`);
    raw.pragma('trusted_schema = OFF');
    return raw;
  } catch (error) {
    raw.close();
    throw error;
  }
}

/** SQLCipher's form of a key that is used as it is, without a key derivation: x'64 hex digits'. Bytes, since strings cannot be wiped. */
function rawKey(key: Uint8Array): Buffer {
  const digits = Buffer.from('0123456789abcdef', 'latin1');
  const text = Buffer.alloc(3 + 2 * KEY_BYTES);
  text.write("x'", 0, 'latin1');
  for (const [index, byte] of key.entries()) {
    text[2 + 2 * index] = digits[byte >> 4] ?? 0;
    text[3 + 2 * index] = digits[byte & 15] ?? 0;
  }
  text.write("'", text.length - 1, 'latin1');
  return text;
}

function provesKey(raw: Connection, options: Pick<DatabaseOptions, 'folder' | 'key'>): void {
  try {
    raw.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    if (sqliteCode(error) !== 'SQLITE_NOTADB') throw error;
    // A damaged first page looks like a wrong key to SQLite; the key's header knows which it is.
    if (keyMatches(options.folder, options.key) === true)
      throw new PlainsealError('corrupt', 'the first page of the database is damaged', { cause: error });
    throw new PlainsealError('wrong-key', 'the key does not open the database', { cause: error });
  }
}

function wrap(raw: Connection, options: DatabaseOptions, beforeClose?: () => void): Database {
  return wrapConnection(raw, {
    readOnly: options.readOnly ?? false,
    slowMs: SLOW_MS,
    onSlow: options.onSlow ?? (() => undefined),
    onWritten: options.onWritten ?? (() => undefined),
    checkpointPages: CHECKPOINT_PAGES,
    clock: () => performance.now(),
    beforeClose: beforeClose ?? (() => undefined),
  });
}

/** SQLite says "cannot open" both for a folder that is gone and for one it may not write: the folder knows. */
function explain(error: unknown, folder: string): unknown {
  const unopened = sqliteCode(error)?.startsWith('SQLITE_CANTOPEN') ?? false;
  if (!unopened && !isFileError(error)) return asPlainsealError(error);
  const kind = fileErrorKind(unopened ? (whyUnwritable(folder) ?? error) : error);
  const told = kind === 'not-found' ? 'io' : kind;
  return new PlainsealError(told, 'the database cannot be opened or made', { cause: error });
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function whyUnwritable(folder: string): unknown {
  try {
    accessSync(folder, constants.W_OK);
    return null;
  } catch (error) {
    return error;
  }
}
