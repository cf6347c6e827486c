import { encode, ExtData } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kindOf } from '../errors.ts';
import { decodeFrame, encodeFrame, MAX_FRAME } from './codec.ts';

/** The values our contract is made of. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 64 }),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(
      fc.string({ maxLength: 8 }).filter((key) => key !== '__proto__'),
      tie('any'),
      { maxKeys: 5 },
    ),
  ),
})).any;

describe('the codec', () => {
  it('brings back every value of the contract', () => {
    fc.assert(
      fc.property(value, (given) => {
        expect(decodeFrame(encodeFrame(given))).toEqual(given);
      }),
    );
  });

  it('leaves out members that are undefined', () => {
    expect(decodeFrame(encodeFrame({ here: 1, absent: undefined }))).toEqual({ here: 1 });
  });

  it('refuses bad bytes with one kind, and never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeFrame(bytes);
        } catch (error) {
          expect(kindOf(error)).toBe('bad-request');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses a frame cut short and one with something behind it', () => {
    const whole = encodeFrame({ list: [1, 2, 3], text: 'words' });
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeFrame(whole.subarray(0, length))).toThrow('not a frame');
    expect(() => decodeFrame(new Uint8Array([...whole, 0]))).toThrow('not a frame');
  });

  it('refuses a frame that claims more than it holds', () => {
    // array32, map32, bin32 and str32 of four thousand million members, in five bytes
    for (const kind of [0xdd, 0xdf, 0xc6, 0xdb])
      expect(() => decodeFrame(new Uint8Array([kind, 0xff, 0xff, 0xff, 0xff]))).toThrow('not a frame');
  });

  it('refuses one over the limit before reading it', () => {
    expect(() => decodeFrame(new Uint8Array(MAX_FRAME + 1))).toThrow('over the limit');
  });

  it('refuses nesting without end', () => {
    const deep = new Uint8Array(100_000).fill(0x91);
    expect(() => decodeFrame(deep)).toThrow('not a frame');
  });

  it('gives no object a foreign prototype', () => {
    const hostile = new Uint8Array([0x81, 0xa9, ...new TextEncoder().encode('__proto__'), 0x80]);
    expect(() => decodeFrame(hostile)).toThrow('not a frame');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('runs no code for extension types', () => {
    const frame = encode(new ExtData(42, new Uint8Array([1, 2, 3])));
    expect(() => decodeFrame(frame)).toThrow('not a frame');
  });
});
