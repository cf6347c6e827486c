import { afterEach, expect, test } from 'vitest';
import { freshId, type AccountId, type NetworkId } from '../../../shared/ids.ts';
import { addAccount, findAccount } from '../../../storage/accounts.ts';
import { openScene, type Scene } from '../../sample/scene.ts';

/* The phone of an account has another number: the account is called by it, and nobody else's is. */

let scene: Scene | null = null;
afterEach(() => scene?.close());

function open(network: NetworkId = 'signal'): Scene {
  scene = openScene(network);
  return scene;
}
const tell = (on: Scene, value: string) =>
  on.commit({ inbound: [{ kind: 'cursor', name: 'address', value }] });
const described = (on: Scene) => {
  const { address, displayName } = findAccount(on.db, on.account.id) ?? {};
  return [address, displayName];
};

test('an account goes on under another address, and the page is told', () => {
  const on = open();
  expect(tell(on, '+15550009')).toMatchObject({ ok: true });
  expect(described(on)).toEqual(['+15550009', 'Me']);
  expect(on.touched.accounts).toBe(true);
});

test('one that was called by its address is called by the new one', () => {
  const on = open();
  on.db.run('UPDATE account SET display_name = address WHERE id = ?', on.account.id);
  const account = findAccount(on.db, on.account.id);
  if (account) Object.assign(on.account, account);
  tell(on, '+15550009');
  expect(described(on)).toEqual(['+15550009', '+15550009']);
});

test('the same address again is no news', () => {
  const on = open();
  tell(on, on.account.address);
  expect(on.touched.accounts).toBe(false);
});

test('the address of another account is not taken from it', () => {
  const on = open();
  const other = { ...on.account, id: freshId<AccountId>(), address: '+15550009' };
  addAccount(on.db, other);
  expect(tell(on, '+15550009')).toMatchObject({ ok: true });
  expect(described(on)).toEqual(['me@example.org', 'Me']);
  expect(findAccount(on.db, other.id)?.address).toBe('+15550009');
});

test.each(['email', 'nostr'] as const)(
  'on a network where the address is the account it stays: %s',
  (network) => {
    const on = open(network);
    tell(on, 'other@example.org');
    expect(described(on)).toEqual(['me@example.org', 'Me']);
  },
);
