import { afterEach, beforeEach, expect, test } from 'vitest';
import { directConversation, peerId } from '../../../shared/ids.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import { request, type Rig } from '../../sample/rig.ts';
import { ALICE, goodFacts } from '../../sample/scene.ts';
import { ACCOUNT, openScripted, type Known, type scriptedLane } from '../../sample/scripted.ts';

const KEY = `npub1${'q'.repeat(58)}`;
const BOB = peerId('nostr', 'bob');
const chat = directConversation(ACCOUNT, BOB);
const told = { kind: 'peer', peer: BOB, identity: KEY, address: KEY, name: null } as const;
const bob: Known = {
  network: 'nostr',
  peer: BOB,
  chat,
  met: {
    changes: [
      told,
      {
        kind: 'conversation',
        id: chat,
        patch: { kind: 'direct', peer: BOB, protocol: 'mls', state: 'active' },
      },
    ],
    forecasts: [],
  },
  facts: goodFacts,
};

let rig: Rig;
let lane: ReturnType<typeof scriptedLane>;
beforeEach(async () => {
  ({ rig, lane } = await openScripted({}, bob));
});
afterEach(() => rig.close());

const rejects = (kind: string) => expect.objectContaining({ kind }) as unknown;
const name = (text: string, peer = BOB) =>
  rig.page.call('peer.name', { request: request(), peer, account: ACCOUNT, name: text });
const title = async () => (await rig.page.call('conversation.get', { conversation: chat })).title;
const contacts = async (text = '') =>
  (await rig.page.call('contact.list', { account: ACCOUNT, text, limit: 9 })).rows.map((row) => row.name);
const row = () => rig.page.call('peer.get', { peer: BOB, account: ACCOUNT });

test('somebody of whom the network tells no name is found by their key, and by the name that I give them', async () => {
  const { rows } = await rig.page.call('contact.list', { account: ACCOUNT, text: '', limit: 9 });
  // A lane is asked for somebody by the key as people hand it on.
  expect(rows).toEqual([{ peer: BOB, name: KEY, address: KEY, chat: KEY, conversation: chat }]);
  expect((await row()).ownName).toBe('');
  await name(' Bob ');
  expect(await title()).toBe('Bob');
  expect(await contacts('bo')).toEqual(['Bob']);
  expect(await row()).toMatchObject({ name: 'Bob', ownName: 'Bob', address: KEY });
  // That the lane tells of them again, as ever without a name, takes nothing away.
  await lane.context().commit({ ...emptyCommit, changes: [told] });
  expect(await title()).toBe('Bob');
  await name('');
  expect(await title()).toBe(KEY);
});

test('a stranger is no suggestion, and nobody who is not known is named', async () => {
  const eve = peerId('nostr', 'eve');
  const stranger = directConversation(ACCOUNT, eve);
  await lane.context().commit({
    ...emptyCommit,
    changes: [
      { ...told, peer: eve },
      {
        kind: 'conversation',
        id: stranger,
        patch: { kind: 'direct', peer: eve, protocol: 'mls', state: 'request' },
      },
    ],
  });
  expect(await contacts()).toEqual([KEY]);
  await expect(name('Eve', peerId('nostr', 'nobody'))).rejects.toThrow(rejects('not-found'));
});

test('who is named by the network is not named by me', async () => {
  await rig.close();
  ({ rig, lane } = await openScripted());
  await expect(name('Al', ALICE)).rejects.toThrow(rejects('refused'));
  expect(await rig.page.call('peer.get', { peer: ALICE, account: ACCOUNT })).toMatchObject({
    name: 'Alice',
    ownName: null,
  });
});

test('AT-15 who is called like somebody I know is told of, on both sides once I took them in, and nothing merges', async () => {
  await rig.close();
  ({ rig, lane } = await openScripted());
  const eve = peerId('email', 'EVE');
  const stranger = directConversation(ACCOUNT, eve);
  const alikeOf = async (peer: typeof eve) =>
    (await rig.page.call('peer.get', { peer, account: ACCOUNT })).alike;
  const commit = (state: 'request' | 'active', called: string) =>
    lane.context().commit({
      ...emptyCommit,
      changes: [
        { kind: 'peer', peer: eve, identity: 'EVE', address: 'alice@evil.example', name: called },
        {
          kind: 'conversation',
          id: stranger,
          patch: { kind: 'direct', peer: eve, protocol: 'openpgp', state },
        },
      ],
    });

  await commit('request', 'Аlісе'); // Cyrillic
  expect(await alikeOf(eve)).toEqual([{ name: 'Alice', network: 'email', isWrittenAlike: false }]);
  // A stranger does not make somebody I know suspect.
  expect(await alikeOf(ALICE)).toEqual([]);

  await commit('active', 'Al\u200Bice\u202E');
  expect(await alikeOf(eve)).toMatchObject([{ name: 'Alice' }]);
  expect(await alikeOf(ALICE)).toMatchObject([{ isWrittenAlike: false }]);
  const { rows } = await rig.page.call('inbox.page', { filter: 'all', before: null, limit: 9 });
  expect(new Set(rows.map(({ peer }) => peer))).toEqual(new Set([ALICE, eve]));
  expect(rows).toHaveLength(2);
  expect(new Set(rows.map(({ person }) => person))).toEqual(new Set([null]));

  await commit('active', 'Eve');
  expect(await alikeOf(eve)).toEqual([]);
});
