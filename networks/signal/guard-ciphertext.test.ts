import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isCiphertext } from './guard-ciphertext.ts';

/** One field of a protobuf: its number, and a byte string or a small number. */
type Field = readonly [number: number, value: Uint8Array | number];

function written([name, value]: Field): Uint8Array {
  if (typeof value === 'number') return Uint8Array.of(name * 8, value);
  const { length } = value;
  const size = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
  return Uint8Array.of(name * 8 + 2, ...size, ...value);
}
const fieldsOf = (fields: readonly Field[]): Uint8Array => Buffer.concat(fields.map(written));
const bytes = (length: number): Uint8Array => {
  // Random, but of no byte so often that it would be taken for padding, and of no letters.
  const some = Uint8Array.from(randomBytes(length));
  return some.map((byte, at) => (at % 8 === 0 ? 0xff : byte));
};
const key = (): Uint8Array => bytes(33);

/** The same list with one field in another form, left out, or twice. */
const changed = (fields: readonly Field[], name: number, value: Field[1] | null): readonly Field[] =>
  fields.flatMap((field): readonly Field[] => {
    if (field[0] !== name) return [field];
    return value === null ? [] : [[name, value]];
  });

const ratchetFields: readonly Field[] = [
  [1, key()],
  [2, 7],
  [3, 0],
  [4, bytes(96)],
  [5, bytes(40)],
];
const ratchet = (fields: readonly Field[] = ratchetFields, version = 0x44): Uint8Array =>
  Buffer.concat([Uint8Array.of(version), fieldsOf(fields), bytes(8)]);

const prekeyFields: readonly Field[] = [
  [1, 7],
  [2, key()],
  [3, key()],
  [4, ratchet()],
  [5, 1],
  [6, 1],
  [7, 1],
  [8, bytes(1_569)],
];
const prekey = (fields: readonly Field[] = prekeyFields, version = 0x44): Uint8Array =>
  Buffer.concat([Uint8Array.of(version), fieldsOf(fields)]);

const sealedFields: readonly Field[] = [
  [1, key()],
  [2, bytes(58)],
  [3, bytes(400)],
];
const sealed = (fields: readonly Field[] = sealedFields, version = 0x11): Uint8Array =>
  Buffer.concat([Uint8Array.of(version), fieldsOf(fields)]);

const errorFields: readonly Field[] = [
  [1, key()],
  [2, 7],
  [3, 1],
];
const retry = (error: Uint8Array = fieldsOf(errorFields), first = 0xc0, last = 0x80): Uint8Array =>
  Buffer.concat([Uint8Array.of(first), written([8, error]), Uint8Array.of(last, 0, 0, 0)]);

describe('a part of a message is refused with any one thing about it wrong', () => {
  test('as it should be it passes', () => {
    expect([isCiphertext(1, ratchet()), isCiphertext(3, prekey())]).toEqual([true, true]);
    expect([isCiphertext(6, sealed()), isCiphertext(8, retry())]).toEqual([true, true]);
    expect(isCiphertext(8, retry(fieldsOf(errorFields.slice(1))))).toBe(true);
    expect([2, 4, 5, 7, 9].some((type) => isCiphertext(type, ratchet()))).toBe(false);
  });

  test.each<readonly [string, Uint8Array]>([
    ['another version', ratchet(ratchetFields, 0x33)],
    ['no ratchet key', ratchet(changed(ratchetFields, 1, null))],
    ['a short ratchet key', ratchet(changed(ratchetFields, 1, bytes(32)))],
    ['nothing sealed', ratchet(changed(ratchetFields, 4, null))],
    ['a number in its place', ratchet(changed(ratchetFields, 4, 1))],
    ['less sealed than the padding makes of it', ratchet(changed(ratchetFields, 4, bytes(64)))],
    ['no whole blocks', ratchet(changed(ratchetFields, 4, bytes(90)))],
    ['a field twice', ratchet([...ratchetFields, [5, bytes(3)]])],
    ['a field that it has not', ratchet([...ratchetFields, [9, bytes(3)]])],
    ['letters', ratchet(changed(ratchetFields, 5, Buffer.from('meet me at nine at the old town gate, mum')))],
    ['padding', ratchet(changed(ratchetFields, 5, new Uint8Array(12)))],
    ['nothing', new Uint8Array()],
  ])('a ratchet message with %s', (_, wrong) => expect(isCiphertext(1, wrong)).toBe(false));

  test.each<readonly [string, Uint8Array]>([
    ['another version', prekey(prekeyFields, 0x33)],
    ['no base key', prekey(changed(prekeyFields, 2, null))],
    ['a long base key', prekey(changed(prekeyFields, 2, bytes(40)))],
    ['no identity', prekey(changed(prekeyFields, 3, null))],
    ['no Kyber', prekey(changed(prekeyFields, 8, null))],
    ['a short Kyber', prekey(changed(prekeyFields, 8, bytes(80)))],
    ['letters as Kyber', prekey(changed(prekeyFields, 8, Buffer.alloc(1_569, 'meet me at nine ')))],
    ['no message', prekey(changed(prekeyFields, 4, null))],
    ['words as the message', prekey(changed(prekeyFields, 4, bytes(200)))],
    ['a field twice', prekey([...prekeyFields, [8, bytes(1_569)]])],
    ['more behind it', Buffer.concat([prekey(), Buffer.from('hi mum')])],
  ])('a first message with %s', (_, wrong) => expect(isCiphertext(3, wrong)).toBe(false));

  test.each<readonly [string, Uint8Array]>([
    ['another version', sealed(sealedFields, 0x22)],
    ['no key', sealed(changed(sealedFields, 1, null))],
    ['a short key', sealed(changed(sealedFields, 1, bytes(20)))],
    ['no sender', sealed(changed(sealedFields, 2, null))],
    ['the sender in the clear', sealed(changed(sealedFields, 2, key()))],
    ['nothing sealed', sealed(changed(sealedFields, 3, null))],
    ['less sealed than the padding makes of it', sealed(changed(sealedFields, 3, bytes(80)))],
    ['a field that it has not', sealed([...sealedFields, [4, bytes(3)]])],
    [
      'letters',
      sealed(changed(sealedFields, 3, Buffer.from('то, что может прочесть только она '.repeat(5)))),
    ],
  ])('a sealed sender with %s', (_, wrong) => expect(isCiphertext(6, wrong)).toBe(false));

  test.each<readonly [string, Uint8Array]>([
    ['another beginning', retry(undefined, 0xc1)],
    ['no end of its padding', retry(undefined, 0xc0, 0x81)],
    ['more than a request in it', retry(fieldsOf([...errorFields, [4, bytes(9)]]))],
    ['no key for a key', retry(fieldsOf(changed(errorFields, 1, Buffer.from('hi mum'))))],
    [
      'a number that is cut off',
      retry(Buffer.concat([fieldsOf(errorFields.slice(0, 1)), Uint8Array.of(16)])),
    ],
    ['a number without an end', retry(Uint8Array.of(16, ...new Uint8Array(12).fill(0x80), 1))],
    ['less in it than it says', Uint8Array.of(0xc0, 0x42, 100, ...fieldsOf(errorFields), 0x80)],
    ['words beside the request', Uint8Array.of(0xc0, ...written([1, Buffer.from('hi mum')]), 0x80)],
  ])('a request to send again with %s', (_, wrong) => expect(isCiphertext(8, wrong)).toBe(false));
});
