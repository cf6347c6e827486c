import { expect, it } from 'vitest';
import type { AccountId, EnvelopeKey } from '../shared/ids.ts';
import { addAccount } from './accounts.ts';
import { openDatabase } from './database.ts';
import {
  clearMarker,
  countDeath,
  forgetUnkept,
  itemMarker,
  nextUnkept,
  noteRun,
  outcomeOf,
  putMarker,
  settle,
} from './inbound.ts';
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

it('lets go of the bytes whose time is over, first those that are over longest, some at once', () => {
  const database = opened();
  const raw = Uint8Array.of(1);
  for (const until of [30, 10, 20])
    settle(
      database,
      account,
      { kind: 'parked', envelope: `${until}` as EnvelopeKey, raw, needs: 'epoch', until },
      1,
    );
  settle(database, account, { kind: 'quarantined', envelope: 'q' as EnvelopeKey, raw, why: 'x' }, 1);
  const left = () =>
    database
      .all<{ readonly envelope: string }>(
        'SELECT envelope FROM inbound WHERE raw IS NOT NULL ORDER BY envelope',
      )
      .map(({ envelope }) => envelope);
  expect(nextUnkept(database)).toBe(10);
  expect([forgetUnkept(database, 30, 2), left(), nextUnkept(database)]).toEqual([2, ['30', 'q'], 30]);
  expect([forgetUnkept(database, 29, 2), forgetUnkept(database, 30, 2), left()]).toEqual([0, 1, ['q']]);
  expect(nextUnkept(database)).toBeNull();
  // It came, and what it was may still be told.
  expect(outcomeOf(database, account, '10' as EnvelopeKey)).toBe('parked');
  database.close();
});
