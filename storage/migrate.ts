import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { PlainsealError } from '../shared/errors.ts';
import type { Connection } from './connection.ts';
import { flushFile, flushFolder } from './durable-file.ts';

/** One step forward. `version` is its place, counted from 1; `user_version` of the database holds the last one done. */
export type Migration = { readonly version: number; readonly sql: string };

/** Where the copy made before an upgrade lies. */
export const backupPath = (database: string): string => `${database}.before-upgrade`;

/**
 * Refuses a database written by a newer Plainseal.
 * @throws PlainsealError `newer-schema`
 */
export function checkVersion(raw: Connection, steps: readonly Migration[]): void {
  const version = userVersion(raw);
  if (version > steps.length)
    throw new PlainsealError('newer-schema', `schema ${version} is newer than ${steps.length}`);
}

/**
 * Does the steps that are missing, each in a transaction of its own together with its number, so that an interrupted one has not happened.
 * Before an upgrade of what already holds data, a copy under the same key is made beside the database.
 * Foreign keys are off meanwhile (a step may rebuild a table) and checked before each commit.
 *
 * @throws PlainsealError `newer-schema`; `corrupt` where a step would leave a dangling reference; what SQLite throws.
 */
export function migrate(raw: Connection, path: string, steps: readonly Migration[]): void {
  for (const [index, step] of steps.entries())
    if (step.version !== index + 1) throw new PlainsealError('internal', 'migrations are out of order');
  checkVersion(raw, steps);
  const from = userVersion(raw);
  if (from === steps.length) return;
  if (from > 0) backUp(raw, path);
  raw.pragma('foreign_keys = OFF');
  for (const step of steps.slice(from)) {
    raw.exec('BEGIN IMMEDIATE');
    try {
      raw.exec(step.sql);
      raw.pragma(`user_version = ${step.version}`);
      if ((raw.pragma('foreign_key_check') as readonly unknown[]).length > 0)
        throw new PlainsealError('corrupt', `migration ${step.version} leaves dangling references`);
      raw.exec('COMMIT');
    } catch (error) {
      if (raw.inTransaction) raw.exec('ROLLBACK');
      throw error;
    }
  }
}

/** Notes, when the database closes in order, that the upgrade survived a whole run. */
export function settleBackup(raw: Connection, path: string): void {
  if (!existsSync(backupPath(path))) return;
  raw
    .prepare(
      "INSERT INTO meta (key, value) VALUES ('upgrade-settled', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    )
    .run(userVersion(raw));
}

/** Removes the copy at the first start after a run that ended in order. A run that crashed keeps it. */
export function removeSettledBackup(raw: Connection, path: string, steps: readonly Migration[]): void {
  const backup = backupPath(path);
  rmSync(`${backup}.part`, { force: true });
  if (!existsSync(backup) || userVersion(raw) !== steps.length) return;
  const settled = raw.prepare("SELECT value FROM meta WHERE key = 'upgrade-settled'").pluck().get();
  if (settled === steps.length) rmSync(backup);
}

function backUp(raw: Connection, path: string): void {
  const backup = backupPath(path);
  const part = `${backup}.part`;
  // VACUUM INTO takes an empty file as its target and keeps its mode. The copy has the cipher and key of the original.
  closeSync(openSync(part, 'w', 0o600));
  raw.prepare('VACUUM INTO ?').run(part);
  flushFile(part);
  renameSync(part, backup);
  flushFolder(dirname(path));
}

function userVersion(raw: Connection): number {
  return raw.pragma('user_version', { simple: true }) as number;
}
