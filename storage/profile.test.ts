import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainsealError } from '../shared/errors.ts';
import { PROFILE_FILE, createProfile, openProfile, readProfile } from './profile.ts';
import { startChild } from './test/child.ts';
import { kindThrown, scratch } from './test/scratch.ts';

const folderFor = scratch();
const holder = new URL('./test/hold-profile.ts', import.meta.url);

describe('a profile folder', () => {
  it('is made once, with its kind, for its owner alone', () => {
    const folder = join(folderFor(), 'deep', 'profile');
    const info = createProfile({ folder, kind: 'test', now: 1_700_000_000_000 });
    expect(info).toMatchObject({ kind: 'test', createdAt: 1_700_000_000_000 });
    expect(readProfile(folder)).toEqual(info);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, PROFILE_FILE)).mode & 0o777).toBe(0o600);
    const before = readFileSync(join(folder, PROFILE_FILE), 'utf8');
    expect(kindThrown(() => createProfile({ folder, kind: 'live', now: 2 }))).toBe('conflict');
    expect(readFileSync(join(folder, PROFILE_FILE), 'utf8')).toBe(before);
  });

  it('is narrowed when it was open to others', () => {
    const folder = folderFor();
    chmodSync(folder, 0o755);
    createProfile({ folder, kind: 'live', now: 1 });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('goes on after a making that was cut off', () => {
    const folder = folderFor();
    writeFileSync(join(folder, `${PROFILE_FILE}.part`), '{"form');
    expect(createProfile({ folder, kind: 'live', now: 1 }).kind).toBe('live');
  });

  it('is not made out of anything else', () => {
    const folder = folderFor();
    writeFileSync(join(folder, 'letter.txt'), 'dear');
    expect(kindThrown(() => createProfile({ folder, kind: 'live', now: 1 }))).toBe('not-a-profile');
    expect(kindThrown(() => openProfile(folder))).toBe('not-a-profile');
    expect(kindThrown(() => openProfile(join(folder, 'nowhere')))).toBe('not-a-profile');
    expect(readdirSync(folder)).toEqual(['letter.txt']);
  });

  it('refuses a broken or newer profile file', () => {
    const folder = folderFor();
    const file = join(folder, PROFILE_FILE);
    const whole = JSON.stringify({ format: 1, id: crypto.randomUUID(), kind: 'test', createdAt: 1 });
    const cases: readonly (readonly [text: string, kind: string | null])[] = [
      [whole, null],
      ['', 'corrupt'],
      [whole.slice(0, -3), 'corrupt'],
      [whole.replace('test', 'other'), 'corrupt'],
      [whole.replace('"format":1', '"format":2'), 'newer-schema'],
      [whole.replace('"format":1', '"format":"1"'), 'corrupt'],
      [' '.repeat(100_000) + whole, 'corrupt'],
      ['[]', 'corrupt'],
      ['null', 'corrupt'],
    ];
    for (const [text, kind] of cases) {
      writeFileSync(file, text);
      expect([text.slice(0, 40), kindThrown(() => openProfile(folder).release())]).toEqual([
        text.slice(0, 40),
        kind,
      ]);
    }
    mkdirSync(join(folder, 'inner'));
    mkdirSync(join(folder, 'inner', PROFILE_FILE));
    expect(kindThrown(() => readProfile(join(folder, 'inner')))).toBe('io');
  });

  it('never fails otherwise, whatever the file holds', () => {
    const folder = folderFor();
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.string({ unit: 'binary' })), (text) => {
        writeFileSync(join(folder, PROFILE_FILE), text);
        try {
          readProfile(folder);
        } catch (error) {
          if (!(error instanceof PlainsealError)) throw error;
          expect(['corrupt', 'newer-schema']).toContain(error.kind);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('the hold on a profile', () => {
  it('is refused twice in one process and given back on release', () => {
    const folder = folderFor();
    createProfile({ folder, kind: 'test', now: 1 });
    const held = openProfile(folder);
    expect(kindThrown(() => openProfile(folder))).toBe('in-use');
    held.release();
    held.release();
    openProfile(folder).release();
    expect(statSync(join(folder, 'lock')).mode & 0o777).toBe(0o600);
  });

  it('is refused to a second process, and ends with the first, however that ends', async () => {
    const folder = folderFor();
    createProfile({ folder, kind: 'test', now: 1 });
    const first = startChild(holder, [folder]);
    expect(await first.line()).toBe('held');
    expect(kindThrown(() => openProfile(folder))).toBe('in-use');
    const second = startChild(holder, [folder]);
    expect(await second.line()).toBe('in-use');
    await second.end();
    await first.kill();
    const held = openProfile(folder);
    const third = startChild(holder, [folder]);
    expect(await third.line()).toBe('in-use');
    await third.end();
    held.release();
    const fourth = startChild(holder, [folder]);
    expect(await fourth.line()).toBe('held');
    await fourth.end();
    expect(existsSync(join(folder, 'lock'))).toBe(true);
  });
});
