import { existsSync, readFileSync } from 'node:fs';

/** Bytes of the log's own header, and of a frame's. https://www.sqlite.org/fileformat2.html#walformat */
export const WAL_HEADER = 32;
const FRAME_HEADER = 24;

/** A write-ahead log as it lay on the disk at a moment. */
export interface Wal {
  /** The two salts, hex: they change whenever the log begins anew. Empty for no log. */
  readonly generation: string;
  /** Frames of this generation; behind them may lie frames of an older one. */
  readonly frames: number;
  readonly frameBytes: number;
  readonly bytes: Buffer;
}

/** Reads a log; encryption covers the pages only, so that salts stand in the clear. */
export function readWal(path: string): Wal {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  if (bytes.length < WAL_HEADER) return { generation: '', frames: 0, frameBytes: 0, bytes };
  const salts = bytes.subarray(16, 24);
  const frameBytes = FRAME_HEADER + bytes.readUInt32BE(8);
  let frames = 0;
  for (let at = WAL_HEADER; at + frameBytes <= bytes.length; at += frameBytes) {
    if (!bytes.subarray(at + 8, at + 16).equals(salts)) break;
    frames += 1;
  }
  return { generation: salts.toString('hex'), frames, frameBytes, bytes };
}
