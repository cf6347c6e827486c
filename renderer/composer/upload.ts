import { MAX_CHUNK } from '../../shared/contract/calls.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { FileId, GrantId } from '../../shared/ids.ts';
import { call } from '../app/core.ts';

/** A file on its way into core's store. */
export type Upload = {
  /** Names it in this page before core has. */
  readonly local: string;
  readonly id: FileId | null;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes core has. */
  readonly done: number;
  readonly stop: AbortController;
};

/** What tells of an upload's progress. */
export type Tell = (upload: Upload) => void;

/** Kept by core for a message that will not be: it may forget it. */
export function dropFile(file: FileId): void {
  // Core forgets what no message names by itself; this is only sooner.
  call('file.drop', { file }).catch(() => undefined);
}

/**
 * Streams a dropped, pasted or chosen file into core. Each chunk waits for the answer to the one before and is no larger
 * than the credit that came with it, so a slow disk is never overrun.
 * @throws PlainsealError with core's kind, `cancelled` when it was taken out meanwhile.
 */
export async function streamFile(blob: Blob, name: string, tell: Tell): Promise<void> {
  const stop = new AbortController();
  const local = crypto.randomUUID();
  let upload: Upload = { local, id: null, name, size: blob.size, done: 0, stop };
  const put = (patch: Partial<Upload>): void => {
    upload = { ...upload, ...patch };
    tell(upload);
  };
  put({});
  const { file } = await call('file.begin', { name, type: blob.type, size: blob.size });
  put({ id: file });
  let credit = MAX_CHUNK;
  let at = 0;
  do {
    if (stop.signal.aborted) throw new PlainsealError('cancelled', 'taken out');
    const end = Math.min(blob.size, at + Math.max(1, Math.min(MAX_CHUNK, credit)));
    const bytes = new Uint8Array(await blob.slice(at, end).arrayBuffer());
    const last = end >= blob.size;
    const answer = await call('file.chunk', { file, at, bytes, last });
    credit = answer.credit;
    at = end;
    if (stop.signal.aborted) throw new PlainsealError('cancelled', 'taken out');
    put({ done: at });
  } while (at < blob.size);
}

/**
 * Asks the shell's dialog for files and has core take them; the page never sees a path.
 * @throws PlainsealError `refused` where the shell has no dialog.
 */
export async function pickFiles(tell: Tell): Promise<void> {
  const { grants } = await call('file.pick', {});
  for (const { grant, name, size } of grants) await takeGrant(grant, name, size, tell);
}

/** Asks the browser's own dialog, where the shell has none: the page then gets the files, not their paths. Empty when it is closed. */
export function chooseFiles(): Promise<readonly File[]> {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  return new Promise((resolve) => {
    input.addEventListener('change', () => resolve([...(input.files ?? [])]), { once: true });
    input.addEventListener('cancel', () => resolve([]), { once: true });
    input.click();
  });
}

async function takeGrant(grant: GrantId, name: string, size: number, tell: Tell): Promise<void> {
  const upload: Upload = {
    local: crypto.randomUUID(),
    id: null,
    name,
    size,
    done: 0,
    stop: new AbortController(),
  };
  tell(upload);
  const { file } = await call('file.begin', { grant, name, type: '', size });
  tell({ ...upload, id: file, done: size });
}
