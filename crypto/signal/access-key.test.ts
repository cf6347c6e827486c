import { ProfileKey } from '@signalapp/libsignal-client/zkgroup.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accessKeyOf } from './access-key.ts';

test('is what libsignal derives', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const expected = new ProfileKey(Uint8Array.from(bytes)).deriveAccessKey();
      expect(accessKeyOf(bytes)).toEqual(Uint8Array.from(expected));
    }),
    { numRuns: 50 },
  );
});
