import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../database.ts';
import { first } from '../migrations/0001-first.ts';

// Child of migrate.test.ts: is stopped by its parent in the middle of the second step, which would take minutes.
const folder = process.argv[2] ?? '';
const endless = `
  CREATE TABLE half (x INTEGER);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) INSERT INTO half SELECT i FROM n;
`;
console.log(existsSync(join(folder, 'plainseal.db')) ? 'upgrading' : 'nothing there');
openDatabase({
  folder,
  key: new Uint8Array(32).fill(7),
  steps: [
    { version: 1, sql: first },
    { version: 2, sql: endless },
  ],
});
