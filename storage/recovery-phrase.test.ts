import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kindOf } from '../shared/errors.ts';
import { KEY_FILE, readKeyHeader, writeKeyHeader, type KeyHeader } from './key-header.ts';
import { keyringHeader, newKey } from './key-wrap.ts';
import { createProfile, type ProfileInfo } from './profile.ts';
import { hasPhrase, keepUnderPhrase, newPhrase, unwrapWithPhrase, wordsTyped } from './recovery-phrase.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
/** 32 bytes of zero in BIP-39's own test vectors. */
const ZERO = `${'abandon '.repeat(23)}art`;

function profile(): { readonly folder: string; readonly info: ProfileInfo; readonly key: Uint8Array } {
  const folder = join(folderFor(), 'profile');
  const info = createProfile({ folder, kind: 'live', now: 1 });
  const key = newKey();
  writeKeyHeader(folder, keyringHeader(key, info, { wrapped: new Uint8Array([1]), backend: 'kwallet6' }));
  return { folder, info, key };
}
const headerOf = (folder: string): KeyHeader => {
  const header = readKeyHeader(folder);
  if (header === null) throw new Error('no header');
  return header;
};

describe('a recovery phrase', () => {
  it('is 24 words of the list, never the same', () => {
    const all = Array.from({ length: 50 }, newPhrase);
    expect(new Set(all).size).toBe(50);
    for (const phrase of all) expect(phrase).toMatch(/^(?:[a-z]{3,8} ){23}[a-z]{3,8}$/u);
  });

  it('opens the key, typed with anything between the words, and outlasts what else keeps it', () => {
    const { folder, info, key } = profile();
    expect(hasPhrase(folder)).toBe(false);
    keepUnderPhrase(folder, key, ZERO);
    const typed = ZERO.split(' ').map((word, index) => `${index + 1}) ${word.toUpperCase()},\n`);
    expect(unwrapWithPhrase(headerOf(folder), typed.join(''), info)).toEqual(key);
    writeKeyHeader(folder, keyringHeader(key, info, { wrapped: new Uint8Array([2]), backend: 'other' }));
    expect(unwrapWithPhrase(headerOf(folder), ZERO, info)).toEqual(key);
    expect(headerOf(folder)).toMatchObject({ kind: 'keyring', backend: 'other' });
    expect(readFileSync(join(folder, KEY_FILE), 'utf8')).not.toMatch(/abandon/u);
  });

  it('opens no other profile, and not the same under another id', () => {
    const { folder, info, key } = profile();
    keepUnderPhrase(folder, key, ZERO);
    const other = { ...info, id: crypto.randomUUID() };
    expect(() => unwrapWithPhrase(headerOf(folder), ZERO, other)).toThrow(
      expect.objectContaining({ kind: 'wrong-key' }),
    );
    const bare = profile();
    expect(() => unwrapWithPhrase(headerOf(bare.folder), ZERO, bare.info)).toThrow(
      expect.objectContaining({ kind: 'not-found' }),
    );
  });

  it('with another checksum, another number of words or anything else is none', () => {
    const { folder, info, key } = profile();
    keepUnderPhrase(folder, key, newPhrase());
    const header = headerOf(folder);
    const refusal = (typed: string): string => {
      try {
        unwrapWithPhrase(header, typed, info);
        return 'opened';
      } catch (error) {
        return kindOf(error);
      }
    };
    expect(refusal(ZERO)).toBe('wrong-key');
    for (const typed of ['', 'abandon', `${'abandon '.repeat(23)}abandon`, `${ZERO} art`, ZERO.slice(8)])
      expect(refusal(typed)).toBe('bad-request');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(fc.constantFrom(...wordsTyped(ZERO), 'zoo'))), (typed) => {
        expect(['bad-request', 'wrong-key']).toContain(refusal([typed].flat().join(' ')));
      }),
    );
  });
});
