import { expect, it } from 'vitest';
import type { AccountId } from '../shared/ids.ts';
import { addAccount } from './accounts.ts';
import { openDatabase } from './database.ts';
import { clearMarker, countDeath, itemMarker, noteRun, putMarker } from './inbound.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
const account = 'account' as AccountId;
const item = itemMarker('item');

function opened() {
  const database = openDatabase({ folder: folderFor(), key: new Uint8Array(32).fill(7) });
  const about = { network: 'dummy', address: 'me', displayName: 'Me', environment: 'test' } as const;
  addAccount(database, { id: account, ...about, createdAt: 1 });
  return database;
}

it('counts a death under what was touched last, and under nothing else', () => {
  const database = opened();
  expect(putMarker(database, account, 'one')).toBe(0);
  countDeath(database, account);
  // Dead before anything was touched.
  countDeath(database, account);
  expect(putMarker(database, account, item)).toBe(0);
  countDeath(database, account);
  expect(putMarker(database, account, 'one')).toBe(1);
  countDeath(database, account);
  expect(putMarker(database, account, 'one')).toBe(2);
  expect(putMarker(database, account, item)).toBe(1);
  database.close();
});

it('blames nothing that was settled, and nothing of a run that ended of its own will', () => {
  const database = opened();
  putMarker(database, account, 'one');
  clearMarker(database, account, 'one');
  countDeath(database, account);
  expect(putMarker(database, account, 'one')).toBe(0);
  noteRun(database, account, false);
  countDeath(database, account);
  expect(putMarker(database, account, 'one')).toBe(0);
  database.close();
});

it('keeps no marker of what was passed without a death', () => {
  const database = opened();
  for (const marker of ['one', 'two', item, 'three']) putMarker(database, account, marker);
  expect(database.all('SELECT envelope FROM marker')).toEqual([{ envelope: 'three' }]);
  database.close();
});
