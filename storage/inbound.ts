import type { AccountId, EnvelopeKey, Millis } from '../shared/ids.ts';
import type { Settled } from '../shared/lane/commit.ts';
import type { Database } from './database.ts';

export type InboundOutcome = 'consumed' | 'duplicate' | 'parked' | 'quarantined';

/** What became of an envelope before, or null. */
export function outcomeOf(db: Database, account: AccountId, envelope: EnvelopeKey): InboundOutcome | null {
  return (
    db.get<{ readonly outcome: InboundOutcome }>(
      'SELECT outcome FROM inbound WHERE account = ? AND envelope = ?',
      account,
      envelope,
    )?.outcome ?? null
  );
}

/** Keeps an envelope's outcome, or moves a cursor. A later outcome replaces that of a parked or quarantined one, with its bytes. */
export function settle(db: Database, account: AccountId, settled: Settled, at: Millis): void {
  if (settled.kind === 'cursor') {
    db.run(
      `INSERT INTO cursor (account, name, value) VALUES (?, ?, ?)
       ON CONFLICT (account, name) DO UPDATE SET value = excluded.value`,
      account,
      settled.name,
      settled.value,
    );
    return;
  }
  const raw = settled.kind === 'parked' || settled.kind === 'quarantined' ? settled.raw : null;
  const bytes = raw instanceof Uint8Array ? raw : null;
  const rawAt = raw !== null && !(raw instanceof Uint8Array) ? raw.at : null;
  const why = settled.kind === 'parked' ? settled.needs : settled.kind === 'quarantined' ? settled.why : null;
  db.run(
    `INSERT INTO inbound (account, envelope, outcome, at, raw, raw_at, why, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (account, envelope) DO UPDATE SET outcome = excluded.outcome, at = excluded.at, raw = excluded.raw,
       raw_at = excluded.raw_at, why = excluded.why, until = excluded.until
     WHERE inbound.outcome IN ('parked', 'quarantined')`,
    account,
    settled.envelope,
    settled.kind,
    at,
    bytes,
    rawAt,
    why,
    settled.kind === 'parked' ? settled.until : null,
  );
}

/** Counts a death of the lane under each envelope whose marker stands. */
export function countDeaths(db: Database, account: AccountId): void {
  db.run('UPDATE marker SET deaths = deaths + 1 WHERE account = ?', account);
}

/** Writes the marker of the envelope about to be opened; returns under how many deaths it stands. */
export function putMarker(db: Database, account: AccountId, envelope: string): number {
  // One at a time: an older marker without a death has been passed; one with deaths is remembered.
  db.run('DELETE FROM marker WHERE account = ? AND envelope <> ? AND deaths = 0', account, envelope);
  const row = db.get<{ readonly deaths: number }>(
    `INSERT INTO marker (account, envelope, deaths) VALUES (?, ?, 0)
     ON CONFLICT (account, envelope) DO UPDATE SET deaths = deaths RETURNING deaths`,
    account,
    envelope,
  );
  return row?.deaths ?? 0;
}

/** Takes a marker away: its envelope was settled. */
export function clearMarker(db: Database, account: AccountId, envelope: string): void {
  db.run('DELETE FROM marker WHERE account = ? AND envelope = ?', account, envelope);
}
