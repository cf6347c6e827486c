import { decode, encode } from '@msgpack/msgpack';
import { PlainsealError } from '../errors.ts';

/** Largest message on a pipe, in bytes. */
export const MAX_FRAME = 64 * 1024 * 1024;

/**
 * One codec for both shells: MessagePack without extensions, by a library that evaluates no code (cbor-x and msgpackr
 * compile readers with `new Function`, which the page's policy forbids). `undefined` members are left out.
 */
export function encodeFrame(value: unknown): Uint8Array {
  return encode(value, { ignoreUndefined: true, maxDepth: 64 });
}

/**
 * Reads one frame.
 * @throws PlainsealError `bad-request` for anything that is not exactly one well-formed value.
 */
export function decodeFrame(bytes: Uint8Array): unknown {
  if (bytes.byteLength > MAX_FRAME) throw new PlainsealError('too-large', 'frame over the limit');
  try {
    return decode(bytes);
  } catch (cause) {
    throw new PlainsealError('bad-request', 'not a frame', { cause });
  }
}
