import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ConversationId } from '../shared/ids.ts';
import { createCheckpointer, type Checkpointer } from './checkpointer.ts';
import { DATABASE_FILE, openDatabase, type Database } from './database.ts';
import { addConversation, addMessage } from './test/sample.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
const key = new Uint8Array(32).fill(7);
const conversation = 'a|email|someone' as ConversationId;
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

type Pages = { readonly log: number; readonly moved: number };

/** A database whose writes its checkpointer hears of. */
function world(options: { readonly key?: Uint8Array } = {}) {
  const folder = folderFor();
  const runs: Pages[] = [];
  let faults = 0;
  let told = Promise.withResolvers<void>();
  let checkpointer: Checkpointer | null = null;
  const database = openDatabase({ folder, key, onWritten: () => checkpointer?.wrote() });
  open.push(() => database.close());
  addConversation(database, conversation);
  const tell = (): void => {
    told.resolve();
    told = Promise.withResolvers();
  };
  const made = createCheckpointer({
    folder,
    key: options.key ?? key,
    onFault: () => {
      faults += 1;
      tell();
    },
    onMoved: (pages) => {
      runs.push(pages);
      tell();
    },
  });
  checkpointer = made;
  open.push(() => made.close());
  const size = (suffix: string): number => statSync(join(folder, `${DATABASE_FILE}${suffix}`)).size;
  return {
    database,
    checkpointer: made,
    runs,
    size,
    faults: () => faults,
    async until(fits: () => boolean): Promise<void> {
      while (!fits()) await told.promise;
    },
  };
}

let id = 10;
function write(database: Database, count: number): void {
  for (let n = 0; n < count; n += 1) {
    id += 1;
    database.transaction(() => addMessage(database, { id, conversation, text: `word${id}` }));
  }
}
const whole = ({ log, moved }: Pages): boolean => log > 0 && log === moved;

describe('the checkpointer', () => {
  it('moves what was written into the database, while the writer goes on', async () => {
    const { database, runs, size, until } = world();
    const before = size('');
    write(database, 200);
    await until(() => runs.some(whole));
    expect(size('')).toBeGreaterThan(before);
    const log = size('-wal');
    // All of it was moved: the writer begins the log anew instead of making it longer.
    write(database, 20);
    expect(size('-wal')).toBe(log);
    const last = runs.length;
    await until(() => runs.length > last && runs.slice(last).some(whole));
    expect(database.get('SELECT count(*) AS n FROM message')).toEqual({ n: 220 });
    expect(database.all('PRAGMA quick_check')).toEqual([{ quick_check: 'ok' }]);
  });

  it('is not asked while nothing is written, and once for many writes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    open.push(() => vi.useRealTimers());
    const { database, checkpointer, runs, until } = world();
    // A run that has begun is over once a pause begins.
    const passes = (ms: number): Promise<void> => {
      vi.advanceTimersByTime(ms);
      return checkpointer.pause(() => undefined);
    };
    await passes(60_000);
    expect(runs).toEqual([]);
    write(database, 50);
    await passes(249);
    expect(runs).toEqual([]);
    vi.advanceTimersByTime(1);
    await until(() => runs.length > 0);
    await passes(60_000);
    expect(runs).toHaveLength(1);
  });

  it('is out of the way while it is paused: what was deleted can be emptied from the log', async () => {
    const { database, checkpointer, size, runs, until } = world();
    write(database, 200);
    const emptied = await checkpointer.pause(() => {
      write(database, 10);
      return database.checkpointTruncate();
    });
    expect([emptied, size('-wal')]).toEqual([true, 0]);
    const before = runs.length;
    write(database, 10);
    await until(() => runs.length > before);
  });

  it('says so where it cannot open the database, and keeps nobody waiting', async () => {
    const { database, checkpointer, runs, faults, until } = world({ key: new Uint8Array(32).fill(8) });
    await until(() => faults() > 0);
    write(database, 10);
    expect(await checkpointer.pause(() => database.checkpointTruncate())).toBe(true);
    await checkpointer.close();
    expect([runs.length, faults()]).toEqual([0, 1]);
  });

  it('ends in the middle of its work without loss, twice', async () => {
    const { database, checkpointer } = world();
    write(database, 300);
    await Promise.all([checkpointer.close(), checkpointer.close()]);
    write(database, 10);
    expect(database.get('SELECT count(*) AS n FROM message')).toEqual({ n: 310 });
    expect(database.checkpointTruncate()).toBe(true);
  });
});
