import type { AccountId, ConversationId } from '../shared/ids.ts';
import { findConversation } from './conversations.ts';
import type { Database } from './database.ts';

// What people who were not accepted may put on the disk (decision 20). What is over it is not kept, and what was there first stays: a
// flood must not wash away whoever wrote before it. Nothing here bounds those who were accepted.

/** Requests of one account, and of all: more than anybody decides about, and few enough to list. */
export const MAX_REQUESTS = 200;
export const MAX_REQUESTS_IN_ALL = 500;
/** Messages, edits and rows of one request: enough to judge somebody by. */
export const MAX_KEPT = 100;
/** Bytes of one request: some long mails, or a picture. */
export const MAX_KEPT_BYTES = 4 * 1024 * 1024;
/** Bytes of all requests of one account, and of all accounts. */
export const MAX_ACCOUNT_BYTES = 64 * 1024 * 1024;
export const MAX_BYTES_IN_ALL = 128 * 1024 * 1024;

/** What one kept row costs beyond its own bytes: evidence, label, search words. */
const ROW_BYTES = 2_048;

type Of = { readonly id: ConversationId; readonly account: AccountId };

/** Whether core would keep `bytes` more of whom a conversation is with; of somebody without one, whether there is room for their request. */
export function hasRoom(db: Database, account: AccountId, id: ConversationId, bytes: number): boolean {
  const known = findConversation(db, id);
  if (known !== null && known.state !== 'request') return true;
  const used = usageOf(db, account);
  if (known === null && (used.requests >= MAX_REQUESTS || used.requestsInAll >= MAX_REQUESTS_IN_ALL))
    return false;
  return fits(db, id, used, bytes + ROW_BYTES);
}

/** Takes room for something of a request, `bytes` large. False when it is over: it is then counted, and must not be kept. */
export function takeRoom(db: Database, of: Of, bytes: number): boolean {
  const size = bytes + ROW_BYTES;
  const isRoom = fits(db, of.id, usageOf(db, of.account), size);
  if (isRoom)
    db.run('UPDATE conversation SET kept = kept + 1, kept_bytes = kept_bytes + ? WHERE id = ?', size, of.id);
  else countNotKept(db, of);
  return isRoom;
}

/** Counts one more that was not kept: with its request, or with the account where there is none. */
export function countNotKept(db: Database, { id, account }: Of): void {
  const { changes } = db.run('UPDATE conversation SET not_kept = not_kept + 1 WHERE id = ?', id);
  if (changes === 0) db.run('UPDATE account SET not_kept = not_kept + 1 WHERE id = ?', account);
}

/** How many messages of people without a request were not kept in an account. */
export function notKeptIn(db: Database, account: AccountId): number {
  return db.get<{ readonly n: number }>('SELECT not_kept AS n FROM account WHERE id = ?', account)?.n ?? 0;
}

function fits(db: Database, id: ConversationId, { bytes, bytesInAll }: Usage, size: number): boolean {
  const mine = db.get<{ readonly kept: number; readonly bytes: number }>(
    'SELECT kept, kept_bytes AS bytes FROM conversation WHERE id = ?',
    id,
  ) ?? { kept: 0, bytes: 0 };
  if (mine.kept >= MAX_KEPT || mine.bytes + size > MAX_KEPT_BYTES) return false;
  return bytes + size <= MAX_ACCOUNT_BYTES && bytesInAll + size <= MAX_BYTES_IN_ALL;
}

interface Usage {
  readonly requests: number;
  readonly requestsInAll: number;
  readonly bytes: number;
  readonly bytesInAll: number;
}

function usageOf(db: Database, account: AccountId): Usage {
  return db.get<Usage>(
    `SELECT count(*) FILTER (WHERE account = :account) AS requests, count(*) AS requestsInAll,
       coalesce(sum(kept_bytes) FILTER (WHERE account = :account), 0) AS bytes,
       coalesce(sum(kept_bytes), 0) AS bytesInAll
     FROM conversation WHERE state = 'request'`,
    { account },
  ) as Usage;
}
