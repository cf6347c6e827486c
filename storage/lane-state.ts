import { PlainsealError } from '../shared/errors.ts';
import type { AccountId } from '../shared/ids.ts';
import {
  ABSENT,
  freshVersion,
  type StateCell,
  type StateKey,
  type StateWrite,
} from '../shared/lane/state.ts';
import type { Database } from './database.ts';

/** Most cells one scan returns; a space that holds more needs a narrower prefix. */
export const MAX_SCAN = 20_000;

/** A cell of an account's state, or null. */
export function getCell(db: Database, account: AccountId, key: StateKey): StateCell | null {
  return (
    db.get<StateCell>(
      'SELECT value, version FROM lane_state WHERE account = ? AND space = ? AND key = ?',
      account,
      key.space,
      key.key,
    ) ?? null
  );
}

/**
 * The cells of a space whose key starts with `prefix`, in key order.
 * @throws PlainsealError `too-large` beyond {@link MAX_SCAN}: a lane must never take a part for the whole.
 */
export function scanCells(
  db: Database,
  account: AccountId,
  space: string,
  prefix: string,
): readonly (readonly [StateKey, StateCell])[] {
  const rows = db.all<{ readonly key: string } & StateCell>(
    `SELECT key, value, version FROM lane_state
     WHERE account = ? AND space = ? AND key >= ? AND key < ? || char(1114111) -- the highest code point
     ORDER BY key LIMIT ${MAX_SCAN + 1}`,
    account,
    space,
    prefix,
    prefix,
  );
  if (rows.length > MAX_SCAN) throw new PlainsealError('too-large', 'too many cells for one scan');
  return rows.map(
    ({ key, value, version }) =>
      [
        { space, key },
        { value, version },
      ] as const,
  );
}

/**
 * Applies writes, each only when its cell still has the version it was made from.
 * @throws PlainsealError `conflict` on the first that has not; the caller's transaction must then drop the others.
 */
export function writeCells(db: Database, account: AccountId, writes: readonly StateWrite[]): void {
  for (const { key, value, expect, version = freshVersion() } of writes) {
    const changed =
      value === null
        ? removeCell(db, account, key, expect)
        : writeCell(db, account, key, { value, version }, expect);
    if (!changed) throw new PlainsealError('conflict', 'a state cell has another version');
  }
}

/** Empties an account's state but for the spaces in `keeps`, and writes that of a new beginning. @throws as {@link writeCells}. */
export function replaceCells(
  db: Database,
  account: AccountId,
  keeps: readonly string[],
  writes: readonly StateWrite[],
): void {
  db.run(
    'DELETE FROM lane_state WHERE account = ? AND space NOT IN (SELECT value FROM json_each(?))',
    account,
    JSON.stringify(keeps),
  );
  writeCells(db, account, writes);
}

function removeCell(db: Database, account: AccountId, key: StateKey, expect: number): boolean {
  if (expect === ABSENT) return getCell(db, account, key) === null;
  return (
    db.run(
      'DELETE FROM lane_state WHERE account = ? AND space = ? AND key = ? AND version = ?',
      account,
      key.space,
      key.key,
      expect,
    ).changes === 1
  );
}

function writeCell(
  db: Database,
  account: AccountId,
  key: StateKey,
  { value, version }: StateCell,
  expect: number,
): boolean {
  if (expect === ABSENT)
    return (
      db.run(
        `INSERT INTO lane_state (account, space, key, value, version) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        account,
        key.space,
        key.key,
        value,
        version,
      ).changes === 1
    );
  return (
    db.run(
      `UPDATE lane_state SET value = ?, version = ?
       WHERE account = ? AND space = ? AND key = ? AND version = ?`,
      value,
      version,
      account,
      key.space,
      key.key,
      expect,
    ).changes === 1
  );
}
