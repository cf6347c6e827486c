import { randomUUID } from 'node:crypto';
import type Sqlite from 'better-sqlite3';
import { PlainsealError } from '../shared/errors.ts';
import { asPlainsealError } from './sqlite-error.ts';
import { createUnflushed } from './unflushed.ts';

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
  /** One statement that changes something; outside a transaction it is one. */
  run(sql: string, ...params: Params): { readonly changes: number; readonly rowid: number };
  /**
   * Runs `work` in one IMMEDIATE transaction: commits what it did, or nothing where it throws.
   * @throws PlainsealError `internal` inside another transaction, or where `work` returns a promise.
   */
  transaction<T>(work: () => T): T;
  /**
   * The same, and it stands before it is flushed: the next `transaction` flushes it along with its own, or, where none comes within
   * {@link FLUSH_WITHIN_MS}, one for the purpose. Nothing that the program says to anybody may rest on it before `flushed`.
   * @throws as `transaction`.
   */
  unflushedTransaction<T>(work: () => T): T;
  /**
   * Resolves once everything that stands is on the disk. Rejects where that failed: it still stands, and each transaction is refused
   * until it is on the disk after all.
   */
  flushed(): Promise<void>;
  /** Flushes what stands now rather than with the next transaction; what comes of it `flushed` tells. */
  flush(): void;
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
  /** Pages of the log after which a commit moves them into the database. */
  readonly checkpointPages: number;
  /** Monotonic, ms. */
  readonly clock: () => number;
  readonly beforeClose: () => void;
};

/** Changes something for certain: SQLite flushes no transaction that leaves every page as it is. */
const FLUSH =
  "INSERT INTO meta (key, value) VALUES ('flush', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value";

/** Most statements kept prepared; the oldest goes first. */
const MAX_STATEMENTS = 500;

/** Puts the interface of storage/ over a keyed connection of the driver. */
export function wrapConnection(raw: Connection, wiring: Wiring): Database {
  const statements = new Map<string, Sqlite.Statement<Value[]>>();
  const unflushed = createUnflushed({
    flush: () => transaction(() => undefined),
    checkpoint: checkpointTruncate,
  });

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

  /** An error of the disk is told once: whoever hears it says that what stands may not have come there. */
  function heard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      unflushed.fails(error);
      throw error;
    }
  }

  function checkpointTruncate(): boolean {
    return heard(() =>
      timed('wal_checkpoint', () => {
        const rows = raw.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
        return rows[0]?.busy === 0;
      }),
    );
  }

  function outermostTransaction<T>(work: () => T): T {
    outermost();
    unflushed.mend();
    return heard(() => within('BEGIN IMMEDIATE', 'COMMIT', ['ROLLBACK'], work));
  }

  function transaction<T>(work: () => T): T {
    const result = outermostTransaction(() => {
      const done = work();
      if (unflushed.open) statement(FLUSH).run(randomUUID());
      return done;
    });
    unflushed.stands();
    wiring.onWritten();
    return result;
  }

  function unflushedTransaction<T>(work: () => T): T {
    outermost();
    // https://sqlite.org/pragma.html#pragma_synchronous: with a write-ahead log NORMAL flushes no commit. Not to be set inside a transaction.
    // By `exec`: on a core that rested `pragma` takes 0.13 ms, and a lane waits for what `work` gives it.
    raw.exec('PRAGMA synchronous = NORMAL');
    let result: T;
    try {
      result = outermostTransaction(() => {
        const done = work();
        // A commit that moves the log flushes it first, and keeps to itself what came of that.
        raw.exec('PRAGMA wal_autocheckpoint = 0');
        return done;
      });
    } finally {
      raw.exec(`PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${wiring.checkpointPages}`);
    }
    unflushed.note();
    wiring.onWritten();
    return result;
  }

  function run(sql: string, params: Params): { readonly changes: number; readonly rowid: number } {
    return timed(sql, () => {
      const done = statement(sql).run(...(params as Value[]));
      return { changes: done.changes, rowid: Number(done.lastInsertRowid) };
    });
  }

  return {
    readOnly: wiring.readOnly,
    all: <T>(sql: string, ...params: Params) =>
      timed(sql, () => statement(sql).all(...(params as Value[])) as readonly T[]),
    get: <T>(sql: string, ...params: Params) =>
      timed(sql, () => statement(sql).get(...(params as Value[])) as T | undefined),
    // Alone it is a transaction like any other, so that what the disk says of it is heard.
    run: (sql, ...params) =>
      raw.inTransaction || wiring.readOnly ? run(sql, params) : transaction(() => run(sql, params)),
    transaction,
    unflushedTransaction,
    flushed: unflushed.settled,
    flush: unflushed.flush,
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
    checkpointTruncate,
    close: () => {
      if (!raw.open) return;
      try {
        if (!wiring.readOnly) {
          wiring.beforeClose();
          optimise(raw);
          if (checkpointTruncate()) unflushed.stands();
        }
      } catch (error) {
        throw asPlainsealError(error);
      } finally {
        unflushed.end();
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
