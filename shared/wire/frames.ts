import { PlainsealError } from '../errors.ts';
import { MAX_FRAME } from './codec.ts';

/** The length of a frame, 4 bytes, big endian, before its bytes. */
const HEADER_LENGTH = 4;

/** What says how long the frame after it is. */
export function frameHeader(length: number): Uint8Array {
  const header = new Uint8Array(HEADER_LENGTH);
  new DataView(header.buffer).setUint32(0, length);
  return header;
}

/**
 * Cuts a stream into the frames that were written to it; takes its pieces as they come and gives each frame in an array of its own.
 * The function it returns throws PlainsealError `too-large` at a header over the limit, before anything is set aside for it.
 */
export function frameReader(tell: (frame: Uint8Array) => void): (piece: Uint8Array) => void {
  let target = new Uint8Array(HEADER_LENGTH);
  let filled = 0;
  let isHeader = true;

  function complete(): void {
    const whole = target;
    const length = isHeader ? new DataView(whole.buffer).getUint32(0) : HEADER_LENGTH;
    if (length > MAX_FRAME) throw new PlainsealError('too-large', 'frame over the limit');
    target = new Uint8Array(length);
    filled = 0;
    isHeader = !isHeader;
    if (isHeader) tell(whole);
  }

  return (piece) => {
    for (let at = 0; at < piece.byteLength;) {
      const part = piece.subarray(at, at + target.byteLength - filled);
      target.set(part, filled);
      filled += part.byteLength;
      at += part.byteLength;
      // The frame after a header may be empty: it is complete without another byte.
      while (filled === target.byteLength) complete();
    }
  };
}
