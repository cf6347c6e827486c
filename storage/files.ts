import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PlainsealError } from '../shared/errors.ts';
import type { FileId, Millis } from '../shared/ids.ts';
import { freshId } from '../shared/ids.ts';
import type { Database } from './database.ts';
import { withFileErrors } from './durable-file.ts';
import { CHUNK_BYTES, FILE_KEY_BYTES, TAG_BYTES, chunksOf, openChunk } from './file-cipher.ts';
import type { FileCrashPoint, FileWriter } from './file-writer.ts';
import { PART, startFile } from './file-writer.ts';

export type { FileCrashPoint, FileWriter } from './file-writer.ts';

/** Folder of the files inside a profile. */
export const FILES_FOLDER = 'files';
/** Most bytes one `read` gives. */
export const MAX_READ_BYTES = 4 * 1024 * 1024;

export type FileState = 'writing' | 'here' | 'not-fetched';
export type StoredFile = {
  readonly id: FileId;
  readonly name: string;
  readonly type: string;
  /** Bytes of content. */
  readonly size: number;
  readonly state: FileState;
  readonly createdAt: Millis;
};

export type FilesOptions = {
  readonly database: Database;
  /** The profile folder. */
  readonly folder: string;
  readonly now: () => Millis;
  readonly crashPoint?: (name: FileCrashPoint) => void | Promise<void>;
};

export type Files = {
  /** Starts a file of yet unknown length. @throws PlainsealError `disk-full`, `read-only`, `io` */
  create(about: { readonly name: string; readonly type: string }): Promise<FileWriter>;
  /** Notes a file that a message names and nobody has fetched yet. */
  announce(about: { readonly name: string; readonly type: string; readonly size: number }): FileId;
  /** Fetches the content of an announced file under its own id. @throws PlainsealError `not-found`, `conflict` */
  fill(id: FileId): Promise<FileWriter>;
  get(id: FileId): StoredFile | null;
  /**
   * Reads up to `length` bytes from `at`; fewer at the end.
   * @throws PlainsealError `not-found`, `corrupt`, `bad-request`, `too-large`, `io`
   */
  read(id: FileId, at: number, length: number): Promise<Uint8Array>;
  /** Forgets the key, in the caller's transaction where there is one; without it the bytes mean nothing. Call `discard` after the commit. */
  forget(id: FileId): void;
  /** Removes the bytes of a forgotten file. One that has its row still, because the transaction was undone, keeps them. */
  discard(id: FileId): Promise<void>;
  /** Drops whatever is still being written: the program ends, and nobody goes on with it. */
  dropUnfinished(): Promise<void>;
};

type FileTableRow = {
  readonly id: FileId;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly key: Uint8Array;
  readonly state: FileState;
  readonly created_at: number;
};

/** Where the bytes of a file lie: 256 folders, so that none grows long. Ids are ours, but a path is built only from what looks like one. */
export function pathOf(folder: string, id: FileId): string {
  if (!/^[0-9a-f]{2}[0-9a-f-]{34}$/.test(id)) throw new PlainsealError('not-found', 'no such file');
  return join(folder, FILES_FOLDER, id.slice(0, 2), id);
}

/** The file store of a profile: contents in chunks under a key of each file's own, keys and names in the database. */
export function openFiles(options: FilesOptions): Files {
  const { database, folder, now } = options;
  const unfinished = new Set<FileWriter>();

  const rowOf = (id: FileId): FileTableRow | undefined =>
    database.get<FileTableRow>('SELECT * FROM file WHERE id = ?', id);

  function insert(row: FileTableRow): void {
    database.run(
      'INSERT INTO file (id, name, type, size, key, state, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
      row.id,
      row.name,
      row.type,
      row.size,
      row.key,
      row.state,
      row.created_at,
    );
  }

  async function begin(id: FileId, key: Uint8Array, undo: () => void): Promise<FileWriter> {
    const writer = await startFile({
      id,
      key,
      path: pathOf(folder, id),
      undo,
      crashPoint: options.crashPoint ?? (() => undefined),
      arrive: (size) =>
        database.run("UPDATE file SET state = 'here', size = ? WHERE id = ? AND state = 'writing'", size, id)
          .changes === 1,
      ended: (over) => void unfinished.delete(over),
    });
    unfinished.add(writer);
    return writer;
  }

  return {
    create: ({ name, type }) => {
      const id = freshId<FileId>();
      const key = randomBytes(FILE_KEY_BYTES);
      insert({ id, name, type, size: 0, key, state: 'writing', created_at: now() });
      return begin(
        id,
        key,
        () => void database.run("DELETE FROM file WHERE id = ? AND state = 'writing'", id),
      );
    },
    announce: ({ name, type, size }) => {
      const id = freshId<FileId>();
      insert({ id, name, type, size, key: new Uint8Array(0), state: 'not-fetched', created_at: now() });
      return id;
    },
    fill: async (id) => {
      const row = rowOf(id);
      if (row === undefined) throw new PlainsealError('not-found', 'no such file');
      if (row.state !== 'not-fetched')
        throw new PlainsealError('conflict', 'the file is here or being fetched');
      const key = randomBytes(FILE_KEY_BYTES);
      database.run("UPDATE file SET state = 'writing', key = ? WHERE id = ?", key, id);
      return begin(id, key, () => unfetch(database, id));
    },
    get: (id) => {
      const row = rowOf(id);
      if (row === undefined) return null;
      const { name, type, size, state } = row;
      return { id, name, type, size, state, createdAt: row.created_at };
    },
    read: async (id, at, length) => {
      if (!Number.isSafeInteger(at) || !Number.isSafeInteger(length) || at < 0 || length < 0)
        throw new PlainsealError('bad-request', 'not a range of a file');
      if (length > MAX_READ_BYTES) throw new PlainsealError('too-large', 'too much of a file at once');
      const row = rowOf(id);
      if (row?.state !== 'here') throw new PlainsealError('not-found', 'the file is not here');
      return withFileErrors(() => readRange(pathOf(folder, id), row, at, Math.min(at + length, row.size)));
    },
    forget: (id) => {
      database.run('DELETE FROM file WHERE id = ?', id);
    },
    discard: async (id) => {
      const path = pathOf(folder, id);
      if (rowOf(id) !== undefined) return;
      await withFileErrors(async () => {
        await rm(path, { force: true });
        await rm(path + PART, { force: true });
      });
    },
    dropUnfinished: async () => {
      await Promise.allSettled([...unfinished].map((writer) => writer.abort()));
    },
  };
}

/** Back to "not fetched": what a broken fetch or a restart leaves of an announced file. The unused key goes too. */
export function unfetch(database: Database, id: FileId): void {
  database.run("UPDATE file SET state = 'not-fetched', key = x'' WHERE id = ? AND state = 'writing'", id);
}

async function readRange(path: string, row: FileTableRow, at: number, end: number): Promise<Uint8Array> {
  if (at >= end) return new Uint8Array(0);
  const handle = await open(path, 'r');
  try {
    const lastChunk = chunksOf(row.size) - 1;
    const parts: Uint8Array[] = [];
    for (let index = Math.floor(at / CHUNK_BYTES); index * CHUNK_BYTES < end; index += 1) {
      const length = Math.min(CHUNK_BYTES, row.size - index * CHUNK_BYTES) + TAG_BYTES;
      const sealed = Buffer.alloc(length);
      const { bytesRead } = await handle.read(sealed, 0, length, index * (CHUNK_BYTES + TAG_BYTES));
      const content = openChunk(row.key, row.id, index, index === lastChunk, sealed.subarray(0, bytesRead));
      const from = index * CHUNK_BYTES;
      parts.push(content.subarray(Math.max(0, at - from), Math.max(0, end - from)));
    }
    return Buffer.concat(parts);
  } finally {
    await handle.close();
  }
}
