import { decode, Encoder, type ExtensionCodecType } from '@msgpack/msgpack';
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

/** Above this the encoder's buffer is not kept for the next frame, in bytes. */
const MAX_KEPT = 1024 * 1024;

const makeEncoder = (): Encoder =>
  new Encoder({ ignoreUndefined: true, maxDepth: 64, extensionCodec: noExtensions });
let encoder = makeEncoder();

/**
 * One codec for both shells: MessagePack without extensions, by a library that evaluates no code (cbor-x and msgpackr
 * compile readers with `new Function`, which the page's policy forbids). `undefined` members are left out. The buffer in which a frame
 * grows is used again, and nothing of the frame is left in it.
 * @throws Error for what the wire cannot say (a function, a symbol, more than 64 levels).
 */
export function encodeFrame(value: unknown): Uint8Array {
  let written: Uint8Array;
  try {
    written = encoder.encodeSharedRef(value);
  } catch (error) {
    encoder = makeEncoder();
    throw error;
  }
  const frame = written.slice();
  if (written.buffer.byteLength > MAX_KEPT) encoder = makeEncoder();
  else written.fill(0);
  return frame;
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
