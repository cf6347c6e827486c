import * as v from 'valibot';
import type { AccountId } from '../shared/ids.ts';
import type { AccountSetup, Again } from '../shared/lane/flow.ts';
import { againSchema } from '../shared/lane/schema.ts';
import type { Database } from './database.ts';
import { IDENTITY_CURSOR, readCursor, setCursor } from './inbound.ts';

const CURSOR = 'again';

/** What an account needs to begin anew; null where it cannot. */
export function readAgain(db: Database, account: AccountId): Again | null {
  const text = readCursor(db, account, CURSOR);
  return text === null ? null : v.parse(againSchema, JSON.parse(text));
}

/** Keeps what a setup says of its account beside its state: how its own identity reads, and what it needs to begin anew. */
export function keepSetup(
  db: Database,
  account: AccountId,
  { identity, again }: Pick<AccountSetup, 'identity' | 'again'>,
): void {
  if (identity !== undefined) setCursor(db, account, IDENTITY_CURSOR, identity);
  if (again !== undefined) setCursor(db, account, CURSOR, JSON.stringify(again));
}
