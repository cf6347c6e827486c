import { expect, it } from 'vitest';
import { openDatabase } from '../database.ts';
import { scratch } from '../test/scratch.ts';
import { migrations } from './list.ts';

const folderFor = scratch();
const key = new Uint8Array(32).fill(7);

it('whoever was blocked in a conversation of two is a blocked peer after the upgrade; nobody else is', () => {
  const folder = folderFor();
  const old = openDatabase({ folder, key, steps: migrations.slice(0, 6) });
  old.run(
    "INSERT INTO account VALUES ('a', 'email', 'x', '', 'test', 1, 0), ('b', 'email', 'y', '', 'test', 1, 0)",
  );
  for (const peer of ['email|one', 'email|two', 'email|three'])
    old.run("INSERT INTO peer (id, network, identity, first_seen_at) VALUES (?, 'email', 'x', 1)", peer);
  const add = (id: string, account: string, kind: string, state: string, peer: string | null, at: number) =>
    old.run(
      "INSERT INTO conversation (id, account, network, protocol, kind, state, peer, last_at) VALUES (?, ?, 'email', 'openpgp', ?, ?, ?, ?)",
      id,
      account,
      kind,
      state,
      peer,
      at,
    );
  add('1', 'a', 'direct', 'blocked', 'email|one', 5);
  add('2', 'b', 'direct', 'blocked', 'email|one', 7);
  add('3', 'a', 'direct', 'active', 'email|two', 6);
  add('4', 'a', 'group', 'blocked', null, 6);
  old.close();
  const upgraded = openDatabase({ folder, key });
  expect(upgraded.all('SELECT * FROM blocked_peer')).toEqual([{ peer: 'email|one', at: 7 }]);
  // A peer is in one entry at most.
  upgraded.run("INSERT INTO person VALUES ('p', '', 1), ('q', '', 1)");
  upgraded.run("INSERT INTO route VALUES ('p', 'email|one')");
  expect(() => upgraded.run("INSERT INTO route VALUES ('q', 'email|one')")).toThrow();
  upgraded.close();
});
