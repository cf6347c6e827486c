import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { ConversationId, FileId } from '../shared/ids.ts';
import { freshId } from '../shared/ids.ts';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { CHUNK_BYTES, TAG_BYTES, chunksOf, openChunk, sealChunk, sizeAtRest } from './file-cipher.ts';
import { settleCutFiles, sweepFiles } from './file-sweep.ts';
import type { FileCrashPoint } from './file-writer.ts';
import type { Files } from './files.ts';
import { FILES_FOLDER, openFiles, pathOf } from './files.ts';
import { startChild } from './test/child.ts';
import { addConversation, addMessage } from './test/sample.ts';
import { kindRejected, kindThrown, scratch } from './test/scratch.ts';

const folderFor = scratch();
const opened: Database[] = [];
afterAll(() => {
  for (const database of opened) database.close();
});
type Store = { readonly folder: string; readonly database: Database; readonly files: Files };
function store(folder = folderFor(), crashPoint?: (name: FileCrashPoint) => void): Store {
  const database = openDatabase({ folder, key: new Uint8Array(32).fill(7) });
  opened.push(database);
  const files = openFiles({
    database,
    folder,
    now: () => 5,
    ...(crashPoint === undefined ? {} : { crashPoint }),
  });
  return { folder, database, files };
}
const about = { name: 'plan.txt', type: 'text/plain' };
async function put(files: Files, content: Uint8Array, step = 50_000): Promise<FileId> {
  const writer = await files.create(about);
  for (let at = 0; at < content.length; at += step) await writer.write(content.subarray(at, at + step));
  return writer.finish();
}
const bytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 255);
/** All names below the file store. */
function namesIn(folder: string): string[] {
  const root = join(folder, FILES_FOLDER);
  return existsSync(root) ? readdirSync(root).flatMap((name) => readdirSync(join(root, name))) : [];
}

describe('a stored file', () => {
  const { folder, database, files } = store();

  it.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_001])(
    'of %i bytes reads back, whole and in parts',
    async (length) => {
      const content = bytes(length);
      const id = await put(files, content);
      expect(files.get(id)).toEqual({ id, ...about, size: length, state: 'here', createdAt: 5 });
      expect(Buffer.from(await files.read(id, 0, length + 10)).equals(content)).toBe(true);
      expect(statSync(pathOf(folder, id)).size).toBe(sizeAtRest(length));
      for (const [at, size] of [
        [0, 1],
        [CHUNK_BYTES - 3, 7],
        [length - 2, 100],
        [length, 10],
        [length + 5_000_000, 10],
      ] as const) {
        if (at < 0) continue;
        expect(Buffer.from(await files.read(id, at, size)).equals(content.subarray(at, at + size))).toBe(
          true,
        );
      }
    },
  );

  it('is the same however it was cut while it came', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(90_000), { maxLength: 5 }), async (steps) => {
        const content = bytes(steps.reduce((sum, step) => sum + step, 0));
        const writer = await files.create(about);
        let at = 0;
        for (const step of steps) {
          await writer.write(content.subarray(at, at + step));
          at += step;
        }
        const id = await writer.finish();
        expect(Buffer.from(await files.read(id, 0, content.length)).equals(content)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it('is unreadable on the disk, for its owner alone, under a key of its own', async () => {
    const content = Buffer.from('the old lighthouse '.repeat(20_000));
    const [one, two] = [await put(files, content), await put(files, content)];
    const at = readFileSync(pathOf(folder, one));
    expect(at.includes('lighthouse')).toBe(false);
    expect(at.subarray(0, 100).equals(readFileSync(pathOf(folder, two)).subarray(0, 100))).toBe(false);
    expect(statSync(pathOf(folder, one)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, FILES_FOLDER)).mode & 0o777).toBe(0o700);
    const keys = database.all<{ key: Uint8Array }>('SELECT key FROM file WHERE id IN (?, ?)', one, two);
    expect(new Set(keys.map((row) => Buffer.from(row.key).toString('hex'))).size).toBe(2);
    expect(namesIn(folder).filter((name) => name.includes('plan'))).toEqual([]);
  });

  it('refuses ranges that are none, and ids that are paths', async () => {
    const id = await put(files, bytes(10));
    for (const [at, length] of [
      [-1, 5],
      [0, -5],
      [0.5, 1],
      [0, Number.NaN],
      [Number.MAX_VALUE, 1],
    ] as const)
      expect(await kindRejected(files.read(id, at, length))).toBe('bad-request');
    expect(await kindRejected(files.read(id, 0, 2 ** 40))).toBe('too-large');
    expect(await kindRejected(files.read('../../etc/passwd' as FileId, 0, 1))).toBe('not-found');
    expect(kindThrown(() => pathOf(folder, '../../etc/passwd' as FileId))).toBe('not-found');
    expect(kindThrown(() => pathOf(folder, `aa/../../${'a'.repeat(28)}` as FileId))).toBe('not-found');
    expect(files.get('nothing' as FileId)).toBe(null);
    expect(await kindRejected(files.read(freshId<FileId>(), 0, 1))).toBe('not-found');
  });

  it('goes with its key', async () => {
    const id = await put(files, bytes(100));
    files.forget(id);
    expect(await kindRejected(files.read(id, 0, 1))).toBe('not-found');
    await files.discard(id);
    await files.discard(id);
    expect(existsSync(pathOf(folder, id))).toBe(false);
  });

  it('keeps its bytes when forgetting it was undone', async () => {
    const id = await put(files, bytes(100));
    expect(() =>
      database.transaction(() => {
        files.forget(id);
        throw new Error('undone');
      }),
    ).toThrow('undone');
    await files.discard(id);
    expect((await files.read(id, 0, 100)).length).toBe(100);
  });

  it('whose bytes are gone is told', async () => {
    const id = await put(files, bytes(100));
    rmSync(pathOf(folder, id));
    expect(await kindRejected(files.read(id, 0, 1))).toBe('not-found');
  });
});

describe('damage to a stored file', () => {
  const { folder, files } = store();
  const content = bytes(3 * CHUNK_BYTES + 500);
  const sealed = CHUNK_BYTES + TAG_BYTES;
  const damages: readonly (readonly [name: string, act: (path: string) => void])[] = [
    ['a flipped bit', (path) => change(path, (all) => all.fill((all[70_000] ?? 0) ^ 1, 70_000, 70_001))],
    [
      'a flipped bit of a tag',
      (path) => change(path, (all) => all.fill((all.at(-1) ?? 0) ^ 1, all.length - 1)),
    ],
    ['a cut within a chunk', (path) => truncateSync(path, sealed + 9)],
    ['a cut at a chunk', (path) => truncateSync(path, 3 * sealed)],
    ['nothing left', (path) => truncateSync(path, 0)],
    [
      'two chunks exchanged',
      (path) =>
        change(path, (all) =>
          Buffer.concat([
            all.subarray(sealed, 2 * sealed),
            all.subarray(0, sealed),
            all.subarray(2 * sealed),
          ]),
        ),
    ],
    [
      'a chunk repeated',
      (path) => change(path, (all) => Buffer.concat([all.subarray(0, 2 * sealed), all.subarray(sealed)])),
    ],
  ];
  function change(path: string, act: (all: Buffer) => Buffer): void {
    writeFileSync(path, act(readFileSync(path)));
  }

  it.each(damages)('%s is found when it is read', async (_name, act) => {
    const id = await put(files, content);
    act(pathOf(folder, id));
    expect(await kindRejected(files.read(id, 0, content.length))).toBe('corrupt');
  });

  it('an exchange with another file is found', async () => {
    const [one, two] = [await put(files, content), await put(files, content)];
    renameSync(pathOf(folder, two), pathOf(folder, one));
    expect(await kindRejected(files.read(one, 0, 10))).toBe('corrupt');
  });

  it('an end cut off together with the size in the row is found', async () => {
    const { folder: there, database, files: store2 } = store();
    const id = await put(store2, content);
    truncateSync(pathOf(there, id), 3 * sealed);
    database.run('UPDATE file SET size = ? WHERE id = ?', 3 * CHUNK_BYTES, id);
    expect(await kindRejected(store2.read(id, 2 * CHUNK_BYTES, 10))).toBe('corrupt');
  });

  it('never passes the cipher', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(300),
        fc.integer({ min: 1, max: 255 }),
        (plain, where, by) => {
          const key = new Uint8Array(32).fill(1);
          const chunk = Uint8Array.from(sealChunk(key, 'f', 4, true, plain));
          expect(Buffer.from(openChunk(key, 'f', 4, true, chunk)).equals(plain)).toBe(true);
          expect(kindThrown(() => openChunk(key, 'f', 4, false, chunk))).toBe('corrupt');
          expect(kindThrown(() => openChunk(key, 'f', 5, true, chunk))).toBe('corrupt');
          expect(kindThrown(() => openChunk(key, 'g', 4, true, chunk))).toBe('corrupt');
          expect(
            kindThrown(() => openChunk(key, 'f', 4, true, chunk.subarray(0, where % chunk.length))),
          ).toBe('corrupt');
          chunk[where % chunk.length] = (chunk[where % chunk.length] ?? 0) ^ by;
          expect(kindThrown(() => openChunk(key, 'f', 4, true, chunk))).toBe('corrupt');
        },
      ),
    );
    expect(chunksOf(0)).toBe(1);
    expect(kindThrown(() => sealChunk(new Uint8Array(32), 'f', 2 ** 32, true, new Uint8Array(1)))).toBe(
      'too-large',
    );
  });
});

describe('a file that is being written', () => {
  it('does not exist until it is finished, and not after it was dropped', async () => {
    const { folder, files } = store();
    const writer = await files.create(about);
    await writer.write(bytes(100_000));
    expect(files.get(writer.id)?.state).toBe('writing');
    expect(await kindRejected(files.read(writer.id, 0, 1))).toBe('not-found');
    await writer.abort();
    await writer.abort();
    expect(files.get(writer.id)).toBe(null);
    expect(namesIn(folder)).toEqual([]);
    expect(await kindRejected(writer.write(bytes(1)))).toBe('conflict');
    expect(await kindRejected(writer.finish())).toBe('conflict');
  });

  it('is dropped when the program ends, also in the middle of a step, and what was finished stays', async () => {
    const { folder, files } = store();
    const kept = await put(files, bytes(10));
    const idle = await files.create(about);
    const writing = await files.create(about);
    const finishing = await files.create(about);
    const steps = [writing.write(bytes(300_000)), finishing.finish()].map((step) =>
      step.then(
        () => 'done',
        (error: { readonly kind: string }) => error.kind,
      ),
    );
    await files.dropUnfinished();
    await files.dropUnfinished();
    const [, finished] = await Promise.all(steps);
    const stays = finished === 'done' ? [kept, finishing.id] : [kept];
    for (const { id } of [idle, writing, finishing])
      expect(files.get(id)?.state).toBe(stays.includes(id) ? 'here' : undefined);
    expect(namesIn(folder).toSorted()).toEqual(stays.toSorted());
    expect(await kindRejected(idle.write(bytes(1)))).toBe('conflict');
  });

  it('is finished once', async () => {
    const { files } = store();
    const writer = await files.create(about);
    await writer.finish();
    expect(await kindRejected(writer.finish())).toBe('conflict');
    await writer.abort();
    expect(files.get(writer.id)?.state).toBe('here');
  });

  it('and forgotten meanwhile leaves no bytes', async () => {
    const { folder, files } = store();
    const writer = await files.create(about);
    await writer.write(bytes(10));
    files.forget(writer.id);
    expect(await kindRejected(writer.finish())).toBe('not-found');
    expect(namesIn(folder)).toEqual([]);
  });

  it('where the folder cannot be made leaves no row', async () => {
    const { folder, database, files } = store();
    writeFileSync(join(folder, FILES_FOLDER), 'in the way');
    expect(await kindRejected(files.create(about))).toBe('io');
    expect(database.all('SELECT id FROM file')).toEqual([]);
  });

  it.each(['file.before-rename', 'file.after-rename'] as const)(
    'stopped at %s is gone after the next start',
    async (point) => {
      const folder = folderFor();
      const child = startChild(new URL('./test/write-file.ts', import.meta.url), [folder, point]);
      const id = (await child.line()) as FileId;
      expect(await child.line()).toBe(null);
      await child.kill();
      const { database, files } = store(folder);
      expect(files.get(id)?.state).toBe('writing');
      expect(namesIn(folder)).toEqual([point === 'file.before-rename' ? `${id}.part` : id]);
      settleCutFiles(database);
      expect(files.get(id)).toBe(null);
      expect(await sweepFiles({ database, folder, budgetMs: 5_000 })).toEqual({ removed: 1, next: null });
      expect(namesIn(folder)).toEqual([]);
    },
  );
});

describe('an announced file', () => {
  it('is fetched once, under its own id', async () => {
    const { files } = store();
    const id = files.announce({ ...about, size: 99 });
    expect(files.get(id)).toMatchObject({ state: 'not-fetched', size: 99 });
    expect(await kindRejected(files.read(id, 0, 1))).toBe('not-found');
    const writer = await files.fill(id);
    expect(await kindRejected(files.fill(id))).toBe('conflict');
    await writer.write(bytes(7));
    expect(await writer.finish()).toBe(id);
    expect(files.get(id)).toMatchObject({ state: 'here', size: 7 });
    expect(await kindRejected(files.fill(id))).toBe('conflict');
    expect(await kindRejected(files.fill(freshId<FileId>()))).toBe('not-found');
  });

  it('can be fetched again after a fetch was dropped, under another key', async () => {
    const { database, files } = store();
    const id = files.announce({ ...about, size: 9 });
    const keyOf = (): string =>
      Buffer.from(
        database.get<{ key: Uint8Array }>('SELECT key FROM file WHERE id = ?', id)?.key ?? [],
      ).toString('hex');
    const writer = await files.fill(id);
    const first = keyOf();
    await writer.abort();
    expect(files.get(id)?.state).toBe('not-fetched');
    expect(keyOf()).toBe('');
    await (await files.fill(id)).finish();
    expect(keyOf()).not.toBe(first);
  });

  it('that a message names can be fetched again after a stop in the middle', () => {
    const { database, files } = store();
    const conversation = 'a|email|b' as ConversationId;
    addConversation(database, conversation);
    addMessage(database, { id: 1, conversation, text: 'with a file' });
    const id = files.announce({ ...about, size: 9 });
    database.run('INSERT INTO message_file (message, position, file) VALUES (1, 0, ?)', id);
    database.run("UPDATE file SET state = 'writing' WHERE id = ?", id);
    settleCutFiles(database);
    expect(files.get(id)?.state).toBe('not-fetched');
  });
});

describe('the sweep', () => {
  it('removes what no row speaks for, and nothing else, in bounded steps', async () => {
    const { folder, database, files } = store();
    const kept = await put(files, bytes(10));
    const writing = await files.create(about);
    const orphan = freshId<FileId>();
    mkdirSync(join(folder, FILES_FOLDER, orphan.slice(0, 2)), { recursive: true });
    writeFileSync(pathOf(folder, orphan), 'left');
    writeFileSync(`${pathOf(folder, kept)}.part`, 'left');
    const first = await sweepFiles({ database, folder, budgetMs: -1 });
    expect(first).toEqual({ removed: 0, next: 0 });
    const second = await sweepFiles({ database, folder, budgetMs: 5_000, from: first.next ?? 0 });
    expect(second).toEqual({ removed: 2, next: null });
    expect(namesIn(folder).sort()).toEqual([kept, `${writing.id}.part`].sort());
    await writing.finish();
    expect((await files.read(kept, 0, 10)).length).toBe(10);
  });

  it('forgets files that nothing names, once they are old enough, and no others', async () => {
    const { folder, database, files } = store();
    const conversation = 'a|email|b' as ConversationId;
    addConversation(database, conversation);
    addMessage(database, { id: 1, conversation, text: 'with a file' });
    const [named, drafted, waited, unnamed] = await Promise.all([
      put(files, bytes(1)),
      put(files, bytes(2)),
      put(files, bytes(3)),
      put(files, bytes(4)),
    ]);
    database.run('INSERT INTO message_file (message, position, file) VALUES (1, 0, ?)', named);
    database.run('UPDATE conversation SET draft = ?', JSON.stringify({ text: '', files: [drafted] }));
    database.run(
      "INSERT INTO waiting_change (account, target, change, until) VALUES ('a', 'later', ?, 9)",
      JSON.stringify({ kind: 'edit', content: { files: [waited] } }),
    );
    const madeAt = files.get(unnamed)?.createdAt ?? NaN;
    const sweep = { database, folder, budgetMs: 5_000 };
    expect(await sweepFiles(sweep)).toEqual({ removed: 0, next: null });
    expect(await sweepFiles({ ...sweep, unnamedBefore: madeAt })).toEqual({ removed: 0, next: null });
    expect(await sweepFiles({ ...sweep, unnamedBefore: madeAt + 1 })).toEqual({ removed: 1, next: null });
    expect(namesIn(folder).sort()).toEqual([named, drafted, waited].sort());
    expect(files.get(unnamed)).toBeNull();
  });

  it('has nothing to do in a new profile', async () => {
    const { folder, database } = store();
    settleCutFiles(database);
    expect(await sweepFiles({ database, folder, budgetMs: 5_000 })).toEqual({ removed: 0, next: null });
  });
});
