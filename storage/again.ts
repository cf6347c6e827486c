import * as v from 'valibot';
import type { AccountId } from '../shared/ids.ts';
import type { Again } from '../shared/lane/flow.ts';
import { againSchema } from '../shared/lane/schema.ts';
import type { Database } from './database.ts';
import { readCursor, setCursor } from './inbound.ts';

const CURSOR = 'again';

/** What an account needs to begin anew; null where it cannot. */
export function readAgain(db: Database, account: AccountId): Again | null {
  const text = readCursor(db, account, CURSOR);
  return text === null ? null : v.parse(againSchema, JSON.parse(text));
}

/** Keeps what an account needs to begin anew. */
export function keepAgain(db: Database, account: AccountId, again: Again): void {
  setCursor(db, account, CURSOR, JSON.stringify(again));
}
