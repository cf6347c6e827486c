import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Stored } from '../../shared/lane/intent.ts';
import {
  decodeArtifact,
  destinationOf,
  deviceOf,
  encodeArtifact,
  toHandOver,
  type Artifact,
} from './artifact.ts';

const artifact: fc.Arbitrary<Artifact> = fc.record({
  type: fc.constantFrom('double-ratchet', 'prekey', 'plaintext'),
  registrationId: fc.integer({ min: 0, max: 0xffffffff }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 2_000 }).map((bytes) => Uint8Array.from(bytes)),
});

test('an artifact reads back as it was stored, wherever it lies in memory', () => {
  fc.assert(
    fc.property(artifact, fc.nat(20), (one, offset) => {
      const stored = encodeArtifact(one);
      expect(decodeArtifact(stored)).toEqual(one);
      const memory = new Uint8Array(offset + stored.length);
      memory.set(stored, offset);
      expect(decodeArtifact(memory.subarray(offset))).toEqual(one);
    }),
  );
});

test('anything else is none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const read = decodeArtifact(bytes);
      if (read !== null) expect(encodeArtifact(read)).toEqual(Uint8Array.from(bytes));
    }),
  );
  for (const bytes of [
    [],
    [1, 1, 0, 0, 0, 0],
    [2, 1, 0, 0, 0, 0, 9],
    [1, 6, 0, 0, 0, 0, 9],
    [1, 0, 0, 0, 0, 0, 9],
  ])
    expect(decodeArtifact(Uint8Array.from(bytes))).toBeNull();
});

test('a destination names one device', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.boolean(), fc.integer({ min: 1, max: 127 }), (uuid, pni, number) => {
      const device = { service: `${pni ? 'PNI:' : ''}${uuid}` as ServiceId, device: number };
      expect(deviceOf(destinationOf(device))).toEqual(device);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(deviceOf(text)).toBeNull();
      expect(deviceOf(`${text}.1`)).toBeNull();
    }),
  );
});

test('what was made for devices that are gone is not handed over, unless there is nothing else', () => {
  const stored = (to: string, outcome: Stored['outcome']): Stored => ({
    to,
    identity: 'x',
    bytes: new Uint8Array(),
    outcome,
  });
  const [a, b, c] = [stored('a', 'pending'), stored('b', 'refused'), stored('c', 'ambiguous')];
  expect(toHandOver([a, b, c])).toEqual([a, c]);
  expect(toHandOver([b])).toEqual([b]);
  expect(toHandOver([])).toEqual([]);
});
