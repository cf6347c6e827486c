import { hasRatchet } from '../shared/contract/account.ts';
import type { AccountId, Millis, NetworkId } from '../shared/ids.ts';
import type { Database } from './database.ts';
import { deleteMeta, readMeta, writeMeta } from './meta.ts';

/** Of an account whose state may live on elsewhere too. */
export const copiedKey = (account: AccountId): string => `copied/${account}`;

/** Notes that an account's state came with a copy of the profile: nothing of it may be used until the person has seen to it. */
export function noteCopied(db: Database, account: AccountId, at: Millis): void {
  writeMeta(db, copiedKey(account), String(at));
}

/** Whether an account's state came with a copy of the profile. */
export function isCopied(db: Database, account: AccountId): boolean {
  return readMeta(db, copiedKey(account)) !== null;
}

/** Whether a ratchet came with a copy of the profile: nothing is sent by its account before it has begun anew. */
export const isCopiedRatchet = (
  db: Database,
  { id, network }: { readonly id: AccountId; readonly network: NetworkId },
): boolean => hasRatchet(network) && isCopied(db, id);

/** The person goes on with an account here. */
export function forgetCopied(db: Database, account: AccountId): void {
  deleteMeta(db, copiedKey(account));
}
