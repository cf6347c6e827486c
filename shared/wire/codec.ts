import { decode, encode, type ExtensionCodecType } from '@msgpack/msgpack';
import { PlainsealError } from '../errors.ts';

/** Largest message on a pipe, in bytes. */
export const MAX_FRAME = 64 * 1024 * 1024;

/** Our wire has no extension types: a date would come out as another kind of value than went in. */
const noExtensions: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode: () => {
    throw new PlainsealError('bad-request', 'extension type');
  },
};

/**
 * One codec for both shells: MessagePack without extensions, by a library that evaluates no code (cbor-x and msgpackr
 * compile readers with `new Function`, which the page's policy forbids). `undefined` members are left out.
 */
export function encodeFrame(value: unknown): Uint8Array {
  return encode(value, { ignoreUndefined: true, maxDepth: 64, extensionCodec: noExtensions });
}

/**
 * Reads one frame.
 * @throws PlainsealError `bad-request` for anything that is not exactly one well-formed value.
 */
export function decodeFrame(bytes: Uint8Array): unknown {
  if (bytes.byteLength > MAX_FRAME) throw new PlainsealError('too-large', 'frame over the limit');
  try {
    return decode(bytes, { extensionCodec: noExtensions });
  } catch (cause) {
    throw new PlainsealError('bad-request', 'not a frame', { cause });
  }
}
