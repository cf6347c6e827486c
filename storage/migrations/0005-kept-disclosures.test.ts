import { expect, test } from 'vitest';
import { acceptedDisclosures } from '../disclosures.ts';
import { openDatabase } from '../database.ts';
import { scratch } from '../test/scratch.ts';
import { migrations } from './list.ts';

const folderFor = scratch();

test('what was accepted before holds, without its words', () => {
  const where = { folder: folderFor(), key: new Uint8Array(32).fill(7) };
  const before = openDatabase({ ...where, steps: migrations.filter(({ version }) => version < 5) });
  before.run("INSERT INTO disclosure VALUES ('nostr', 2, 20), ('nostr', 1, 10)");
  before.close();
  const after = openDatabase(where);
  const kept = { network: 'nostr', said: null, withdrawnAt: null };
  expect(acceptedDisclosures(after)).toEqual([
    { ...kept, version: 2, acceptedAt: 20 },
    { ...kept, version: 1, acceptedAt: 10 },
  ]);
  after.close();
});
