import { readdir, rm } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { join } from 'node:path';
import type { FileId, Millis } from '../shared/ids.ts';
import type { Database } from './database.ts';
import { withFileErrors } from './durable-file.ts';
import { PART } from './file-writer.ts';
import { FILES_FOLDER, unfetch } from './files.ts';

/** Folders of the file store, 00 to ff. */
const FOLDERS = 256;

/**
 * To be called once at start, before the first file is written: settles the rows of files whose writing was cut off.
 * A file that a message names can be fetched again; any other is forgotten.
 */
export function settleCutFiles(database: Database): void {
  database.transaction(() => {
    const cut = database.all<{ id: FileId; named: number }>(
      `SELECT id, EXISTS (SELECT 1 FROM message_file WHERE message_file.file = file.id) AS named
       FROM file WHERE state = 'writing'`,
    );
    for (const { id, named } of cut) {
      if (named === 1) unfetch(database, id);
      else database.run('DELETE FROM file WHERE id = ?', id);
    }
  });
}

/**
 * Removes bytes that no row speaks for, and files from before `unnamedBefore` that no message and no draft names: an ingest or a
 * page that was cut off leaves such. Works for at most `budgetMs` from folder number `from`.
 * @returns how many went, and where to go on; null once all folders were seen.
 */
export async function sweepFiles(options: {
  readonly database: Database;
  readonly folder: string;
  readonly budgetMs: number;
  readonly from?: number;
  readonly unnamedBefore?: Millis;
}): Promise<{ readonly removed: number; readonly next: number | null }> {
  const until = performance.now() + options.budgetMs;
  let removed = 0;
  for (let number = options.from ?? 0; number < FOLDERS; number += 1) {
    if (performance.now() > until) return { removed, next: number };
    const folder = join(options.folder, FILES_FOLDER, number.toString(16).padStart(2, '0'));
    for (const name of await namesIn(folder)) {
      if (isWanted(options.database, name, options.unnamedBefore ?? 0)) continue;
      await withFileErrors(() => rm(join(folder, name), { force: true }));
      removed += 1;
    }
  }
  return { removed, next: null };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** A file of this session that is still being written, under either name, is left alone. One that nobody names is forgotten here. */
function isWanted(database: Database, name: string, unnamedBefore: Millis): boolean {
  const id = name.endsWith(PART) ? name.slice(0, -PART.length) : name;
  const row = database.get<{ state: string; createdAt: number }>(
    'SELECT state, created_at AS createdAt FROM file WHERE id = ?',
    id,
  );
  if (row === undefined) return false;
  if (row.state !== 'here' || name !== id) return row.state === 'writing';
  if (row.createdAt >= unnamedBefore || isNamed(database, id)) return true;
  database.run('DELETE FROM file WHERE id = ?', id);
  return false;
}

/** Whether a message, a draft, something on its way out or a change that waits for its message names a file. */
function isNamed(database: Database, id: string): boolean {
  return (
    database.get(
      `SELECT 1 WHERE EXISTS (SELECT 1 FROM message_file WHERE file = :id)
         OR EXISTS (SELECT 1 FROM artifact WHERE file = :id)
         OR EXISTS (SELECT 1 FROM conversation WHERE instr(draft, :id) > 0)
         OR EXISTS (SELECT 1 FROM waiting_change WHERE instr(change, :id) > 0)`,
      { id },
    ) !== undefined
  );
}
