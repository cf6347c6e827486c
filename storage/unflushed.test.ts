import { expect, test, vi } from 'vitest';
import { PlainsealError } from '../shared/errors.ts';
import { openDatabase } from './database.ts';
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
  const disk = { flush: refuse as () => void, checkpoint: () => true };
  const { unflushed, log } = fake({ flush: () => disk.flush(), checkpoint: () => disk.checkpoint() });
  unflushed.note();
  expect(await outcome(unflushed.settled())).toBe('settled');
  expect(log).toEqual(['flush', 'checkpoint']);

  // Nor that way: whoever waits hears it, and nothing is written until it comes to the disk after all.
  disk.checkpoint = () => false;
  unflushed.note();
  expect(await outcome(unflushed.settled())).toBe('io');
  expect(() => unflushed.mend()).toThrow('not on the disk');
  expect(await outcome(unflushed.settled())).toBe('io');
  disk.checkpoint = () => true;
  unflushed.mend();
  expect(unflushed.open).toBe(false);
  await unflushed.settled();
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

test('a database flushes each transaction but those, and them with the next, even where that changes nothing', async () => {
  const db = openDatabase({ folder: folderFor(), key: new Uint8Array(32).fill(7) });
  const level = (): unknown => Object.values(db.get('PRAGMA synchronous') ?? {})[0];
  const mark = (): unknown => db.get("SELECT value FROM meta WHERE key = 'flush'")?.['value'];
  const [NORMAL, FULL] = [1, 2];
  const put = (key: string): void => void db.run('INSERT INTO meta (key, value) VALUES (?, 1)', key);
  try {
    db.transaction(() => expect(level()).toBe(FULL));
    db.unflushedTransaction(() => {
      expect(level()).toBe(NORMAL);
      put('a');
    });
    expect(level()).toBe(FULL);
    const before = mark();
    const told = vi.fn<() => void>();
    const waiting = db.flushed().then(told);
    db.transaction(() => expect(told).not.toHaveBeenCalled());
    await waiting;
    expect(mark()).not.toBe(before);

    const own = mark();
    const from = performance.now();
    db.unflushedTransaction(() => put('b'));
    await db.flushed();
    expect(performance.now() - from).toBeGreaterThanOrEqual(FLUSH_WITHIN_MS - 1);
    expect(mark()).not.toBe(own);

    // What threw is undone, and nothing waits for it; the level is FULL again.
    const late = mark();
    expect(() =>
      db.unflushedTransaction(() => {
        put('c');
        throw io;
      }),
    ).toThrow('refuses');
    await db.flushed();
    db.transaction(() => expect(level()).toBe(FULL));
    expect(mark()).toBe(late);
    expect(db.all("SELECT key FROM meta WHERE key IN ('a', 'b', 'c')")).toHaveLength(2);
  } finally {
    db.close();
  }
});
