import type Sqlite from 'better-sqlite3';
import { PlainsealError } from '../shared/errors.ts';
import { asPlainsealError } from './sqlite-error.ts';

/** The driver's own connection; only files of storage/ that open, migrate or close it see this type. */
export type Connection = InstanceType<typeof Sqlite>;
/** What SQLite stores. Bytes come back as Buffer, which is a Uint8Array. */
export type Value = string | number | bigint | Uint8Array | null;
/** Positional values, or one object of named ones (`:name`). */
export type Params = readonly Value[] | readonly [Readonly<Record<string, Value>>];
/** A row as the driver returns it: column name to value. */
export type Row = Readonly<Record<string, Value>>;
export type SlowQuery = { readonly sql: string; readonly ms: number };

/**
 * One connection. SQL texts are constants (never built from values): each is prepared once and kept.
 * Every method throws PlainsealError with a kind of shared/errors.ts.
 */
export type Database = {
  readonly readOnly: boolean;
  /** All rows. */
  all<T = Row>(sql: string, ...params: Params): readonly T[];
  /** The first row, or undefined. */
  get<T = Row>(sql: string, ...params: Params): T | undefined;
  /** One statement that changes something. */
  run(sql: string, ...params: Params): { readonly changes: number; readonly rowid: number };
  /**
   * Runs `work` in one IMMEDIATE transaction: commits what it did, or nothing where it throws.
   * @throws PlainsealError `internal` inside another transaction, or where `work` returns a promise.
   */
  transaction<T>(work: () => T): T;
  /**
   * Inside a transaction: drops what `work` did where it throws, keeps the transaction, and throws on.
   * @throws PlainsealError `internal` outside a transaction.
   */
  savepoint<T>(work: () => T): T;
  /** Runs `work` on one snapshot, which ends with it. */
  readTransaction<T>(work: () => T): T;
  readonly inTransaction: boolean;
  /**
   * Moves the write-ahead log into the database and empties it. Only after `true` is what was deleted gone from the disk:
   * `false` means a reader still holds an older snapshot.
   */
  checkpointTruncate(): boolean;
  /** Optimises, checkpoints and closes. Twice is once. */
  close(): void;
};

type Wiring = {
  readonly readOnly: boolean;
  readonly slowMs: number;
  readonly onSlow: (slow: SlowQuery) => void;
  readonly onWritten: () => void;
  /** Monotonic, ms. */
  readonly clock: () => number;
  readonly beforeClose: () => void;
};

/** Most statements kept prepared; the oldest goes first. */
const MAX_STATEMENTS = 500;

/** Puts the interface of storage/ over a keyed connection of the driver. */
export function wrapConnection(raw: Connection, wiring: Wiring): Database {
  const statements = new Map<string, Sqlite.Statement<Value[]>>();

  function statement(sql: string): Sqlite.Statement<Value[]> {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = raw.prepare<Value[]>(sql);
    if (statements.size >= MAX_STATEMENTS) statements.delete(statements.keys().next().value ?? '');
    statements.set(sql, made);
    return made;
  }

  function timed<T>(sql: string, work: () => T): T {
    const from = wiring.clock();
    try {
      return work();
    } catch (error) {
      throw asPlainsealError(error);
    } finally {
      const ms = wiring.clock() - from;
      if (ms > wiring.slowMs) wiring.onSlow({ sql, ms });
    }
  }

  function within<T>(begin: string, commit: string, undo: readonly string[], work: () => T): T {
    timed(begin, () => statement(begin).run());
    try {
      const result = work();
      if (isThenable(result)) throw new PlainsealError('internal', 'a transaction cannot wait');
      timed(commit, () => statement(commit).run());
      return result;
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (raw.inTransaction) for (const sql of undo) statement(sql).run();
      throw asPlainsealError(error);
    }
  }

  function outermost(): void {
    if (raw.inTransaction) throw new PlainsealError('internal', 'a transaction inside a transaction');
  }

  return {
    readOnly: wiring.readOnly,
    all: <T>(sql: string, ...params: Params) =>
      timed(sql, () => statement(sql).all(...(params as Value[])) as readonly T[]),
    get: <T>(sql: string, ...params: Params) =>
      timed(sql, () => statement(sql).get(...(params as Value[])) as T | undefined),
    run: (sql, ...params) =>
      timed(sql, () => {
        const done = statement(sql).run(...(params as Value[]));
        return { changes: done.changes, rowid: Number(done.lastInsertRowid) };
      }),
    transaction: (work) => {
      outermost();
      const result = within('BEGIN IMMEDIATE', 'COMMIT', ['ROLLBACK'], work);
      wiring.onWritten();
      return result;
    },
    savepoint: (work) => {
      if (!raw.inTransaction) throw new PlainsealError('internal', 'a savepoint outside a transaction');
      return within('SAVEPOINT part', 'RELEASE part', ['ROLLBACK TO part', 'RELEASE part'], work);
    },
    readTransaction: (work) => {
      outermost();
      return within('BEGIN', 'COMMIT', ['ROLLBACK'], work);
    },
    get inTransaction() {
      return raw.inTransaction;
    },
    checkpointTruncate: () =>
      timed('wal_checkpoint', () => {
        const rows = raw.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
        return rows[0]?.busy === 0;
      }),
    close: () => {
      if (!raw.open) return;
      try {
        if (!wiring.readOnly) {
          wiring.beforeClose();
          optimise(raw);
          raw.pragma('wal_checkpoint(TRUNCATE)');
        }
      } catch (error) {
        throw asPlainsealError(error);
      } finally {
        statements.clear();
        raw.close();
      }
    },
  };
}

/** The planner's statistics, without their samples: those are copies of keys and addresses, which would outlive what they were copied from. */
function optimise(raw: Connection): void {
  raw.pragma('optimize');
  const sampled = raw.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat4'").get();
  if (sampled !== undefined) raw.exec('DELETE FROM sqlite_stat4');
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
