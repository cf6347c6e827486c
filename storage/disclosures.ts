import type { Millis, NetworkId } from '../shared/ids.ts';
import type { Database } from './database.ts';

/** The newest version of a network's disclosure that the person accepted, or null. */
export function acceptedDisclosure(
  db: Database,
  network: NetworkId,
): { readonly version: number; readonly acceptedAt: Millis } | null {
  return (
    db.get<{ readonly version: number; readonly acceptedAt: Millis }>(
      'SELECT version, accepted_at AS acceptedAt FROM disclosure WHERE network = ? ORDER BY version DESC LIMIT 1',
      network,
    ) ?? null
  );
}

/** Keeps that the person accepted it; the first time counts. */
export function acceptDisclosure(db: Database, network: NetworkId, version: number, at: Millis): void {
  db.run(
    'INSERT INTO disclosure (network, version, accepted_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    network,
    version,
    at,
  );
}
