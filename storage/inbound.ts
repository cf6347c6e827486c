import type { AccountId, EnvelopeKey, Millis } from '../shared/ids.ts';
import type { Settled } from '../shared/lane/commit.ts';
import type { Database } from './database.ts';
import { countNotKept } from './strangers.ts';

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

/**
 * Most bytes kept in one account of what anybody can send: what could not be opened, and what waits for its sender to be accepted. What comes
 * after is noted without its bytes.
 */
export const MAX_ANYBODYS_BYTES = 32 * 1024 * 1024;

/** What can be sent by people who were not accepted. */
const isAnybodys = (settled: Settled): boolean =>
  settled.kind === 'quarantined' || (settled.kind === 'parked' && settled.needs === 'acceptance');

/** Takes room for the bytes of something that anybody can send; null when there is none. */
function withinBound(db: Database, account: AccountId, bytes: Uint8Array): Uint8Array | null {
  const { changes } = db.run(
    'UPDATE account SET anybodys_bytes = anybodys_bytes + :size WHERE id = :account AND anybodys_bytes + :size <= :most',
    { account, size: bytes.length, most: MAX_ANYBODYS_BYTES },
  );
  return changes === 1 ? bytes : null;
}

/**
 * Keeps an envelope's outcome, or moves a cursor. A later outcome replaces that of a parked or quarantined one, with its bytes; that it
 * came a second time is none. `not-kept` is counted, and is consumed then.
 */
export function settle(db: Database, account: AccountId, settled: Settled, at: Millis): void {
  if (settled.kind === 'cursor') {
    setCursor(db, account, settled.name, settled.value);
    return;
  }
  if (settled.kind === 'not-kept') {
    countNotKept(db, { account, id: settled.conversation });
    return settle(db, account, { kind: 'consumed', envelope: settled.envelope }, at);
  }
  const raw = settled.kind === 'parked' || settled.kind === 'quarantined' ? settled.raw : null;
  const given = raw instanceof Uint8Array ? raw : null;
  const bytes = given !== null && isAnybodys(settled) ? withinBound(db, account, given) : given;
  const rawAt = raw !== null && !(raw instanceof Uint8Array) ? raw.at : null;
  const why = settled.kind === 'parked' ? settled.needs : settled.kind === 'quarantined' ? settled.why : null;
  db.run(
    `INSERT INTO inbound (account, envelope, outcome, at, raw, raw_at, why, until, message_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (account, envelope) DO UPDATE SET outcome = excluded.outcome, at = excluded.at, raw = excluded.raw,
       raw_at = excluded.raw_at, why = excluded.why, until = excluded.until, message_key = excluded.message_key
     WHERE inbound.outcome IN ('parked', 'quarantined') AND excluded.outcome <> 'duplicate'`,
    account,
    settled.envelope,
    settled.kind,
    at,
    bytes,
    rawAt,
    why,
    settled.kind === 'parked' ? settled.until : null,
    settled.kind === 'parked' ? (settled.of ?? null) : null,
  );
}

/**
 * Lets go of the bytes that were kept of how a message came: it is deleted or over. That they came stays known. The index is named, for without
 * statistics SQLite looks through all envelopes of the account.
 */
export function forgetBytesOf(db: Database, message: number): void {
  db.run(
    `UPDATE inbound INDEXED BY inbound_message SET outcome = 'consumed', raw = NULL, raw_at = NULL, why = NULL, until = NULL, message_key = NULL
     WHERE account = (SELECT account FROM message WHERE id = :message) AND message_key = (SELECT key FROM message WHERE id = :message)`,
    { message },
  );
}

/** When the next bytes are kept no longer, or null. One look at an index. */
export function nextUnkept(db: Database): Millis | null {
  return (
    db.get<{ readonly at: Millis | null }>('SELECT min(until) AS at FROM inbound WHERE until IS NOT NULL')
      ?.at ?? null
  );
}

/** Lets go of bytes whose time is over, at most `limit` envelopes' at once; says of how many. */
export function forgetUnkept(db: Database, now: Millis, limit: number): number {
  const over = db.all<{ readonly account: AccountId; readonly envelope: EnvelopeKey }>(
    'SELECT account, envelope FROM inbound WHERE until <= ? ORDER BY until LIMIT ?',
    now,
    limit,
  );
  for (const { account, envelope } of over)
    db.run(
      'UPDATE inbound SET raw = NULL, until = NULL, message_key = NULL WHERE account = ? AND envelope = ?',
      account,
      envelope,
    );
  return over.length;
}

/** Under which key of `meta` stands what the lane of an account was touching last. */
const touchKey = (account: AccountId): string => `lane-touch/${account}`;

/** Counts a death of the lane under the marker of what it was touching; older deaths of others stay as they are. */
export function countDeath(db: Database, account: AccountId): void {
  db.run(
    `UPDATE marker SET deaths = deaths + 1
     WHERE account = ? AND envelope = (SELECT value FROM meta WHERE key = ?)`,
    account,
    touchKey(account),
  );
  db.run('DELETE FROM meta WHERE key = ?', touchKey(account));
}

/** The marker name of an outbox item that is about to be performed. */
export const itemMarker = (item: string): string => `item:${item}`;

/** Writes the marker of the envelope or item about to be touched; returns under how many deaths it stands. */
export function putMarker(db: Database, account: AccountId, marker: string): number {
  // One at a time: an older one without a death has been passed; one with deaths is remembered.
  db.run('DELETE FROM marker WHERE account = ? AND envelope <> ? AND deaths = 0', account, marker);
  db.run(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    touchKey(account),
    marker,
  );
  const row = db.get<{ readonly deaths: number }>(
    `INSERT INTO marker (account, envelope, deaths) VALUES (?, ?, 0)
     ON CONFLICT (account, envelope) DO UPDATE SET deaths = deaths RETURNING deaths`,
    account,
    marker,
  );
  return row?.deaths ?? 0;
}

/** Whether a run of this account's lane is noted as not ended: it died, or the whole program did. */
export function runIsOpen(db: Database, account: AccountId): boolean {
  return db.get('SELECT 1 FROM meta WHERE key = ?', `lane-run/${account}`) !== undefined;
}

/** Notes that a lane runs, or that it ended of its own will. */
export function noteRun(db: Database, account: AccountId, open: boolean): void {
  if (open)
    db.run("INSERT INTO meta (key, value) VALUES (?, 'open') ON CONFLICT DO NOTHING", `lane-run/${account}`);
  else db.run('DELETE FROM meta WHERE key IN (?, ?)', `lane-run/${account}`, touchKey(account));
}

/** Whether a marker stands, or something was touched: only after a death does either. */
export function hasMarkers(db: Database, account: AccountId): boolean {
  return (
    db.get(
      'SELECT 1 WHERE EXISTS (SELECT 1 FROM marker WHERE account = ?) OR EXISTS (SELECT 1 FROM meta WHERE key = ?)',
      account,
      touchKey(account),
    ) !== undefined
  );
}

/** Takes a marker away: its envelope was settled, its item performed. */
export function clearMarker(db: Database, account: AccountId, marker: string): void {
  db.run('DELETE FROM marker WHERE account = ? AND envelope = ?', account, marker);
  db.run('DELETE FROM meta WHERE key = ? AND value = ?', touchKey(account), marker);
}

/**
 * Cursors by which a lane tells what core shows of an account: how its own identity reads, under which address it is now, and how many mails were
 * not fetched.
 */
export const IDENTITY_CURSOR = 'identity';
export const ADDRESS_CURSOR = 'address';
export const SKIPPED_CURSOR = 'plain-mail-skipped';
/** Set once the person has the account's key outside of the program. */
export const KEY_KEPT_CURSOR = 'key-kept';

/** Moves a cursor. */
export function setCursor(db: Database, account: AccountId, name: string, value: string): void {
  db.run(
    `INSERT INTO cursor (account, name, value) VALUES (?, ?, ?)
     ON CONFLICT (account, name) DO UPDATE SET value = excluded.value`,
    account,
    name,
    value,
  );
}

/** Where a lane's cursor stands, or null. */
export function readCursor(db: Database, account: AccountId, name: string): string | null {
  return (
    db.get<{ readonly value: string }>(
      'SELECT value FROM cursor WHERE account = ? AND name = ?',
      account,
      name,
    )?.value ?? null
  );
}
