import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { PlainsealError } from '../shared/errors.ts';
import { wrapConnection } from './connection.ts';
import { openDatabase, type Database } from './database.ts';
import { scratch } from './test/scratch.ts';
import { createUnflushed, FLUSH_WITHIN_MS } from './unflushed.ts';

const folderFor = scratch();
const io = new PlainsealError('io', 'the disk refuses');

/** What a flush and a checkpoint come to is said by the test; a flush that works tells that all stands, as a transaction does. */
function fake(of: { flush: () => void; checkpoint: () => boolean }) {
  const log: string[] = [];
  const unflushed: ReturnType<typeof createUnflushed> = createUnflushed({
    flush: () => {
      log.push('flush');
      unflushed.mend();
      try {
        of.flush();
      } catch (error) {
        unflushed.fails(error);
        throw error;
      }
      unflushed.stands();
    },
    checkpoint: () => {
      log.push('checkpoint');
      return of.checkpoint();
    },
  });
  return { unflushed, log };
}

const refuse = (): never => {
  throw io;
};
const outcome = (settled: Promise<void>): Promise<string> =>
  settled.then(
    () => 'settled',
    (error: unknown) => (error instanceof PlainsealError ? error.kind : 'another'),
  );

test('what stands already is settled; what does not is flushed by the next transaction, or by its own', async () => {
  const { unflushed, log } = fake({ flush: () => undefined, checkpoint: refuse });
  await unflushed.settled();
  unflushed.note();
  const both = [outcome(unflushed.settled()), outcome(unflushed.settled())];
  expect(unflushed.open).toBe(true);
  unflushed.stands();
  expect(await Promise.all(both)).toEqual(['settled', 'settled']);
  expect(log).toEqual([]);
  unflushed.note();
  expect(await outcome(unflushed.settled())).toBe('settled');
  expect(log).toEqual(['flush']);
  expect(unflushed.open).toBe(false);
});

test('after a flush that failed the log is moved into the database, before anything else is written', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const disk = { flush: refuse as () => void, checkpoint: () => true };
    const { unflushed, log } = fake({ flush: () => disk.flush(), checkpoint: () => disk.checkpoint() });
    unflushed.note();
    const first = outcome(unflushed.settled());
    await vi.advanceTimersByTimeAsync(FLUSH_WITHIN_MS);
    expect(await first).toBe('settled');
    expect(log).toEqual(['flush', 'checkpoint']);

    // A reader in the way, for a moment.
    let busy = 3;
    disk.checkpoint = () => (busy -= 1) < 0;
    unflushed.note();
    const second = outcome(unflushed.settled());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await second).toBe('settled');

    // Nor that way: whoever waits hears it, and nothing is written until it comes to the disk after all.
    disk.checkpoint = () => false;
    unflushed.note();
    const third = outcome(unflushed.settled());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await third).toBe('io');
    expect(() => unflushed.mend()).toThrow('not on the disk');
    disk.checkpoint = () => true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(unflushed.open).toBe(false);
    await unflushed.settled();
  } finally {
    vi.useRealTimers();
  }
});

test('a transaction that failed for another reason than the disk leaves the log as it is', () => {
  const { unflushed, log } = fake({ flush: () => undefined, checkpoint: refuse });
  unflushed.note();
  unflushed.fails(new PlainsealError('conflict', 'a key was used twice'));
  unflushed.mend();
  unflushed.stands();
  unflushed.fails(io);
  unflushed.mend();
  expect(log).toEqual([]);
});

test('who waits at the end is told so', async () => {
  const { unflushed } = fake({ flush: () => undefined, checkpoint: () => true });
  unflushed.note();
  const waiting = outcome(unflushed.settled());
  unflushed.end();
  expect(await waiting).toBe('gone');
});

const [NORMAL, FULL] = [1, 2];
const put = (db: Database, key: string): void =>
  void db.run('INSERT INTO meta (key, value) VALUES (?, 1)', key);
const level = (db: Database): unknown => Object.values(db.get('PRAGMA synchronous') ?? {})[0];
const mark = (db: Database): unknown => db.get("SELECT value FROM meta WHERE key = 'flush'")?.['value'];

test('a database flushes each transaction but those, and them with the next, even where that changes nothing', async () => {
  const db = openDatabase({ folder: folderFor(), key: new Uint8Array(32).fill(7) });
  try {
    db.transaction(() => expect(level(db)).toBe(FULL));
    db.unflushedTransaction(() => {
      expect(level(db)).toBe(NORMAL);
      put(db, 'a');
    });
    expect(level(db)).toBe(FULL);
    expect(mark(db)).toBeUndefined();
    const waiting = db.flushed();
    // Synchronously: what changes nothing by itself changes the mark.
    db.transaction(() => undefined);
    const first = mark(db);
    expect(first).toBeTypeOf('string');
    await waiting;
    db.transaction(() => undefined);
    expect(mark(db)).toBe(first);

    // One statement alone is a transaction; and one of its own comes by the clock, or when it is asked for.
    db.unflushedTransaction(() => put(db, 'b'));
    put(db, 'c');
    const second = mark(db);
    expect(second).not.toBe(first);
    db.unflushedTransaction(() => put(db, 'd'));
    await db.flushed();
    const third = mark(db);
    expect(third).not.toBe(second);
    db.unflushedTransaction(() => put(db, 'e'));
    db.flush();
    expect(mark(db)).not.toBe(third);

    // What threw is undone, and nothing waits for it; the level is FULL again.
    const last = mark(db);
    expect(() =>
      db.unflushedTransaction(() => {
        put(db, 'f');
        throw io;
      }),
    ).toThrow('refuses');
    await db.flushed();
    db.transaction(() => expect(level(db)).toBe(FULL));
    expect(mark(db)).toBe(last);
    expect(db.all("SELECT key FROM meta WHERE key <> 'flush' AND length(key) = 1")).toHaveLength(5);
  } finally {
    db.close();
  }
});

test('an error of the disk, wherever it is told, has the log moved before anything else is written', async () => {
  const raw = new Sqlite(join(folderFor(), 'plain.db'));
  raw.pragma('journal_mode = WAL');
  raw.exec('CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT');
  let broken: string | null = null;
  const asked: string[] = [];
  const failing = (sql: string): void => {
    asked.push(sql);
    if (broken !== sql) return;
    broken = null;
    throw new Sqlite.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');
  };
  // The driver's own connection, but for one flush that fails.
  const over = new Proxy(raw, {
    get: (target, name) => {
      if (name === 'pragma')
        return (sql: string) => {
          failing(sql);
          return target.pragma(sql);
        };
      if (name === 'prepare')
        return (sql: string) => {
          const made = target.prepare(sql);
          const { run } = made;
          if (sql === 'COMMIT') made.run = (...given) => (failing(sql), run.apply(made, given));
          return made;
        };
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const db = wrapConnection(over, {
    readOnly: false,
    slowMs: Infinity,
    onSlow: () => undefined,
    onWritten: () => undefined,
    checkpointPages: 1_000,
    clock: () => 0,
    beforeClose: () => undefined,
  });
  const CHECKPOINT = 'wal_checkpoint(TRUNCATE)';
  let place = 0;
  try {
    for (const [where, act] of [
      ['COMMIT', () => db.transaction(() => put(db, 'transaction'))],
      ['COMMIT', () => put(db, 'alone')],
      [CHECKPOINT, () => db.checkpointTruncate()],
    ] as const) {
      db.unflushedTransaction(() => put(db, `stands before ${(place += 1)}`));
      const told = db.flushed();
      broken = where;
      expect(act).toThrow('SQLITE_IOERR_FSYNC');
      asked.length = 0;
      db.transaction(() => asked.push('work'));
      expect(asked.slice(0, 2)).toEqual([CHECKPOINT, 'work']);
      await told;
    }
    // Where nothing stood unflushed there is nothing to be mended: SQLite has taken back what it could not flush.
    broken = 'COMMIT';
    expect(() => put(db, 'alone')).toThrow('SQLITE_IOERR_FSYNC');
    asked.length = 0;
    put(db, 'after');
    expect(asked).not.toContain(CHECKPOINT);
    expect(db.all("SELECT key FROM meta WHERE key LIKE 'stands before %'")).toHaveLength(3);
    expect(db.all("SELECT key FROM meta WHERE key IN ('transaction', 'alone')")).toEqual([]);
  } finally {
    db.close();
  }
});
