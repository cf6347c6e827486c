import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainsealError } from '../shared/errors.ts';
import { openDatabase } from './database.ts';
import type { KeyHeader } from './key-header.ts';
import {
  KEY_FILE,
  argon2Bounds,
  formatKeyHeader,
  keyMatches,
  parseKeyHeader,
  readKeyHeader,
  writeKeyHeader,
} from './key-header.ts';
import {
  acceptKeyringKey,
  changePassphrase,
  dropTestKey,
  keepInTestFile,
  keepUnderPassphrase,
  keyringHeader,
  newKey,
  testKey,
  unwrapWithPassphrase,
  wrapWithPassphrase,
} from './key-wrap.ts';
import type { ProfileKind } from './profile.ts';
import { PROFILE_FILE, createProfile, readProfile } from './profile.ts';
import { kindRejected, kindThrown, scratch } from './test/scratch.ts';

const folderFor = scratch();
/** The lowest cost a header may have: the tests need the form, not the strength. */
const cost = { memoryKib: argon2Bounds.memoryKib.min, passes: 1, lanes: 1 };

function profileIn(kind: ProfileKind) {
  const folder = folderFor();
  return { folder, profile: createProfile({ folder, kind, now: 1 }) };
}
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a passphrase', () => {
  it('opens the key it wrapped, and no other does', async () => {
    const { profile } = profileIn('live');
    const key = newKey();
    const header = await wrapWithPassphrase(key, 'correct horse', profile, cost);
    expect(await unwrapWithPassphrase(header, 'correct horse', profile)).toEqual(key);
    expect(await kindRejected(unwrapWithPassphrase(header, 'correct horsf', profile))).toBe('wrong-key');
    expect(await kindRejected(unwrapWithPassphrase(header, '', profile))).toBe('wrong-key');
  });

  it('is the same however its letters were composed', async () => {
    const { profile } = profileIn('live');
    const key = newKey();
    const header = await wrapWithPassphrase(key, 'caf\u00e9', profile, cost);
    expect(await unwrapWithPassphrase(header, 'cafe\u0301', profile)).toEqual(key);
  });

  it('is bound to its profile and to the kind of it', async () => {
    const { profile } = profileIn('live');
    const header = await wrapWithPassphrase(newKey(), 'words', profile, cost);
    expect(await kindRejected(unwrapWithPassphrase(header, 'words', { ...profile, kind: 'test' }))).toBe(
      'wrong-key',
    );
    expect(
      await kindRejected(unwrapWithPassphrase(header, 'words', { ...profile, id: crypto.randomUUID() })),
    ).toBe('wrong-key');
  });

  it('can be changed without touching the database', async () => {
    const { folder, profile } = profileIn('live');
    const key = newKey();
    writeKeyHeader(folder, await wrapWithPassphrase(key, 'old', profile, cost));
    openDatabase({ folder, key }).close();
    const database = readFileSync(join(folder, 'plainseal.db'));
    expect(await kindRejected(changePassphrase(folder, 'wrong', 'new'))).toBe('wrong-key');
    await changePassphrase(folder, 'old', 'new');
    const header = readKeyHeader(folder);
    if (header?.kind !== 'passphrase') throw new Error('another header');
    expect(await unwrapWithPassphrase(header, 'new', profile)).toEqual(key);
    expect(await kindRejected(unwrapWithPassphrase(header, 'old', profile))).toBe('wrong-key');
    expect(readFileSync(join(folder, 'plainseal.db')).equals(database)).toBe(true);
    expect(statSync(join(folder, KEY_FILE)).mode & 0o777).toBe(0o600);
    expect(existsSync(join(folder, `${KEY_FILE}.part`))).toBe(false);
  });

  it('takes the place of a test key, and gives it back', async () => {
    const { folder, profile } = profileIn('test');
    const key = testKey(folder);
    await keepUnderPassphrase(folder, key, 'words', cost);
    expect(existsSync(join(folder, 'test.key'))).toBe(false);
    expect(kindThrown(() => testKey(folder))).toBe('refused');
    const header = readKeyHeader(folder);
    if (header?.kind !== 'passphrase') throw new Error('another header');
    expect(await unwrapWithPassphrase(header, 'words', profile)).toEqual(key);
    keepInTestFile(folder, key);
    expect(testKey(folder)).toEqual(key);
    expect(statSync(join(folder, 'test.key')).mode & 0o777).toBe(0o600);
    expect(await kindRejected(changePassphrase(folder, 'words', 'b'))).toBe('not-found');
  });

  it('never gives the key of a live profile to a file', async () => {
    const { folder } = profileIn('live');
    const key = newKey();
    await keepUnderPassphrase(folder, key, 'words', cost);
    expect(kindThrown(() => keepInTestFile(folder, key))).toBe('refused');
    expect(existsSync(join(folder, 'test.key'))).toBe(false);
    expect(readKeyHeader(folder)?.kind).toBe('passphrase');
  });

  it('leaves no key file beside it, also when the lock was cut short', () => {
    const { folder } = profileIn('test');
    testKey(folder);
    dropTestKey(folder);
    expect(existsSync(join(folder, 'test.key'))).toBe(false);
    dropTestKey(folder);
  });

  it('cannot be changed where there is none', async () => {
    const { folder } = profileIn('test');
    testKey(folder);
    expect(await kindRejected(changePassphrase(folder, 'a', 'b'))).toBe('not-found');
  });

  it('never stands in the header, and two wrappings share nothing', async () => {
    const { profile } = profileIn('live');
    const key = newKey();
    const one = await wrapWithPassphrase(key, 'correct horse', profile, cost);
    const two = await wrapWithPassphrase(key, 'correct horse', profile, cost);
    expect(one.salt).not.toEqual(two.salt);
    expect(one.nonce).not.toEqual(two.nonce);
    expect(one.wrapped).not.toEqual(two.wrapped);
    const text = new TextDecoder().decode(formatKeyHeader(one));
    expect(text).not.toContain('correct');
    expect(text).not.toContain(Buffer.from(key).toString('base64').slice(0, 20));
  });
});

describe('a keyring', () => {
  it('must give back the very key', () => {
    const { folder, profile } = profileIn('live');
    const key = newKey();
    writeKeyHeader(
      folder,
      keyringHeader(key, profile, { wrapped: encode('opaque'), backend: 'gnome_libsecret' }),
    );
    const header = readKeyHeader(folder);
    if (header?.kind !== 'keyring') throw new Error('another header');
    expect(header).toMatchObject({ backend: 'gnome_libsecret', wrapped: encode('opaque') });
    expect(acceptKeyringKey(header, key, profile)).toEqual(key);
    expect(kindThrown(() => acceptKeyringKey(header, newKey(), profile))).toBe('wrong-key');
    expect(kindThrown(() => acceptKeyringKey(header, new Uint8Array(5), profile))).toBe('wrong-key');
    expect(keyMatches(folder, key)).toBe(true);
    expect(keyMatches(folder, newKey())).toBe(false);
    expect(keyMatches(folderFor(), key)).toBe(null);
  });
});

describe('a test key', () => {
  it('lies in a file of its owner, the same at each start', () => {
    const { folder } = profileIn('test');
    const key = testKey(folder);
    expect(testKey(folder)).toEqual(key);
    expect(statSync(join(folder, 'test.key')).mode & 0o777).toBe(0o600);
    expect(readKeyHeader(folder)?.kind).toBe('test');
  });

  it('is never made or taken for a live profile', () => {
    const { folder } = profileIn('live');
    expect(kindThrown(() => testKey(folder))).toBe('refused');
    expect(existsSync(join(folder, 'test.key'))).toBe(false);
    const test = profileIn('test');
    testKey(test.folder);
    const header = readKeyHeader(test.folder);
    if (header === null) throw new Error('no header');
    expect(kindThrown(() => writeKeyHeader(folder, header))).toBe('refused');
    for (const name of [KEY_FILE, 'test.key'])
      writeFileSync(join(folder, name), readFileSync(join(test.folder, name)));
    expect(kindThrown(() => readKeyHeader(folder))).toBe('refused');
    expect(kindThrown(() => testKey(folder))).toBe('refused');
  });

  it('no longer opens a profile whose kind was rewritten', () => {
    const { folder } = profileIn('test');
    testKey(folder);
    const file = join(folder, PROFILE_FILE);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"test"', '"live"'));
    expect(readProfile(folder).kind).toBe('live');
    expect(kindThrown(() => testKey(folder))).toBe('refused');
  });

  it('that is gone, cut or exchanged is told and not replaced', () => {
    const { folder } = profileIn('test');
    testKey(folder);
    const file = join(folder, 'test.key');
    writeFileSync(file, newKey());
    expect(kindThrown(() => testKey(folder))).toBe('wrong-key');
    writeFileSync(file, 'short');
    expect(kindThrown(() => testKey(folder))).toBe('corrupt');
    rmSync(file);
    expect(kindThrown(() => testKey(folder))).toBe('corrupt');
    expect(existsSync(file)).toBe(false);
  });

  it('is kept when only its header was lost', () => {
    const { folder } = profileIn('test');
    const key = testKey(folder);
    rmSync(join(folder, KEY_FILE));
    expect(testKey(folder)).toEqual(key);
  });

  it('does not take the place of a passphrase', async () => {
    const { folder, profile } = profileIn('test');
    writeKeyHeader(folder, await wrapWithPassphrase(newKey(), 'words', profile, cost));
    expect(kindThrown(() => testKey(folder))).toBe('refused');
  });
});

describe('a hostile header', () => {
  it('is refused before any work', async () => {
    const { profile } = profileIn('live');
    const good = new TextDecoder().decode(
      formatKeyHeader(await wrapWithPassphrase(newKey(), 'words', profile, cost)),
    );
    const memory = `"memoryKib":${cost.memoryKib}`;
    const cases: readonly (readonly [text: string, kind: string | null])[] = [
      [good, null],
      [good.slice(0, good.length / 2), 'corrupt'],
      [good.replace(memory, '"memoryKib":4294967295'), 'corrupt'],
      [good.replace(memory, '"memoryKib":8'), 'corrupt'],
      [good.replace(memory, '"memoryKib":1e99'), 'corrupt'],
      [good.replace('"passes":1', '"passes":100000'), 'corrupt'],
      [good.replace('"passes":1', '"passes":0'), 'corrupt'],
      [good.replace('"lanes":1', '"lanes":-1'), 'corrupt'],
      [good.replace('"lanes":1', '"lanes":1000'), 'corrupt'],
      [good.replace(/"salt":"[^"]+"/, '"salt":"AA=="'), 'corrupt'],
      [good.replace(/"salt":"[^"]+"/, '"salt":"***"'), 'corrupt'],
      [good.replace(/"wrapped":"[^"]+"/, '"wrapped":""'), 'corrupt'],
      [good.replace('"version":1', '"version":2'), 'newer-schema'],
      [good.replace('"version":1', '"version":0'), 'corrupt'],
      [good.replace('passphrase', 'none'), 'corrupt'],
      [good.replace('{', '{"more":1,'), 'corrupt'],
      [`${good}${' '.repeat(20_000)}`, 'corrupt'],
      ['', 'corrupt'],
      ['null', 'corrupt'],
    ];
    const from = performance.now();
    for (const [text, kind] of cases)
      expect([text.slice(0, 200), kindThrown(() => parseKeyHeader(encode(text)))]).toEqual([
        text.slice(0, 200),
        kind,
      ]);
    expect(performance.now() - from).toBeLessThan(2_000);
  });

  it('never fails otherwise, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(encode)), (bytes) => {
        try {
          parseKeyHeader(bytes);
        } catch (error) {
          if (!(error instanceof PlainsealError)) throw error;
          expect(['corrupt', 'newer-schema']).toContain(error.kind);
        }
      }),
    );
  });

  it('with one changed byte gives no key', async () => {
    const { profile } = profileIn('live');
    const header = await wrapWithPassphrase(newKey(), 'words', profile, cost);
    for (const field of ['salt', 'nonce', 'wrapped', 'check'] as const) {
      const bytes = Uint8Array.from(header[field]);
      bytes[3] = (bytes[3] ?? 0) ^ 1;
      expect(await kindRejected(unwrapWithPassphrase({ ...header, [field]: bytes }, 'words', profile))).toBe(
        'wrong-key',
      );
    }
  });

  it('reads back as it was written', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const headers: fc.Arbitrary<KeyHeader> = fc.oneof(
      fc.record({ version: fc.constant(1 as const), kind: fc.constant('test' as const), check: bytes(16) }),
      fc.record({
        version: fc.constant(1 as const),
        kind: fc.constant('keyring' as const),
        backend: fc.string({ maxLength: 64 }),
        wrapped: fc.uint8Array({ minLength: 1, maxLength: 8_192 }),
        check: bytes(16),
      }),
    );
    fc.assert(
      fc.property(headers, (header) => {
        expect(parseKeyHeader(formatKeyHeader(header))).toEqual(header);
      }),
    );
  });
});
