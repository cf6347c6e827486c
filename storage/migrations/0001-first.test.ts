import { describe, expect, it } from 'vitest';
import { openDatabase } from '../database.ts';
import { scratch } from '../test/scratch.ts';
import { first } from './0001-first.ts';

const folderFor = scratch();

describe('migration 1', () => {
  const database = openDatabase({
    folder: folderFor(),
    key: new Uint8Array(32).fill(7),
    steps: [{ version: 1, sql: first }],
  });

  it('makes every table strict, but for the full-text index', () => {
    const tables = database.all<{ name: string; strict: number }>(
      "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    expect(tables.length).toBeGreaterThan(20);
    expect(tables.filter((table) => table.strict === 0)).toEqual([]);
    expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  it('has an index for every reference from a large table, so that a delete scans nothing', () => {
    const children = database.all<{ child: string; column: string }>(
      `SELECT m.name AS child, f."from" AS "column" FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f
       WHERE m.type = 'table' AND f."table" IN ('message', 'conversation', 'file', 'outbox')`,
    );
    expect(children.length).toBeGreaterThan(5);
    const leading = (table: string): readonly string[] =>
      database
        .all<{ name: string }>(
          `SELECT (SELECT name FROM pragma_index_info(i.name) WHERE seqno = 0) AS name FROM pragma_index_list(?) AS i`,
          table,
        )
        .map((row) => row.name);
    const unindexed = children.filter(({ child, column }) => !leading(child).includes(column));
    expect(unindexed).toEqual([]);
  });

  it('reads a page of a conversation, the list and a search from an index, without sorting', () => {
    const plans: readonly (readonly [sql: string, wanted: RegExp])[] = [
      ['SELECT * FROM message WHERE conversation = ? AND id < ? ORDER BY id DESC LIMIT 50', /message_page/],
      [
        'SELECT * FROM conversation WHERE archived = 0 ORDER BY pinned DESC, last_at DESC, id LIMIT 50',
        /conversation_list/,
      ],
      ['SELECT * FROM outbox WHERE conversation = ? ORDER BY seq LIMIT 1', /outbox_conversation/],
      [
        'SELECT rowid FROM search WHERE search MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT 50',
        /VIRTUAL TABLE INDEX/,
      ],
    ];
    for (const [sql, wanted] of plans) {
      const parameters = Array.from({ length: sql.split('?').length - 1 }, () => 'x');
      const plan = database
        .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...parameters)
        .map((row) => row.detail)
        .join('\n');
      expect(plan).toMatch(wanted);
      expect(plan).not.toMatch(/TEMP B-TREE/);
    }
  });
});
