import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openProfileName } from './profile-name.ts';

const KEY = new Uint8Array(32).fill(9);

function seal(padded: Uint8Array, key: Uint8Array = KEY): Uint8Array {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  return Buffer.concat([iv, cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
}

function pad(text: string, length = 53): Uint8Array {
  const padded = new Uint8Array(length);
  padded.set(Buffer.from(text));
  return padded;
}

describe('a profile name', () => {
  it.each([
    ['Alice\0Miller', 'Alice Miller'],
    ['Alice', 'Alice'],
    ['\0Miller', 'Miller'],
    ['  Alice \0 \0', 'Alice'],
    ['Zoë\0Ångström\0more', 'Zoë Ångström'],
  ])('%j reads %s', (inside, name) => {
    expect(openProfileName(KEY, seal(pad(inside)))).toBe(name);
  });

  it('that is empty is none', () => {
    expect(openProfileName(KEY, seal(pad('')))).toBeNull();
    expect(openProfileName(KEY, seal(new Uint8Array(0)))).toBeNull();
  });

  it('under another key, changed or cut does not open', () => {
    const sealed = seal(pad('Alice'));
    expect(openProfileName(new Uint8Array(32), sealed)).toBeNull();
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openProfileName(KEY, changed)).toBeNull();
      expect(openProfileName(KEY, sealed.subarray(0, at))).toBeNull();
    }
    expect(openProfileName(KEY, seal(new Uint8Array(2_000).fill(65)))).toBeNull();
  });

  it('of any bytes is null, never an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(openProfileName(KEY, bytes)).toBeNull();
      }),
    );
  });
});
