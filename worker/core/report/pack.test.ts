import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ReportContents } from '../../../shared/contract/report.ts';
import type { NetworkKey } from '../../../shared/ids.ts';
import { digestOf, packReport, verifyReport } from './pack.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const time = fc.maxSafeNat();
const contents: fc.Arbitrary<ReportContents> = fc.record({
  network: fc.constantFrom('email', 'signal', 'nostr'),
  protocol: fc.constantFrom('openpgp', 'signal', 'mls', 'none'),
  testNetwork: fc.boolean(),
  reported: fc.record({ id: text, address: fc.option(text), fingerprint: fc.option(text) }),
  messages: fc.array(
    fc.record({
      key: text.map((key) => key as NetworkKey),
      text,
      files: fc.array(fc.record({ name: text, type: text, size: fc.nat() }), { maxLength: 2 }),
      sentAt: time,
      receivedAt: time,
      known: fc.constantFrom('opened-here', 'in-the-clear', 'not-kept'),
      proof: fc.constantFrom('signature', 'session', 'none'),
      fingerprint: fc.option(text),
    }),
    { maxLength: 3 },
  ),
});

describe('a report', () => {
  test('that is as it was made gives the number of its contents, which is told before it is written', () => {
    fc.assert(
      fc.property(contents, (each) => {
        const file = packReport(each);
        expect(verifyReport(file)).toBe(digestOf(each));
        expect(JSON.parse(Buffer.from(file).toString())).toMatchObject({ contents: each });
      }),
    );
  });
  test('is told by the hash anybody can make: SHA-256 of the contents in the file, letter by letter', () => {
    fc.assert(
      fc.property(contents, (each) => {
        const file = Buffer.from(packReport(each)).toString();
        const inner = file.slice('{"contents":'.length, file.lastIndexOf(',"format":"plainseal-report/1"'));
        expect(createHash('sha256').update(inner).digest('hex')).toBe(digestOf(each));
      }),
    );
  });
  test('AT-65 with any byte changed, taken out, put in or cut off is no report any more', () => {
    fc.assert(
      fc.property(contents, fc.nat(), fc.integer({ min: 1, max: 255 }), (each, place, flip) => {
        const file = packReport(each);
        const at = place % file.byteLength;
        const changed = Uint8Array.from(file, (byte, index) => (index === at ? byte ^ flip : byte));
        const out = Buffer.concat([file.subarray(0, at), file.subarray(at + 1)]);
        const put = Buffer.concat([file.subarray(0, at), Buffer.from([flip]), file.subarray(at)]);
        for (const other of [changed, out, put, file.subarray(0, at)]) expect(verifyReport(other)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });
  test('AT-65 with any one byte of it changed, each in turn', () => {
    const [each] = fc.sample(contents, { numRuns: 1, seed: 65 });
    if (!each) throw new Error('no sample');
    const file = packReport(each);
    for (let at = 0; at < file.byteLength; at += 1) {
      const changed = Uint8Array.from(file);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(verifyReport(changed), `byte ${at}`).toBeNull();
    }
  });
  test('made anew of other contents has another number', () => {
    fc.assert(
      fc.property(contents, contents, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(verifyReport(packReport(one))).not.toBe(verifyReport(packReport(other)));
      }),
    );
  });
  test('nothing else is one, and nothing throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((json) => Buffer.from(json)),
        ),
        (bytes) => {
          expect(verifyReport(bytes)).toBeNull();
        },
      ),
    );
  });
});
