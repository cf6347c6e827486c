import { PlainsealError } from '../shared/errors.ts';
import type { AccountId, Millis, NetworkId } from '../shared/ids.ts';
import { copiedKey } from './copies.ts';
import type { Database } from './database.ts';

export interface Account {
  readonly id: AccountId;
  readonly network: NetworkId;
  readonly address: string;
  readonly displayName: string;
  readonly environment: 'live' | 'test';
  readonly createdAt: Millis;
}

const columns = 'id, network, address, display_name AS displayName, environment, created_at AS createdAt';

/** All accounts, oldest first. */
export function listAccounts(db: Database): readonly Account[] {
  return db.all<Account>(`SELECT ${columns} FROM account ORDER BY created_at, id`);
}

/** One account, or null. */
export function findAccount(db: Database, id: AccountId): Account | null {
  return db.get<Account>(`SELECT ${columns} FROM account WHERE id = ?`, id) ?? null;
}

/**
 * Adds an account.
 * @throws PlainsealError `conflict` when the address is there already.
 */
export function addAccount(db: Database, account: Account): void {
  db.run(
    'INSERT INTO account (id, network, address, display_name, environment, created_at) VALUES (?, ?, ?, ?, ?, ?)',
    account.id,
    account.network,
    account.address,
    account.displayName,
    account.environment,
    account.createdAt,
  );
}

/** An account is set up anew: what it is called now. @throws PlainsealError `conflict` when another account has that address. */
export function describeAccount(
  db: Database,
  id: AccountId,
  { address, displayName }: Pick<Account, 'address' | 'displayName'>,
): void {
  db.run('UPDATE account SET address = ?, display_name = ? WHERE id = ?', address, displayName, id);
}

/**
 * An account goes on under another address; it is called by it where it was called by the one before. Where another account has that address already,
 * it stays as it is. Whether it moved.
 */
export function moveAddress(db: Database, { id, address, displayName }: Account, to: string): boolean {
  if (to === address) return false;
  const name = displayName === address ? to : displayName;
  const moved = db.run(
    'UPDATE OR IGNORE account SET address = ?, display_name = ? WHERE id = ?',
    to,
    name,
    id,
  );
  return moved.changes > 0;
}

/**
 * Removes an account; its state, conversations and outbox go with it. Its messages must be gone already, as the index forgets
 * each by its words.
 */
export function removeAccount(db: Database, id: AccountId): void {
  const consents = `clear-consent/${id}|`;
  db.run(
    'DELETE FROM meta WHERE key IN (?, ?, ?) OR substr(key, 1, length(?)) = ?',
    `lane-run/${id}`,
    `lane-touch/${id}`,
    copiedKey(id),
    consents,
    consents,
  );
  db.run('DELETE FROM account WHERE id = ?', id);
}

/**
 * The time of a new send: now, or one millisecond after the account's last send, so that no two sends share a time (the
 * network key of some networks is made from it).
 * @throws PlainsealError `not-found`.
 */
export function nextSendTime(db: Database, id: AccountId, now: Millis): Millis {
  const row = db.get<{ readonly at: Millis }>(
    'UPDATE account SET last_sent_at = max(last_sent_at + 1, ?) WHERE id = ? RETURNING last_sent_at AS at',
    now,
    id,
  );
  if (!row) throw new PlainsealError('not-found', 'no such account');
  return row.at;
}
