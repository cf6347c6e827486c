import { expect, it } from 'vitest';
import { openDatabase } from '../database.ts';
import { scratch } from '../test/scratch.ts';
import { migrations } from './list.ts';

const folderFor = scratch();
const key = new Uint8Array(32).fill(7);

it('of what an earlier version sealed it is not known that nothing went', () => {
  const folder = folderFor();
  const old = openDatabase({ folder, key, steps: migrations.slice(0, 14) });
  old.run(
    "INSERT INTO account (id, network, address, display_name, environment, created_at) VALUES ('a', 'signal', 'x', '', 'test', 1)",
  );
  old.run(
    "INSERT INTO outbox (id, seq, account, intent, state) VALUES ('tried', 1, 'a', x'00', 'sealed'), ('taken', 2, 'a', x'00', 'sent')",
  );
  old.run(
    "INSERT INTO artifact (outbox, destination, identity, outcome) VALUES ('tried', 'd', 'k', 'pending'), ('taken', 'd', 'k', 'accepted')",
  );
  old.close();
  const upgraded = openDatabase({ folder, key });
  expect(upgraded.all('SELECT outbox, outcome FROM artifact ORDER BY outbox')).toEqual([
    { outbox: 'taken', outcome: 'accepted' },
    { outbox: 'tried', outcome: 'ambiguous' },
  ]);
  upgraded.close();
});
