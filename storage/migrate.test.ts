import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { DATABASE_FILE, openDatabase } from './database.ts';
import type { Migration } from './migrate.ts';
import { backupPath } from './migrate.ts';
import { first } from './migrations/0001-first.ts';
import { startChild } from './test/child.ts';
import { kindThrown, scratch } from './test/scratch.ts';

const folderFor = scratch();
const key = new Uint8Array(32).fill(7);
const one: Migration = { version: 1, sql: first };
const two: Migration = {
  version: 2,
  sql: "CREATE TABLE extra (x TEXT) STRICT; INSERT INTO extra VALUES ('new');",
};
const open = (folder: string, steps: readonly Migration[]): Database => openDatabase({ folder, key, steps });
const versionOf = (database: Database): number | undefined =>
  database.get<{ user_version: number }>('PRAGMA user_version')?.user_version;
const backupOf = (folder: string): string => backupPath(join(folder, DATABASE_FILE));

function old(folder: string): void {
  const database = open(folder, [one]);
  database.run("INSERT INTO meta (key, value) VALUES ('kept', 'yes')");
  database.close();
}

describe('an upgrade', () => {
  it('does the missing steps, once, over the same rows', () => {
    const folder = folderFor();
    old(folder);
    for (let round = 0; round < 2; round += 1) {
      const database = open(folder, [one, two]);
      expect(versionOf(database)).toBe(2);
      expect(database.all('SELECT * FROM extra')).toEqual([{ x: 'new' }]);
      expect(database.get("SELECT value FROM meta WHERE key = 'kept'")).toEqual({ value: 'yes' });
      expect(Object.values(database.get('PRAGMA foreign_keys') ?? {})).toEqual([1]);
      database.close();
    }
  });

  it('makes a copy first, under the same key, that opens with the old steps', () => {
    const folder = folderFor();
    old(folder);
    open(folder, [one, two]).close();
    const backup = backupOf(folder);
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    expect(readFileSync(backup).includes('SQLite format 3')).toBe(false);
    expect(readFileSync(backup).includes('kept')).toBe(false);
    const restored = folderFor();
    renameSync(backup, join(restored, DATABASE_FILE));
    const database = open(restored, [one]);
    expect(versionOf(database)).toBe(1);
    expect(database.get("SELECT value FROM meta WHERE key = 'kept'")).toEqual({ value: 'yes' });
    expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    database.close();
  });

  it('needs no copy for a new database', () => {
    const folder = folderFor();
    const database = open(folder, [one, two]);
    expect(existsSync(backupOf(folder))).toBe(false);
    database.close();
  });

  it('removes the copy at the first start after a run that ended in order', () => {
    const folder = folderFor();
    old(folder);
    const upgraded = open(folder, [one, two]);
    expect(existsSync(backupOf(folder))).toBe(true);
    upgraded.close();
    expect(existsSync(backupOf(folder))).toBe(true);
    open(folder, [one, two]).close();
    expect(existsSync(backupOf(folder))).toBe(false);
  });

  it('keeps the copy while no run has ended in order', () => {
    const folder = folderFor();
    old(folder);
    // A run that crashed: its connection is never closed in order.
    open(folder, [one, two]);
    const second = open(folder, [one, two]);
    expect(existsSync(backupOf(folder))).toBe(true);
    second.close();
    open(folder, [one, two]).close();
    expect(existsSync(backupOf(folder))).toBe(false);
  });

  it('that fails leaves the old schema, the rows and the copy', () => {
    const folder = folderFor();
    old(folder);
    const broken: Migration = { version: 2, sql: 'CREATE TABLE half (x); INSERT INTO nowhere VALUES (1);' };
    expect(kindThrown(() => open(folder, [one, broken]))).toBe('internal');
    expect(existsSync(backupOf(folder))).toBe(true);
    const database = open(folder, [one]);
    expect(versionOf(database)).toBe(1);
    expect(database.all("SELECT name FROM sqlite_schema WHERE name = 'half'")).toEqual([]);
    expect(database.get("SELECT value FROM meta WHERE key = 'kept'")).toEqual({ value: 'yes' });
    database.close();
  });

  it('that would leave a dangling reference is undone', () => {
    const folder = folderFor();
    old(folder);
    const dangling: Migration = {
      version: 2,
      sql: "INSERT INTO route (person, peer) VALUES ('nobody', 'nothing');",
    };
    expect(kindThrown(() => open(folder, [one, dangling]))).toBe('corrupt');
    const database = open(folder, [one]);
    expect(database.all('SELECT * FROM route')).toEqual([]);
    database.close();
  });

  it('with gaps or doubles in its numbers is refused', () => {
    expect(kindThrown(() => open(folderFor(), [one, { ...two, version: 3 }]))).toBe('internal');
    expect(kindThrown(() => open(folderFor(), [one, one]))).toBe('internal');
  });

  it('that is stopped in the middle has not happened, and is done at the next start', async () => {
    const folder = folderFor();
    old(folder);
    const child = startChild(new URL('./test/interrupted-migration.ts', import.meta.url), [folder]);
    expect(await child.line()).toBe('upgrading');
    // The step is under way once pages of it have spilled into the log.
    const log = join(folder, `${DATABASE_FILE}-wal`);
    while (!existsSync(log) || statSync(log).size < 1_000_000) await wait(20);
    await child.kill();
    const before = open(folder, [one]);
    expect(versionOf(before)).toBe(1);
    expect(before.all("SELECT name FROM sqlite_schema WHERE name = 'half'")).toEqual([]);
    expect(before.get("SELECT value FROM meta WHERE key = 'kept'")).toEqual({ value: 'yes' });
    before.close();
    const after = open(folder, [one, two]);
    expect(versionOf(after)).toBe(2);
    after.close();
  });
});
