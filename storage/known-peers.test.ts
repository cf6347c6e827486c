import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directConversation, peerId, type AccountId, type NetworkId } from '../shared/ids.ts';
import { addAccount, removeAccount } from './accounts.ts';
import { addConversation } from './conversations.ts';
import { openDatabase, type Database } from './database.ts';
import { first } from './migrations/0001-first.ts';
import { expiry } from './migrations/0002-expiry.ts';
import { describePeer, ensurePeer, knowPeer } from './peers.ts';
import { contactList } from './queries/people.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
const key = new Uint8Array(32).fill(7);
const [mine, other, mail] = ['mine', 'other', 'mail'] as const satisfies readonly string[];
let db: Database;

function account(id: string, network: NetworkId): void {
  const about = { address: id, displayName: '', environment: 'test', createdAt: 1 } as const;
  addAccount(db, { id: id as AccountId, network, ...about });
}
beforeEach(() => {
  db = openDatabase({ folder: folderFor(), key });
  account(mine, 'signal');
  account(other, 'signal');
  account(mail, 'email');
});
afterEach(() => db.close());

function know(by: string, name: string | null, address: string | null = null, tail = name ?? address ?? '') {
  const network: NetworkId = by === mail ? 'email' : 'signal';
  const peer = peerId(network, tail);
  ensurePeer(db, { id: peer, network, identity: tail, firstSeenAt: 1 });
  describePeer(db, peer, { name, address });
  knowPeer(db, by as AccountId, peer);
  return peer;
}
const list = (text = '', by: string = mine, limit = 10) =>
  contactList(db, { account: by as AccountId, text, limit }).rows;
const names = (...args: Parameters<typeof list>) => list(...args).map(({ name }) => name);

describe('contacts', () => {
  it('are those with a name that the account itself knows, by name', () => {
    know(mine, 'Zoë');
    know(mine, 'ann');
    know(mine, 'Bob', '+15550100');
    know(mine, null, '+15550199');
    know(other, 'Mallory');
    expect(names()).toEqual(['ann', 'Bob', 'Zoë']);
    expect(names('', other)).toEqual(['Mallory']);
    expect(names('', 'nobody')).toEqual([]);
    expect(names('', mine, 2)).toEqual(['ann', 'Bob']);
  });
  it('are found by any part of name or address, in any case and script', () => {
    know(mine, 'Øyvind Straße', '+4712345');
    know(mine, 'Иван', null);
    know(mine, 'Ａｎｎ'); // full width
    for (const text of ['øyv', 'STRA', ' straße ', '4712', '+47 123 45'])
      expect(names(text)).toEqual(['Øyvind Straße']);
    expect([names('иван'), names('ann'), names('%'), names('_')]).toEqual([['Иван'], ['Ａｎｎ'], [], []]);
  });
  it('say how the network is asked for them, and the conversation there is', () => {
    const bob = know(mine, 'Bob', '+15550100', 'uuid');
    expect(list()).toEqual([
      { peer: bob, name: 'Bob', address: '+15550100', chat: 'uuid', conversation: null },
    ]);
    const chat = directConversation(mine as AccountId, bob);
    const about = { account: mine as AccountId, network: 'signal', protocol: 'signal', title: null } as const;
    addConversation(db, { ...about, id: chat, kind: 'direct', state: 'active', peer: bob, lastAt: 1 });
    expect(list()).toMatchObject([{ conversation: chat }]);
    know(mail, 'Carol', 'carol@example.org', 'FPR');
    know(mail, 'Dan', null, 'FPR2');
    expect(list('', mail)).toMatchObject([{ name: 'Carol', chat: 'carol@example.org' }]);
  });
  it('are no strangers and nobody who was blocked', () => {
    for (const state of ['request', 'blocked', 'left', 'active'] as const) {
      const peer = know(mine, state);
      const id = directConversation(mine as AccountId, peer);
      const about = {
        account: mine as AccountId,
        network: 'signal',
        protocol: 'signal',
        title: null,
      } as const;
      addConversation(db, { ...about, id, kind: 'direct', state, peer, lastAt: 1 });
    }
    expect(names()).toEqual(['active', 'left']);
  });
  it('go with their account', () => {
    know(mine, 'Bob');
    removeAccount(db, mine as AccountId);
    expect(db.all('SELECT * FROM known_peer')).toEqual([]);
  });
});

it('who was known before the upgrade is known after it', () => {
  const folder = folderFor();
  const steps = [first, expiry].map((sql, index) => ({ version: index + 1, sql }));
  const old = openDatabase({ folder, key, steps });
  old.run("INSERT INTO account VALUES ('a', 'signal', 'x', '', 'test', 1, 0)");
  for (const peer of ['signal|one', 'signal|two', 'signal|three'])
    old.run("INSERT INTO peer (id, network, identity, first_seen_at) VALUES (?, 'signal', 'x', 1)", peer);
  old.run(
    "INSERT INTO conversation (id, account, network, protocol, kind, state, peer, last_at) VALUES ('c', 'a', 'signal', 'signal', 'direct', 'active', 'signal|one', 1)",
  );
  old.run("INSERT INTO trust VALUES ('a', 'signal|two', '{}')");
  old.close();
  const upgraded = openDatabase({ folder, key });
  expect(upgraded.all('SELECT peer FROM known_peer ORDER BY peer')).toEqual([
    { peer: 'signal|one' },
    { peer: 'signal|two' },
  ]);
  upgraded.close();
});
