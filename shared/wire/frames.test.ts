import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kindOf } from '../errors.ts';
import { MAX_FRAME } from './codec.ts';
import { frameHeader, frameReader } from './frames.ts';

const bytes = fc.uint8Array({ maxLength: 40 });

/** Cuts into pieces of these lengths, again and again. */
function cut(whole: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < whole.byteLength; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    pieces.push(whole.slice(at, at + length));
    at += length;
  }
  return pieces;
}

describe('frames of a stream', () => {
  it('come back as they were written, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(bytes, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 }),
        (frames, lengths) => {
          const stream = frames.flatMap((frame) => [...frameHeader(frame.byteLength), ...frame]);
          const read: Uint8Array[] = [];
          const take = frameReader((frame) => read.push(frame));
          for (const piece of cut(new Uint8Array(stream), lengths)) take(piece);
          expect(read).toEqual(frames);
        },
      ),
    );
  });

  it('own their bytes: nothing else of the stream is kept for them', () => {
    const read: Uint8Array[] = [];
    const piece = new Uint8Array([0, 0, 0, 2, 7, 8, 0, 0]);
    frameReader((frame) => read.push(frame))(piece);
    piece.fill(1);
    expect(read.map((frame) => [[...frame], frame.buffer.byteLength])).toEqual([[[7, 8], 2]]);
  });

  it('stop at a length over the limit, and read whatever else comes without a fault', () => {
    fc.assert(
      fc.property(fc.array(bytes), (pieces) => {
        const told: number[] = [];
        const take = frameReader((frame) => told.push(frame.byteLength));
        try {
          for (const piece of pieces) take(piece);
        } catch (error) {
          expect(kindOf(error)).toBe('too-large');
        }
        const came = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
        expect(told.reduce((sum, length) => sum + length + 4, 0)).toBeLessThanOrEqual(came);
      }),
    );
    expect(() => frameReader(() => undefined)(frameHeader(MAX_FRAME))).not.toThrow();
    expect(() => frameReader(() => undefined)(frameHeader(MAX_FRAME + 1))).toThrow('over the limit');
  });
});
