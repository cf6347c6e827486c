import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PlainsealError } from '../shared/errors.ts';
import type { FileId } from '../shared/ids.ts';
import { flushFolder, withFileErrors } from './durable-file.ts';
import { CHUNK_BYTES, sealChunk } from './file-cipher.ts';

/** Takes the content of one file, in order. Calls must not overlap. */
export type FileWriter = {
  readonly id: FileId;
  write(bytes: Uint8Array): Promise<void>;
  /** Flushes, gives the file its name and marks it as here. Until this resolves the file does not exist. */
  finish(): Promise<FileId>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
};

/** Names of the places where a test stops the program. */
export type FileCrashPoint = 'file.before-rename' | 'file.after-rename';

/** Name of a file that is still being written. */
export const PART = '.part';

type Start = {
  readonly id: FileId;
  /** Made for this one writing. */
  readonly key: Uint8Array;
  readonly path: string;
  readonly crashPoint: (name: FileCrashPoint) => void | Promise<void>;
  /** Marks the file as here; false when its row is gone. */
  readonly arrive: (size: number) => boolean;
  /** Takes back the row of a writing that came to nothing. */
  readonly undo: () => void;
  /** The writing is over, however. */
  readonly ended: (writer: FileWriter) => void;
};

/**
 * Starts writing a file under a passing name. What fails leaves neither bytes nor row.
 * @throws PlainsealError `disk-full`, `read-only`, `io`
 */
export async function startFile(start: Start): Promise<FileWriter> {
  try {
    return await withFileErrors(async () => {
      await mkdir(dirname(start.path), { recursive: true, mode: 0o700 });
      return writerOf(start, await open(start.path + PART, 'wx', 0o600));
    });
  } catch (error) {
    start.undo();
    throw error;
  }
}

function writerOf(start: Start, handle: FileHandle): FileWriter {
  const { id, key, path } = start;
  const pending = Buffer.alloc(CHUNK_BYTES);
  let filled = 0;
  let size = 0;
  let index = 0;
  let state: 'open' | 'done' = 'open';

  async function seal(last: boolean): Promise<void> {
    await handle.writeFile(sealChunk(key, id, index, last, pending.subarray(0, filled)));
    index += 1;
    filled = 0;
  }
  async function abort(): Promise<void> {
    if (state === 'done') return;
    state = 'done';
    pending.fill(0);
    try {
      await handle.close();
      await rm(path + PART, { force: true });
    } finally {
      start.ended(writer);
      start.undo();
    }
  }
  /** A failed step leaves nothing: half a file under this key is never gone on with. */
  async function step<T>(work: () => Promise<T>): Promise<T> {
    if (state === 'done') throw new PlainsealError('conflict', 'the file is finished or dropped');
    try {
      return await withFileErrors(work);
    } catch (error) {
      await abort().catch(() => undefined);
      throw error;
    }
  }

  const writer: FileWriter = {
    id,
    write: (bytes) =>
      step(async () => {
        for (let at = 0; at < bytes.byteLength;) {
          // A full chunk waits for more content: whether it is the last is sealed into it.
          if (filled === CHUNK_BYTES) await seal(false);
          const part = bytes.subarray(at, at + CHUNK_BYTES - filled);
          pending.set(part, filled);
          filled += part.byteLength;
          at += part.byteLength;
        }
        size += bytes.byteLength;
      }),
    finish: () =>
      step(async () => {
        await seal(true);
        pending.fill(0);
        await handle.sync();
        await start.crashPoint('file.before-rename');
        await handle.close();
        await rename(path + PART, path);
        flushFolder(dirname(path));
        await start.crashPoint('file.after-rename');
        const here = start.arrive(size);
        state = 'done';
        start.ended(writer);
        if (here) return id;
        await rm(path, { force: true });
        throw new PlainsealError('not-found', 'the file was removed while it was written');
      }),
    abort,
  };
  return writer;
}
