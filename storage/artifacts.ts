import type { AccountId, FileId, OutboxId } from '../shared/ids.ts';
import type { Stored } from '../shared/lane/intent.ts';
import type { Database } from './database.ts';

/** What was made for each destination. */
export function artifactsOf(db: Database, id: OutboxId): readonly Stored[] {
  return db
    .all<{
      readonly destination: string;
      readonly identity: string;
      readonly bytes: Uint8Array | null;
      readonly file: FileId | null;
      readonly outcome: Stored['outcome'];
    }>(
      'SELECT destination, identity, bytes, file, outcome FROM artifact WHERE outbox = ? ORDER BY destination',
      id,
    )
    .map((row) => ({
      to: row.destination,
      identity: row.identity,
      bytes: row.file ?? row.bytes ?? new Uint8Array(),
      outcome: row.outcome,
    }));
}

/** Stores what was made for a destination, or what became of it. */
export function putArtifact(db: Database, id: OutboxId, artifact: Stored): void {
  const { bytes } = artifact;
  db.run(
    `INSERT INTO artifact (outbox, destination, identity, bytes, file, outcome) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (outbox, destination) DO UPDATE SET identity = excluded.identity, bytes = excluded.bytes,
       file = excluded.file, outcome = excluded.outcome`,
    id,
    artifact.to,
    artifact.identity,
    typeof bytes === 'string' ? null : bytes,
    typeof bytes === 'string' ? bytes : null,
    artifact.outcome,
  );
}

/** Whether nobody has anything of a sealed item: it has artifacts, and of none it is known or feared that it went. */
export function isUnwritten(db: Database, id: OutboxId): boolean {
  const outcomes = artifactsOf(db, id).map(({ outcome }) => outcome);
  return outcomes.length > 0 && outcomes.every((outcome) => outcome === 'pending');
}

/** It is not known that nothing of a sealed item went: its artifacts count as handed over without an answer. Whether any did not before. */
export function doubtItem(db: Database, id: OutboxId): boolean {
  return (
    db.run(
      `UPDATE artifact SET outcome = 'ambiguous' WHERE outbox = ? AND outcome = 'pending'
       AND (SELECT state FROM outbox WHERE id = outbox) = 'sealed'`,
      id,
    ).changes > 0
  );
}

/** The same of everything sealed in an account: the program ended, and nobody knows at what. */
export function doubtSealed(db: Database, account: AccountId): void {
  // In the terms of the index of what is open (migration 11): what is over is not looked at.
  db.run(
    `UPDATE artifact SET outcome = 'ambiguous' WHERE outcome = 'pending' AND outbox IN (
       SELECT id FROM outbox WHERE account = ? AND state <> 'sent' AND state <> 'failed' AND state <> 'cancelled' AND state = 'sealed')`,
    account,
  );
}

/** Lets go of the bytes of an item that needs them no more; for whom they were sealed stays known. */
export function dropArtifactBytes(db: Database, id: OutboxId): void {
  db.run('UPDATE artifact SET bytes = NULL, file = NULL WHERE outbox = ?', id);
}

/** Lets go of everything that an account's device sealed: nothing of it is sent any more. For whom what was sent was sealed stays known. */
export function dropAllArtifacts(db: Database, account: AccountId): void {
  db.run(
    "DELETE FROM artifact WHERE outbox IN (SELECT id FROM outbox WHERE account = ? AND state <> 'sent')",
    account,
  );
  db.run(
    'UPDATE artifact SET bytes = NULL, file = NULL WHERE outbox IN (SELECT id FROM outbox WHERE account = ?)',
    account,
  );
}

/** Forgets what was made: the person accepted another identity, so everything is sealed anew. */
export function forgetArtifacts(db: Database, id: OutboxId): void {
  db.run('DELETE FROM artifact WHERE outbox = ?', id);
}
