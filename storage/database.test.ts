import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainsealError } from '../shared/errors.ts';
import type { Database } from './database.ts';
import { DATABASE_FILE, openDatabase } from './database.ts';
import { testKey } from './key-wrap.ts';
import { createProfile } from './profile.ts';
import { startChild } from './test/child.ts';
import { kindThrown, scratch } from './test/scratch.ts';

const folderFor = scratch();
const key = new Uint8Array(32).fill(7);
const open = (folder: string, other: Uint8Array = key): Database => openDatabase({ folder, key: other });
const note = (database: Database, name: string, value = 'x'): void =>
  void database.run('INSERT INTO meta (key, value) VALUES (?, ?)', name, value);
const names = (database: Database): readonly string[] =>
  database.all<{ key: string }>('SELECT key FROM meta ORDER BY key').map((row) => row.key);

/** A database with some rows, closed in order. */
function filled(folder: string): string {
  const database = open(folder);
  for (let index = 0; index < 30; index += 1) note(database, `row-${index}`, 'v'.repeat(900));
  database.close();
  return join(folder, DATABASE_FILE);
}
/** Digest of every file with bytes in it, to show that nothing was touched. A reader leaves an empty log. */
function digests(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => !name.endsWith('-shm') && statSync(join(folder, name)).size > 0)
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ]),
  );
}

describe('an open database', () => {
  it('is set as the design says', () => {
    const database = open(folderFor());
    const pragma = (name: string): unknown => Object.values(database.get(`PRAGMA ${name}`) ?? {})[0];
    expect({
      synchronous: pragma('synchronous'), // 2 is FULL
      journal: pragma('journal_mode'),
      foreignKeys: pragma('foreign_keys'),
      wipes: pragma('secure_delete'),
      temp: pragma('temp_store'), // 2 is MEMORY
      trusted: pragma('trusted_schema'),
      cipher: pragma('cipher'),
      wait: pragma('busy_timeout'),
    }).toEqual({
      synchronous: 2,
      journal: 'wal',
      foreignKeys: 1,
      wipes: 1,
      temp: 2,
      trusted: 0,
      cipher: 'sqlcipher',
      wait: 0,
    });
    if (process.platform === 'darwin') expect(pragma('fullfsync')).toBe(1);
    database.close();
  });

  it('leaves files only their owner may read', () => {
    const folder = folderFor();
    const database = open(folder);
    note(database, 'a');
    for (const name of readdirSync(folder))
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
    database.close();
    expect(readdirSync(folder)).toEqual([DATABASE_FILE]);
  });

  it('closes twice, and keeps what was written', () => {
    const folder = folderFor();
    const database = open(folder);
    note(database, 'kept');
    database.close();
    database.close();
    const again = open(folder);
    expect(names(again)).toEqual(['kept']);
    again.close();
  });

  it('keeps no samples of contents for the query planner', () => {
    const folder = folderFor();
    const database = open(folder);
    database.transaction(() => {
      for (let index = 0; index < 2_000; index += 1)
        database.run(
          "INSERT INTO request (id, name, answer, at) VALUES (?, 'n', x'00', ?)",
          `id-${index}`,
          index,
        );
    });
    database.all('SELECT id FROM request WHERE at > 5 ORDER BY at LIMIT 1');
    database.run('ANALYZE');
    expect(database.get<{ n: number }>('SELECT count(*) AS n FROM sqlite_stat4')?.n).toBeGreaterThan(0);
    database.close();
    const again = open(folder);
    expect(again.get<{ n: number }>('SELECT count(*) AS n FROM sqlite_stat4')?.n).toBe(0);
    again.close();
  });
});

describe('a transaction', () => {
  const database = open(folderFor());

  it('commits all or nothing', () => {
    expect(database.transaction(() => (note(database, 't1'), 5))).toBe(5);
    expect(() =>
      database.transaction(() => {
        note(database, 't2');
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(names(database)).toEqual(['t1']);
    expect(database.inTransaction).toBe(false);
  });
  it('is refused inside another, and waits for nothing', () => {
    expect(kindThrown(() => database.transaction(() => database.transaction(() => 1)))).toBe('internal');
    expect(kindThrown(() => database.transaction(() => database.readTransaction(() => 1)))).toBe('internal');
    expect(kindThrown(() => database.transaction(() => (note(database, 't3'), Promise.resolve())))).toBe(
      'internal',
    );
    expect(names(database)).toEqual(['t1']);
  });
  it('drops a savepoint and goes on', () => {
    database.transaction(() => {
      note(database, 's1');
      expect(kindThrown(() => database.savepoint(() => (note(database, 's2'), note(database, 's1'))))).toBe(
        'conflict',
      );
      database.savepoint(() => note(database, 's3'));
    });
    expect(names(database)).toEqual(['s1', 's3', 't1']);
    expect(kindThrown(() => database.savepoint(() => 1))).toBe('internal');
  });
  it('of reading sees one snapshot', () => {
    const folder = folderFor();
    const writer = open(folder);
    const reader = openDatabase({ folder, key, readOnly: true });
    reader.readTransaction(() => {
      expect(names(reader)).toEqual([]);
      note(writer, 'later');
      expect(names(reader)).toEqual([]);
      expect(writer.checkpointTruncate()).toBe(false);
    });
    expect(names(reader)).toEqual(['later']);
    expect(writer.checkpointTruncate()).toBe(true);
    expect(kindThrown(() => note(reader, 'no'))).toBe('read-only');
    reader.close();
    writer.close();
  });
  it('enforces references', () => {
    expect(() => database.run("INSERT INTO route (person, peer) VALUES ('nobody', 'nothing')")).toThrow(
      /FOREIGNKEY/,
    );
  });
});

describe('what cannot be opened', () => {
  it('a wrong key or no key', () => {
    const folder = folderFor();
    filled(folder);
    const before = digests(folder);
    expect(kindThrown(() => open(folder, new Uint8Array(32).fill(8)))).toBe('wrong-key');
    expect(kindThrown(() => open(folder, new Uint8Array(16)))).toBe('bad-request');
    expect(digests(folder)).toEqual(before);
  });

  it('a wrong key beside a log that was not yet checkpointed', () => {
    const folder = folderFor();
    const database = open(folder);
    note(database, 'in-the-log');
    const before = digests(folder);
    expect(kindThrown(() => open(folder, new Uint8Array(32).fill(8)))).toBe('wrong-key');
    expect(digests(folder)).toEqual(before);
    expect(names(database)).toEqual(['in-the-log']);
    database.close();
  });

  it('a newer schema, which is left untouched', () => {
    const folder = folderFor();
    const database = open(folder);
    database.run('PRAGMA user_version = 900');
    database.close();
    const before = digests(folder);
    expect(kindThrown(() => open(folder))).toBe('newer-schema');
    expect(kindThrown(() => openDatabase({ folder, key, readOnly: true }))).toBe('newer-schema');
    expect(digests(folder)).toEqual(before);
  });

  it('a missing folder, and a missing database for a reader', () => {
    expect(kindThrown(() => open(join(folderFor(), 'nowhere')))).toBe('io');
    const folder = folderFor();
    expect(kindThrown(() => openDatabase({ folder, key, readOnly: true }))).toBe('corrupt');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('a database emptied beside its log', () => {
    const folder = folderFor();
    const path = filled(folder);
    truncateSync(path, 0);
    writeFileSync(`${path}-wal`, 'left');
    expect(kindThrown(() => open(folder))).toBe('corrupt');
    expect(statSync(path).size).toBe(0);
  });

  it('a file that is no database', () => {
    const folder = folderFor();
    const path = join(folder, DATABASE_FILE);
    writeFileSync(path, 'hello '.repeat(5_000));
    const before = digests(folder);
    expect(kindThrown(() => open(folder))).toBe('wrong-key');
    expect(digests(folder)).toEqual(before);
  });

  it('a damaged first page is told from a wrong key where the header knows the key', () => {
    const folder = folderFor();
    createProfile({ folder, kind: 'test', now: 1 });
    const own = testKey(folder);
    const path = join(folder, DATABASE_FILE);
    open(folder, own).close();
    expect(kindThrown(() => open(folder, key))).toBe('wrong-key');
    const bytes = readFileSync(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect(kindThrown(() => open(folder, own))).toBe('corrupt');
    expect(kindThrown(() => open(folder, key))).toBe('wrong-key');
  });

  it('a folder that may not be written', async () => {
    const folder = folderFor();
    const path = filled(folder);
    chmodSync(path, 0o444);
    chmodSync(folder, 0o555);
    const child = startChild(new URL('./test/open-database.ts', import.meta.url), [folder], {
      powerless: true,
    });
    expect(await child.line()).toBe('read-only');
    await child.end();
    chmodSync(folder, 0o700);
    expect(readdirSync(folder)).toEqual([DATABASE_FILE]);
  });
});

describe('damage', () => {
  it('of any byte is told, changes nothing, and never gives other rows', () => {
    const folder = folderFor();
    const path = filled(folder);
    const whole = readFileSync(path);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        writeFileSync(path, damaged);
        let database: Database | null = null;
        try {
          database = openDatabase({ folder, key, readOnly: true });
          const rows = database.all<{ value: string }>("SELECT value FROM meta WHERE key LIKE 'row-%'");
          expect(rows.map((row) => row.value)).toEqual(Array.from({ length: 30 }, () => 'v'.repeat(900)));
          database.get('PRAGMA quick_check');
        } catch (error) {
          if (!(error instanceof PlainsealError)) throw error;
          expect(['corrupt', 'wrong-key']).toContain(error.kind);
        } finally {
          database?.close();
        }
        expect(readFileSync(path).equals(damaged)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('of every page is noticed when the page is read', () => {
    const folder = folderFor();
    const path = filled(folder);
    const whole = readFileSync(path);
    const rowsPage = whole.length / 4096;
    let noticed = 0;
    for (let page = 1; page < rowsPage; page += 1) {
      const damaged = Buffer.from(whole);
      damaged[page * 4096 + 50] = (damaged[page * 4096 + 50] ?? 0) ^ 4;
      writeFileSync(path, damaged);
      const readAll = (): void => {
        const database = openDatabase({ folder, key, readOnly: true });
        try {
          for (const { name } of database.all<{ name: string }>(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search'",
          ))
            database.all(`SELECT * FROM "${name}"`);
          const [first] = database.all<{ integrity_check: string }>('PRAGMA integrity_check');
          if (first?.integrity_check !== 'ok') throw new PlainsealError('corrupt', 'found by the check');
        } finally {
          database.close();
        }
      };
      if (kindThrown(readAll) === 'corrupt') noticed += 1;
    }
    expect(noticed).toBe(rowsPage - 1);
  });
});

describe('a full disk', () => {
  it('is told, undoes the transaction and loses nothing before it', () => {
    const folder = folderFor();
    const database = open(folder);
    note(database, 'before');
    const pages = database.get<{ page_count: number }>('PRAGMA page_count')?.page_count ?? 0;
    database.get(`PRAGMA max_page_count = ${pages + 2}`);
    const kind = kindThrown(() =>
      database.transaction(() => {
        note(database, 'small');
        note(database, 'large', 'x'.repeat(100_000));
      }),
    );
    expect(kind).toBe('disk-full');
    expect(database.inTransaction).toBe(false);
    expect(names(database)).toEqual(['before']);
    database.get('PRAGMA max_page_count = 1000000');
    note(database, 'after');
    database.close();
    const again = open(folder);
    expect(names(again)).toEqual(['after', 'before']);
    again.close();
    expect(existsSync(join(folder, `${DATABASE_FILE}-wal`))).toBe(false);
  });
});

describe('a slow statement', () => {
  it('is told with its text and without its values', () => {
    const told: string[] = [];
    const database = openDatabase({
      folder: folderFor(),
      key,
      onSlow: ({ sql, ms }) => told.push(`${sql} ${ms > 40}`),
    });
    const sql =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT max(i) AS m FROM n';
    expect(database.get(sql, 3)).toEqual({ m: 3 });
    expect(told).toEqual([]);
    database.get(sql, 2_000_000);
    expect(told).toEqual([`${sql} true`]);
    database.close();
  });
});
