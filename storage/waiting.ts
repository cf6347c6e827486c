import type { AccountId, Millis, NetworkKey } from '../shared/ids.ts';
import type { Change } from '../shared/lane/change.ts';
import type { Database } from './database.ts';

/** How long a change waits for its target. */
export const WAIT_MS = 30 * 24 * 60 * 60 * 1_000;
/** Most changes that wait in one account, and for one target: a flood of receipts for nothing must not fill the disk. */
export const MAX_WAITING = 10_000;
export const MAX_WAITING_PER_TARGET = 64;
/** Of those the most for one conversation, and of the receipts of one person: no one takes the places of all others. */
export const MAX_WAITING_SHARE = 1_000;
/** In the words of its index (migration 14). */
const SHARE =
  "coalesce(json_extract(change, '$.target.conversation'), json_extract(change, '$.receipt.by'), '')";
/** Swept with each that comes, so that there are ever fewer. */
const SWEEP = 8;

/**
 * Keeps a change until its target arrives; what has waited too long goes. A message that its writer has deleted needs no words any more: the edits of it
 * go, and none is kept. False when there is no room; it is then lost, as if it had never been sent.
 */
export function keepWaiting(
  db: Database,
  account: AccountId,
  target: NetworkKey,
  change: Change,
  now: Millis,
): boolean {
  db.run(
    `DELETE FROM waiting_change WHERE id IN (SELECT id FROM waiting_change WHERE until < ? ORDER BY until LIMIT ${SWEEP})`,
    now,
  );
  if (change.kind === 'delete')
    db.run(
      `DELETE FROM waiting_change WHERE account = ? AND target = ?
       AND json_extract(change, '$.kind') = 'edit' AND json_extract(change, '$.by') = ?`,
      account,
      target,
      change.by,
    );
  if (change.kind === 'edit' && isDeletedBy(db, account, target, change.by)) return true;
  const count = db.get<{ readonly here: number; readonly share: number; readonly all: number }>(
    `SELECT (SELECT count(*) FROM waiting_change WHERE account = :account AND target = :target) AS here,
            (SELECT count(*) FROM waiting_change INDEXED BY waiting_share WHERE account = :account AND ${SHARE} = :share) AS share,
            (SELECT count(*) FROM waiting_change WHERE account = :account) AS "all"`,
    { account, target, share: shareOf(change) },
  );
  if (count && count.here >= MAX_WAITING_PER_TARGET) return false;
  if (count && (count.share >= MAX_WAITING_SHARE || count.all >= MAX_WAITING)) return false;
  db.run(
    'INSERT INTO waiting_change (account, target, change, until) VALUES (?, ?, ?, ?)',
    account,
    target,
    JSON.stringify(change),
    now + WAIT_MS,
  );
  return true;
}

/** Whose places a change takes. */
function shareOf(change: Change): string {
  if ('target' in change) return change.target.conversation;
  return change.kind === 'receipt' ? change.receipt.by : '';
}

/** Whether a deletion by somebody waits for a target. */
const isDeletedBy = (db: Database, account: AccountId, target: NetworkKey, by: string): boolean =>
  db.get(
    `SELECT 1 FROM waiting_change WHERE account = ? AND target = ?
     AND json_extract(change, '$.kind') = 'delete' AND json_extract(change, '$.by') = ?`,
    account,
    target,
    by,
  ) !== undefined;

/** Whether an edit waits for a target. */
export function hasWaitingEdit(db: Database, account: AccountId, target: NetworkKey): boolean {
  return (
    db.get(
      "SELECT 1 FROM waiting_change WHERE account = ? AND target = ? AND json_extract(change, '$.kind') = 'edit'",
      account,
      target,
    ) !== undefined
  );
}

/** Takes out what waited for a target, in the order it came; what waited too long is dropped. */
export function takeWaiting(
  db: Database,
  account: AccountId,
  target: NetworkKey,
  now: Millis,
): readonly Change[] {
  const rows = db.all<{ readonly change: string; readonly until: Millis }>(
    'SELECT change, until FROM waiting_change WHERE account = ? AND target = ? ORDER BY id',
    account,
    target,
  );
  if (rows.length > 0) db.run('DELETE FROM waiting_change WHERE account = ? AND target = ?', account, target);
  return rows.filter((row) => row.until >= now).map((row) => JSON.parse(row.change) as Change);
}
