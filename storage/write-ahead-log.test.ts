import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConversationId } from '../shared/ids.ts';
import { DATABASE_FILE, openDatabase } from './database.ts';
import { addConversation, addMessage } from './test/sample.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
const key = new Uint8Array(32).fill(7);
const conversation = 'a|email|someone' as ConversationId;
const LOG_HEADER = 32;
const FRAME = 24 + 4096;

/** Writes `count` transactions of two rows each and notes how long the log was when each was acknowledged. */
function written(
  folder: string,
  count: number,
): { readonly path: string; readonly acknowledged: readonly number[] } {
  const database = openDatabase({ folder, key });
  addConversation(database, conversation);
  database.checkpointTruncate();
  const path = join(folder, DATABASE_FILE);
  const acknowledged: number[] = [];
  for (let index = 0; index < count; index += 1) {
    database.transaction(() => {
      addMessage(database, { id: 10 + 2 * index, conversation, text: `word${index} left` });
      addMessage(database, { id: 11 + 2 * index, conversation, text: `word${index} right` });
    });
    acknowledged.push(statSync(`${path}-wal`).size);
  }
  // Copies are taken as a power cut would leave them: the connection still open, nothing checkpointed.
  for (const part of ['', '-wal']) copyFileSync(path + part, `${path}${part}.copy`);
  database.close();
  return { path, acknowledged };
}

describe('a log cut by a power loss', () => {
  it('opens at every frame boundary and in the middle of frames, with every acknowledged transaction and no half one', () => {
    const { path, acknowledged } = written(folderFor(), 8);
    const log = readFileSync(`${path}-wal.copy`);
    const frames = (log.length - LOG_HEADER) / FRAME;
    expect(Number.isInteger(frames)).toBe(true);
    expect(frames).toBeGreaterThan(30);
    const cuts = [0, 10, LOG_HEADER];
    for (let frame = 1; frame <= frames; frame += 1)
      cuts.push(LOG_HEADER + frame * FRAME - 1_000, LOG_HEADER + frame * FRAME);
    for (const cut of cuts) {
      const folder = folderFor();
      copyFileSync(`${path}.copy`, join(folder, DATABASE_FILE));
      writeFileSync(join(folder, `${DATABASE_FILE}-wal`), log.subarray(0, cut));
      const database = openDatabase({ folder, key });
      const whole = acknowledged.filter((size) => size <= cut).length;
      expect([cut, database.get('SELECT count(*) AS n FROM message')]).toEqual([cut, { n: 2 * whole }]);
      expect(database.all('SELECT rowid FROM search WHERE search MATCH ?', 'left')).toHaveLength(whole);
      expect(database.all('PRAGMA quick_check')).toEqual([{ quick_check: 'ok' }]);
      database.close();
    }
  });

  it('with a changed frame keeps what came before it', () => {
    const { path, acknowledged } = written(folderFor(), 6);
    const log = readFileSync(`${path}-wal.copy`);
    const third = acknowledged[2] ?? 0;
    log[third + 24 + 100] = (log[third + 24 + 100] ?? 0) ^ 1;
    const folder = folderFor();
    copyFileSync(`${path}.copy`, join(folder, DATABASE_FILE));
    writeFileSync(join(folder, `${DATABASE_FILE}-wal`), log);
    const database = openDatabase({ folder, key });
    expect(database.get('SELECT count(*) AS n FROM message')).toEqual({ n: 6 });
    database.close();
  });
});
