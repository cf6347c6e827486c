import type { Millis, NetworkId } from '../shared/ids.ts';
import type { Database } from './database.ts';

/** A network's disclosure as the person accepted it once. */
export interface AcceptedDisclosure {
  readonly network: NetworkId;
  readonly version: number;
  readonly acceptedAt: Millis;
  /** What it said then; null where that was not kept. */
  readonly said: readonly string[] | null;
  readonly withdrawnAt: Millis | null;
}

type Record = Omit<AcceptedDisclosure, 'said'> & { readonly said: string | null };

const columns = 'network, version, accepted_at AS acceptedAt, said, withdrawn_at AS withdrawnAt';
const readRecord = (row: Record): AcceptedDisclosure => ({
  ...row,
  said: row.said === null ? null : (JSON.parse(row.said) as readonly string[]),
});

/** The newest version of a network's disclosure that the person accepted and did not withdraw, or null. */
export function acceptedDisclosure(db: Database, network: NetworkId): AcceptedDisclosure | null {
  const row = db.get<Record>(
    `SELECT ${columns} FROM disclosure WHERE network = ? AND withdrawn_at IS NULL ORDER BY version DESC, id LIMIT 1`,
    network,
  );
  return row ? readRecord(row) : null;
}

/** Everything that was ever accepted, the newest first. */
export function acceptedDisclosures(db: Database): readonly AcceptedDisclosure[] {
  return db.all<Record>(`SELECT ${columns} FROM disclosure ORDER BY id DESC`).map(readRecord);
}

/** Keeps that the person accepted it, and what it said; while that holds the first time counts. */
export function acceptDisclosure(
  db: Database,
  network: NetworkId,
  version: number,
  at: Millis,
  said: readonly string[] | null = null,
): void {
  db.run(
    `INSERT INTO disclosure (network, version, accepted_at, said) SELECT :network, :version, :at, :said
     WHERE NOT EXISTS (SELECT 1 FROM disclosure WHERE network = :network AND version = :version AND withdrawn_at IS NULL)`,
    { network, version, at, said: said && JSON.stringify(said) },
  );
}

/** Keeps that nothing of it holds any more. */
export function withdrawDisclosure(db: Database, network: NetworkId, at: Millis): void {
  db.run('UPDATE disclosure SET withdrawn_at = ? WHERE network = ? AND withdrawn_at IS NULL', at, network);
}
