import { afterEach, beforeEach, expect, test } from 'vitest';
import { peerId, type AccountId, type ConversationId, type PeerId } from '../shared/ids.ts';
import { addAccount } from './accounts.ts';
import { addConversation } from './conversations.ts';
import { openDatabase, type Database } from './database.ts';
import { floorFor, floorForAll, setFloorFor, setFloorForAll, standingOf } from './floors.ts';
import { putMember } from './memberships.ts';
import { ensurePeer, mergePeers } from './peers.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
const account = 'account' as AccountId;
const [alice, phone, bob] = ['alice', 'alice-on-another-network', 'bob'].map((name) =>
  peerId('email', name),
) as [PeerId, PeerId, PeerId];
let db: Database;

const chatWith = (peer: PeerId | null): ConversationId => `${account}|${peer ?? 'group'}` as ConversationId;
const person = (name: string, ...peers: readonly PeerId[]): void => {
  db.run('INSERT INTO person (id, name, created_at) VALUES (?, ?, 1)', name, name);
  for (const peer of peers) db.run('INSERT INTO route (person, peer) VALUES (?, ?)', name, peer);
};

beforeEach(() => {
  db = openDatabase({ folder: folderFor(), key: new Uint8Array(32).fill(7) });
  addAccount(db, {
    id: account,
    network: 'email',
    address: 'me',
    displayName: '',
    environment: 'test',
    createdAt: 1,
  });
  for (const peer of [alice, phone, bob])
    ensurePeer(db, { id: peer, network: 'email', identity: peer, firstSeenAt: 1 });
  for (const peer of [alice, phone, bob, null])
    addConversation(db, {
      id: chatWith(peer),
      account,
      network: 'email',
      protocol: 'openpgp',
      kind: peer === null ? 'group' : 'direct',
      state: 'active',
      peer,
      title: null,
      lastAt: 1,
    });
  for (const peer of [alice, bob])
    putMember(db, { conversation: chatWith(null), peer, role: 'invited', since: 1, by: null });
});
afterEach(() => db.close());

test('there is none until one is set, and none again when it is taken away', () => {
  expect(standingOf(db, chatWith(alice))).toEqual({ least: 'unknown', from: 'everybody' });
  setFloorFor(db, alice, 'members');
  setFloorForAll(db, 'provider');
  expect([floorFor(db, alice), floorForAll(db), floorFor(db, bob)]).toEqual([
    'members',
    'provider',
    'unknown',
  ]);
  setFloorFor(db, alice, 'unknown');
  setFloorForAll(db, 'unknown');
  expect(db.all('SELECT * FROM floor')).toEqual([]);
});

test('the higher one counts, and it is told whose it is', () => {
  setFloorForAll(db, 'members-limited');
  setFloorFor(db, alice, 'provider');
  expect(standingOf(db, chatWith(alice))).toEqual({ least: 'members-limited', from: 'everybody' });
  setFloorFor(db, alice, 'members');
  expect(standingOf(db, chatWith(alice))).toEqual({ least: 'members', from: 'person' });
  expect(standingOf(db, chatWith(bob))).toEqual({ least: 'members-limited', from: 'everybody' });
});

test('it counts in groups, also of who is only invited', () => {
  setFloorFor(db, bob, 'members');
  expect(standingOf(db, chatWith(null))).toEqual({ least: 'members', from: 'person' });
  expect(standingOf(db, chatWith(alice)).least).toBe('unknown');
});

test('peers of one person stand on the highest of their floors, and what is set for one is set for all', () => {
  setFloorFor(db, alice, 'members');
  person('Alice', alice, phone);
  expect(standingOf(db, chatWith(phone))).toEqual({ least: 'members', from: 'person' });
  setFloorFor(db, phone, 'members-limited');
  expect([floorFor(db, alice), floorFor(db, phone)]).toEqual(['members-limited', 'members-limited']);
  // Taken apart again, each keeps it.
  db.run('DELETE FROM route');
  expect([floorFor(db, alice), floorFor(db, phone)]).toEqual(['members-limited', 'members-limited']);
});

test('a peer that turned out to be another takes its floor along, both ways and through a person', () => {
  setFloorFor(db, phone, 'members');
  mergePeers(db, phone, alice);
  person('Alice and Bob', alice, bob);
  for (const peer of [alice, phone, bob]) expect(standingOf(db, chatWith(peer)).least).toBe('members');
  setFloorFor(db, bob, 'unknown');
  for (const peer of [alice, phone, bob]) expect(standingOf(db, chatWith(peer)).least).toBe('unknown');
});
