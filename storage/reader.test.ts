import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationId } from '../shared/ids.ts';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { queries } from './queries/list.ts';
import type { Reader } from './reader.ts';
import { createReader } from './reader.ts';
import type { oddQueries } from './test/odd-reader-thread.ts';
import { addConversation, addMessage } from './test/sample.ts';
import { kindRejected, scratch } from './test/scratch.ts';

const folderFor = scratch();
const key = new Uint8Array(32).fill(7);
const odd = new URL('./test/odd-reader-thread.ts', import.meta.url);
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function writer(folder = folderFor()): { readonly folder: string; readonly database: Database } {
  const database = openDatabase({ folder, key });
  closing.push(() => database.close());
  database.run("INSERT INTO meta (key, value) VALUES ('a', 1), ('b', 2)");
  return { folder, database };
}
function oddReader(folder: string, onCrash: () => void = () => undefined): Reader<typeof oddQueries> {
  const reader = createReader<typeof oddQueries>({ folder, key, entry: odd, onCrash, heapMib: 48 });
  closing.push(() => reader.close());
  return reader;
}
const keysOf = (rows: readonly { readonly key: string }[]): readonly string[] => rows.map((row) => row.key);

describe('the reader thread', () => {
  it('gives what the same query gives on the writer, of what was committed last', async () => {
    const { folder, database } = writer();
    const reader = createReader({ folder, key });
    closing.push(() => reader.close());
    const conversation = 'a|email|b' as ConversationId;
    addConversation(database, conversation);
    for (let id = 1; id <= 5; id += 1) {
      addMessage(database, { id, conversation, text: `round ${id}` });
      const search = { text: 'round', in: null, before: null, limit: 3 };
      const there = await reader.run('search.ids', search);
      expect(there).toEqual(queries['search.ids'](database, search));
      expect(there.ids[0]).toBe(id);
    }
  });

  it('cannot write, and tells failures by kind', async () => {
    const { folder, database } = writer();
    const reader = oddReader(folder);
    expect(await kindRejected(reader.run('write', null))).toBe('read-only');
    expect(await kindRejected(reader.run('fail', null))).toBe('internal');
    expect(await kindRejected(reader.run('function', null))).toBe('internal');
    expect(await kindRejected(reader.run('toString' as 'keys', null))).toBe('internal');
    expect(keysOf(await reader.run('keys', null))).toEqual(['a', 'b']);
    expect(database.get<{ n: number }>('SELECT count(*) AS n FROM meta')?.n).toBe(2);
  });

  it('inherits nothing of the environment', async () => {
    const reader = oddReader(writer().folder);
    expect(await reader.run('environment', null)).toEqual([]);
  });

  it('is started again after it died, and only the query it died of fails', async () => {
    let crashes = 0;
    const reader = oddReader(writer().folder, () => (crashes += 1));
    const before = reader.run('keys', null);
    const deadly = kindRejected(reader.run('die', null));
    const behind = [reader.run('keys', null), reader.run('keys', null)];
    expect(keysOf(await before)).toEqual(['a', 'b']);
    expect(await deadly).toBe('gone');
    for (const rows of await Promise.all(behind)) expect(keysOf(rows)).toEqual(['a', 'b']);
    expect(crashes).toBe(2);
  });

  it('that eats its heap takes nothing else with it', async () => {
    const reader = oddReader(writer().folder);
    expect(await kindRejected(reader.run('exhaust', null))).toBe('gone');
    expect(keysOf(await reader.run('keys', null))).toEqual(['a', 'b']);
  });

  it('tells a wrong key, and fails the queries that waited', async () => {
    const { folder } = writer();
    const reader = createReader({ folder, key: new Uint8Array(32) });
    closing.push(() => reader.close());
    const search = { text: 'x', in: null, before: null, limit: 1 };
    expect(await kindRejected(reader.run('search.ids', search))).toBe('wrong-key');
    expect(await kindRejected(reader.run('search.ids', search))).toBe('wrong-key');
  });

  it('leaves the caller its key', async () => {
    const own = Uint8Array.from(key);
    const { folder } = writer();
    const reader = createReader({ folder, key: own });
    await reader.run('search.ids', { text: 'x', in: null, before: null, limit: 1 });
    await reader.close();
    expect(own).toEqual(key);
  });

  it('fails open and later queries once closed', async () => {
    const reader = oddReader(writer().folder);
    const open = kindRejected(reader.run('long', 5_000_000));
    await reader.close();
    await reader.close();
    expect(await open).toBe('gone');
    expect(await kindRejected(reader.run('keys', null))).toBe('gone');
  });
});

describe('ending the snapshot', () => {
  it('waits for what runs, holds back what comes, and lets a checkpoint through', async () => {
    const { folder, database } = writer();
    const reader = oddReader(folder);
    const order: string[] = [];
    await reader.run('keys', null);
    const running = reader.run('long', 300_000).then(() => order.push('ran'));
    database.run("INSERT INTO meta (key, value) VALUES ('c', 3)");
    const ended = reader.endSnapshot(() => {
      order.push('ended');
      return database.checkpointTruncate();
    });
    const later = reader.run('keys', null).then((rows) => order.push(`later ${rows.length}`));
    expect(await ended).toBe(true);
    await Promise.all([running, later]);
    expect(order).toEqual(['ran', 'ended', 'later 3']);
  });

  it('goes on after work that throws, and twice at once', async () => {
    const { folder } = writer();
    const reader = oddReader(folder);
    const failing = reader.endSnapshot(() => {
      throw new Error('stop');
    });
    const second = reader.endSnapshot(() => 2);
    await expect(failing).rejects.toThrow('stop');
    expect(await second).toBe(2);
    expect(await reader.run('keys', null)).toHaveLength(2);
  });
});
