import type { Database } from '../database.ts';
import type { MessageSearch } from '../search.ts';
import { searchMessages } from '../search.ts';

/** A read of the database: a pure function of its rows, so that it gives the same on the reader's and on the writer's connection. */
export type Query = (database: Database, args: never) => unknown;
export type QueryTable = Readonly<Record<string, Query>>;

/** What the reader thread can be asked. Arguments and results are structured-cloneable. */
export const queries = {
  'search.ids': (database: Database, args: MessageSearch) => searchMessages(database, args),
} as const satisfies QueryTable;
