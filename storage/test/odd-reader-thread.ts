import { parentPort } from 'node:worker_threads';
import type { Database } from '../database.ts';
import { serveQueries } from '../query-server.ts';

/** Queries for reader.test.ts: good ones, failing ones and one that ends its thread. */
export const oddQueries = {
  keys: (database: Database, _args: null) =>
    database.all<{ key: string }>('SELECT key FROM meta ORDER BY key'),
  fail: (database: Database, _args: null) => database.all('SELECT * FROM nowhere'),
  write: (database: Database, _args: null) => database.run("DELETE FROM meta WHERE key = 'a'"),
  die: (_database: Database, _args: null): null => process.exit(3),
  exhaust: (_database: Database, _args: null): null => {
    const hoard: number[][] = [];
    for (;;) hoard.push(Array.from({ length: 1_000_000 }, (_, index) => index + hoard.length));
  },
  environment: (_database: Database, _args: null) => Object.keys(process.env),
  long: (database: Database, rows: number) =>
    database.get<{ m: number }>(
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT max(i) AS m FROM n, meta',
      rows,
    ),
  function: (_database: Database, _args: null) => () => 1,
} as const;

if (parentPort !== null) serveQueries(parentPort, oddQueries);
