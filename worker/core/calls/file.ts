import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { MAX_CHUNK } from '../../../shared/contract/calls.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import type { FileId, GrantId, Millis } from '../../../shared/ids.ts';
import type { FileWriter } from '../../../storage/file-writer.ts';
import { saveFile } from './saving.ts';
import { mustFind, type CallScope, type Serve } from './scope.ts';

/** Largest file a message may carry, in bytes. */
export const MAX_FILE = 100 * 1024 * 1024;
/** Files one page may be writing at once. */
const MAX_WRITING = 16;
/** A page that went away sends no more: what it began is dropped when the next file begins. */
const IDLE_MS = 60_000;
/** Bytes the page may send ahead. */
const CHUNK_CREDIT = 4 * MAX_CHUNK;

type Names = 'file.pick' | 'file.begin' | 'file.chunk' | 'file.drop' | 'file.read' | 'file.save';

/** Files: the page never names a path, the shell's dialogs give grants. */
export function fileCalls(of: CallScope): Serve<Names> {
  const writing = new Map<
    FileId,
    { readonly writer: FileWriter; readonly size: number; at: number; heardAt: Millis }
  >();

  async function giveUp(id: FileId, { writer }: { readonly writer: FileWriter }): Promise<void> {
    writing.delete(id);
    await writer.abort();
  }
  async function dropIdle(): Promise<void> {
    for (const [id, one] of writing) if (of.clock() - one.heardAt >= IDLE_MS) await giveUp(id, one);
  }

  async function copyIn(grant: GrantId, name: string, type: string): Promise<FileId> {
    const { path, mode } = await of.host.call('grant.open', { grant });
    if (mode !== 'read') throw new PlainsealError('refused', 'this grant is not for reading');
    const source = await open(path, 'r').catch((cause: unknown) => {
      throw new PlainsealError('not-found', 'the file cannot be read', { cause });
    });
    try {
      const { size } = await source.stat();
      if (size > MAX_FILE) throw new PlainsealError('too-large', 'the file is too large');
      const writer = await of.files.create({ name: name === '' ? basename(path) : name, type });
      const buffer = new Uint8Array(MAX_CHUNK);
      try {
        for (let at = 0; ;) {
          const { bytesRead } = await source.read(buffer, 0, buffer.byteLength, at);
          if (bytesRead === 0) break;
          at += bytesRead;
          if (at > MAX_FILE) throw new PlainsealError('too-large', 'the file is too large');
          await writer.write(buffer.subarray(0, bytesRead));
        }
        return await writer.finish();
      } catch (error) {
        await writer.abort();
        throw error;
      }
    } finally {
      await source.close();
      await of.host.call('grant.close', { grant }).catch(() => undefined);
    }
  }

  const copyOut = (file: FileId, name: string, size: number): Promise<boolean> =>
    saveFile(of, name, async (target) => {
      for (let at = 0; at < size;) {
        const bytes = await of.files.read(file, at, Math.min(MAX_CHUNK, size - at));
        if (bytes.byteLength === 0) throw new PlainsealError('corrupt', 'the file ends early');
        await target.writeFile(bytes);
        at += bytes.byteLength;
      }
    });

  return {
    'file.pick': async () => ({ grants: await of.host.call('file.pick', {}) }),
    'file.begin': async ({ grant, name, type, size }) => {
      if (grant) return { file: await copyIn(grant, name, type) };
      if (size > MAX_FILE) throw new PlainsealError('too-large', 'the file is too large');
      await dropIdle();
      if (writing.size >= MAX_WRITING) throw new PlainsealError('refused', 'too many files at once');
      const writer = await of.files.create({ name, type });
      writing.set(writer.id, { writer, size, at: 0, heardAt: of.clock() });
      return { file: writer.id };
    },
    'file.chunk': async ({ file, at, bytes, last }) => {
      const one = mustFind(writing.get(file) ?? null, 'file');
      const end = at + bytes.byteLength;
      const fits = at === one.at && end <= one.size && (!last || end === one.size);
      if (!fits) {
        await giveUp(file, one);
        throw new PlainsealError('bad-request', 'the chunk does not follow');
      }
      one.at = end;
      one.heardAt = of.clock();
      await one.writer.write(bytes);
      if (last) {
        writing.delete(file);
        await one.writer.finish();
      }
      return { credit: CHUNK_CREDIT };
    },
    'file.drop': async ({ file }) => {
      const one = writing.get(file);
      if (one) await giveUp(file, one);
      else if (!isUsed(of, file)) {
        of.files.forget(file);
        await of.files.discard(file);
      }
      return null;
    },
    'file.read': ({ file, at, length }) => of.files.read(file, at, length),
    'file.save': async ({ file }) => {
      const about = mustFind(of.files.get(file), 'file');
      return copyOut(file, about.name, about.size);
    },
  };
}

/** Whether a message names the file: then it is not the page's to drop. */
function isUsed(of: CallScope, file: FileId): boolean {
  return of.db.get('SELECT 1 FROM message_file WHERE file = ?', file) !== undefined;
}
