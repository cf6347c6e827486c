import { createCipheriv, createDecipheriv } from 'node:crypto';
import { PlainsealError } from '../shared/errors.ts';

/** Bytes of content in each chunk but the last. */
export const CHUNK_BYTES = 64 * 1024;
/** Bytes AES-GCM adds to each chunk. */
export const TAG_BYTES = 16;
/** Bytes of the key of one file. */
export const FILE_KEY_BYTES = 32;
/** Chunk numbers have 32 bits. */
const MAX_CHUNKS = 2 ** 32;

/** Number of chunks of a file; an empty file has one empty chunk, so that it too ends with a proof of its end. */
export function chunksOf(size: number): number {
  return Math.max(1, Math.ceil(size / CHUNK_BYTES));
}

/** Bytes a file of `size` bytes takes at rest. */
export function sizeAtRest(size: number): number {
  return size + chunksOf(size) * TAG_BYTES;
}

/**
 * Seals one chunk: AES-256-GCM, the chunk's number as nonce. A nonce never repeats because a key is made for one writing of
 * one file and every number is used once. File id, number and whether it is the last are authenticated, so chunks can
 * be neither exchanged, nor moved, nor cut off at the end.
 */
export function sealChunk(
  key: Uint8Array,
  file: string,
  index: number,
  last: boolean,
  content: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(index));
  cipher.setAAD(aad(file, index, last));
  return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Opens one chunk.
 * @throws PlainsealError `corrupt` when anything about it differs from what was sealed.
 */
export function openChunk(
  key: Uint8Array,
  file: string,
  index: number,
  last: boolean,
  sealed: Uint8Array,
): Uint8Array {
  if (sealed.byteLength < TAG_BYTES) throw new PlainsealError('corrupt', 'a chunk of a file is cut');
  const end = sealed.byteLength - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(index), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad(file, index, last));
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]);
  } catch (cause) {
    throw new PlainsealError('corrupt', 'a chunk of a file was changed', { cause });
  }
}

function nonce(index: number): Uint8Array {
  if (index >= MAX_CHUNKS) throw new PlainsealError('too-large', 'the file has too many chunks');
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(index, 8);
  return bytes;
}

function aad(file: string, index: number, last: boolean): Uint8Array {
  return new TextEncoder().encode(`plainseal file 1|${file}|${index}|${last ? 'last' : 'more'}`);
}
