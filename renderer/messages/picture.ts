import { MAX_CHUNK } from '../../shared/contract/calls.ts';
import type { FileRow } from '../../shared/contract/message.ts';
import { PlainsealError } from '../../shared/errors.ts';
import { call } from '../app/core.ts';

/** Kinds of pictures the page decodes. SVG is none: it is a program. */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
/** Larger ones are shown as a file, in bytes. */
const MAX_PICTURE = 24 * 1024 * 1024;
/** Pictures read from core at once. */
const MAX_READING = 2;

/** Whether a file is drawn as a picture. */
export function isPicture(file: FileRow): boolean {
  return file.state === 'here' && PICTURES.has(file.type) && file.size > 0 && file.size <= MAX_PICTURE;
}

let reading = 0;
const waiting: (() => void)[] = [];

/**
 * Reads a picture from core into a `blob:` address; whoever asked revokes it.
 * @throws PlainsealError with core's kind, `cancelled` when no longer wanted.
 */
export async function loadPicture(
  file: Pick<FileRow, 'id' | 'size' | 'type'>,
  signal: AbortSignal,
): Promise<string> {
  if (reading >= MAX_READING) await new Promise<void>((go) => waiting.push(go));
  reading += 1;
  try {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < file.size;) {
      if (signal.aborted) throw new PlainsealError('cancelled', 'no longer shown');
      const length = Math.min(MAX_CHUNK, file.size - at);
      const bytes = await call('file.read', { file: file.id, at, length }, signal);
      if (bytes.byteLength === 0) throw new PlainsealError('io', 'file ended early');
      parts.push(new Uint8Array(bytes));
      at += bytes.byteLength;
    }
    return URL.createObjectURL(new Blob(parts, { type: file.type }));
  } finally {
    reading -= 1;
    waiting.shift()?.();
  }
}
