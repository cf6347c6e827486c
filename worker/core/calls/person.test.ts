import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import {
  directConversation,
  peerId,
  type AccountId,
  type ConversationId,
  type NetworkId,
  type PeerId,
} from '../../../shared/ids.ts';
import type { SecurityFacts } from '../../../shared/label/facts.ts';
import { emptyCommit, type Commit } from '../../../shared/lane/commit.ts';
import { addAccount, type Account } from '../../../storage/accounts.ts';
import { request, startRig, type Rig } from '../../sample/rig.ts';
import { clearFacts, goodFacts, messageFrom } from '../../sample/scene.ts';
import { scriptedLane, type Known } from '../../sample/scripted.ts';
import { applyCommit } from '../commit/apply.ts';
import { nothingTouched } from '../touched.ts';

const MAIL = 'mail' as AccountId;
const PHONE = 'phone' as AccountId;
const SECOND = 'second' as AccountId;
const ALICE_MAIL = peerId('email', 'ALICE');
const ALICE_OPEN = peerId('email', 'alice@example.org');
const ALICE_PHONE = peerId('signal', '00000000-0000-4000-8000-00000000000a');
const CHAT = directConversation(MAIL, ALICE_MAIL);

/** Facts of a path that Signal gives. */
const signalFacts = (): SecurityFacts => ({
  ...goodFacts(Date.now()),
  forwardSecrecy: { is: { withinMs: 0 }, asOf: Date.now(), by: 'session' },
  recovery: { is: { withinMs: 1 }, asOf: Date.now(), by: 'session' },
});

const met = (
  account: AccountId,
  peer: PeerId,
  facts: readonly SecurityFacts[],
  more: { readonly name?: string; readonly address?: string; readonly state?: 'active' | 'request' } = {},
): Pick<Commit, 'changes' | 'forecasts'> => {
  const network = peer.slice(0, peer.indexOf('|')) as NetworkId;
  const { name = 'Alice', address = 'alice@example.org', state = 'active' } = more;
  const id = directConversation(account, peer);
  const protocol = network === 'signal' ? 'signal' : peer === ALICE_OPEN ? 'none' : 'openpgp';
  return {
    changes: [
      { kind: 'peer', peer, identity: peer.slice(network.length + 1), address, name },
      { kind: 'conversation', id, patch: { kind: 'direct', peer, protocol, state } },
    ],
    forecasts: [{ conversation: id, facts, hold: null }],
  };
};

const knownAs = (account: AccountId, peer: PeerId, facts: () => SecurityFacts): Known => ({
  network: peer.slice(0, peer.indexOf('|')) as NetworkId,
  peer,
  chat: directConversation(account, peer),
  met: met(account, peer, [facts()]),
  facts,
});

let rig: Rig;
let mail: ReturnType<typeof scriptedLane>;
let phone: ReturnType<typeof scriptedLane>;
const lanes = new Map<AccountId, ReturnType<typeof scriptedLane>['context']>();

beforeEach(async () => {
  mail = scriptedLane({}, knownAs(MAIL, ALICE_MAIL, goodFacts));
  phone = scriptedLane({}, knownAs(PHONE, ALICE_PHONE, signalFacts));
  lanes.set(MAIL, mail.context).set(PHONE, phone.context);
  rig = await startRig({
    lanes: { email: mail.create, signal: phone.create },
    prepare: (db) => {
      for (const [id, network] of [
        [MAIL, 'email'],
        [PHONE, 'signal'],
      ] as const)
        // prettier-ignore
        addAccount(db, { id, network, address: id, displayName: 'Me', environment: 'test', createdAt: 1 });
    },
  });
  for (const chat of [CHAT, directConversation(PHONE, ALICE_PHONE)])
    await rig.page.until('changed', (changed) => changed.conversations.includes(chat));
});
afterEach(() => rig.close());

const commit = (account: AccountId, part: Partial<Commit>) =>
  lanes
    .get(account)?.()
    .commit({ ...emptyCommit, ...part });
const person = (peer: PeerId) => rig.page.call('person.get', { peer });
const peersOf = async (peer: PeerId) => (await person(peer)).routes.map((route) => route.peer);
const merge = (peer: PeerId, other: PeerId) =>
  rig.page.call('person.merge', { request: request(), peer, with: other });
const apart = (peer: PeerId) => rig.page.call('person.apart', { request: request(), peer });
const block = (peer: PeerId) => rig.page.call('person.block', { request: request(), peer });
const unblock = (peer: PeerId) => rig.page.call('person.unblock', { request: request(), peer });
const row = (conversation: ConversationId) => rig.page.call('conversation.get', { conversation });
const textsIn = async (conversation: ConversationId) =>
  (
    await rig.page.call('message.page', { conversation, around: 'end', side: 'around', limit: 50 })
  ).rows.flatMap((each) => (each.kind === 'message' ? [each.content.text] : []));
const rejects = (kind: string) => expect.objectContaining({ kind }) as unknown;

describe('an entry of the address book', () => {
  test('AT-16 the same name and address on another network is never the same person by itself', async () => {
    expect(await peersOf(ALICE_MAIL)).toEqual([ALICE_MAIL]);
    expect(await peersOf(ALICE_PHONE)).toEqual([ALICE_PHONE]);
    expect((await person(ALICE_MAIL)).person).toBeNull();
    // Told, and no more.
    const { alike } = await rig.page.call('peer.get', { peer: ALICE_PHONE, account: PHONE });
    expect(alike).toEqual([{ name: 'Alice', network: 'email', isWrittenAlike: true }]);
  });
  test('AT-16 a reply goes out where the message came in, also to somebody of several ways', async () => {
    await merge(ALICE_MAIL, ALICE_PHONE);
    await commit(PHONE, {
      changes: [messageFrom(ALICE_PHONE, directConversation(PHONE, ALICE_PHONE), 'k', 'hello')],
    });
    const { labelRevision } = await row(directConversation(PHONE, ALICE_PHONE));
    const { id } = await rig.page.call('message.send', {
      request: request(),
      conversation: directConversation(PHONE, ALICE_PHONE),
      content: textOnly('reply'),
      seenLabel: labelRevision,
    });
    await rig.page.until('changed', ({ messages }) => messages.includes(id));
    await expect.poll(() => phone.performed.length).toBe(1);
    expect(mail.performed).toEqual([]);
  });
  test('holds what I said to be one person, what protects most first, and is taken apart again', async () => {
    await commit(MAIL, met(MAIL, ALICE_OPEN, [clearFacts(Date.now())]));
    await merge(ALICE_OPEN, ALICE_MAIL);
    await merge(ALICE_MAIL, ALICE_PHONE);
    expect(await peersOf(ALICE_OPEN)).toEqual([ALICE_PHONE, ALICE_MAIL, ALICE_OPEN]);
    expect((await row(CHAT)).person).toBe((await person(ALICE_PHONE)).person);
    expect((await rig.page.call('peer.get', { peer: ALICE_PHONE, account: PHONE })).alike).toEqual([]);
    await apart(ALICE_MAIL);
    expect(await peersOf(ALICE_MAIL)).toEqual([ALICE_MAIL]);
    expect(await peersOf(ALICE_OPEN)).toEqual([ALICE_PHONE, ALICE_OPEN]);
    await apart(ALICE_OPEN);
    expect((await person(ALICE_PHONE)).person).toBeNull();
    expect(rig.db.all('SELECT * FROM person')).toEqual([]);
    expect(rig.db.all('SELECT * FROM route')).toEqual([]);
  });
  test('AT-16 carries no trust from one way to another', async () => {
    await merge(ALICE_MAIL, ALICE_PHONE);
    await rig.page.call('trust.set', { request: request(), peer: ALICE_MAIL, account: MAIL });
    const { routes } = await person(ALICE_PHONE);
    expect(routes.map(({ peer, trust }) => [peer, trust.kind])).toEqual([
      [ALICE_PHONE, 'unchecked'],
      [ALICE_MAIL, 'checked'],
    ]);
  });
  test('takes nobody whom no account knows, and nobody twice', async () => {
    await expect(merge(ALICE_MAIL, peerId('nostr', 'x'))).rejects.toThrow(rejects('not-found'));
    await expect(merge(ALICE_MAIL, ALICE_MAIL)).rejects.toThrow(rejects('bad-request'));
    await merge(ALICE_MAIL, ALICE_PHONE);
    await merge(ALICE_PHONE, ALICE_MAIL);
    expect(await peersOf(ALICE_MAIL)).toEqual([ALICE_PHONE, ALICE_MAIL]);
  });
});

describe('a block', () => {
  const GROUP = `${MAIL}|group` as ConversationId;
  const groupOf = (state: 'active' | 'request'): Partial<Commit> => ({
    changes: [
      {
        kind: 'conversation',
        id: GROUP,
        patch: { kind: 'group', protocol: 'openpgp', state, title: 'Choir' },
      },
      { kind: 'member', conversation: GROUP, peer: ALICE_MAIL, act: 'joined', by: null },
      {
        kind: 'member',
        conversation: GROUP,
        peer: 'me',
        act: state === 'active' ? 'joined' : 'invited',
        by: ALICE_MAIL,
      },
    ],
  });

  test('holds on all networks at once, and nothing of them arrives', async () => {
    await merge(ALICE_MAIL, ALICE_PHONE);
    await block(ALICE_PHONE);
    for (const id of [CHAT, directConversation(PHONE, ALICE_PHONE)])
      expect((await row(id)).state).toBe('blocked');
    await commit(MAIL, { changes: [messageFrom(ALICE_MAIL, CHAT, 'k', 'hello')] });
    expect(await textsIn(CHAT)).toEqual([]);
    expect((await person(ALICE_MAIL)).routes.every(({ blocked }) => blocked)).toBe(true);
    await unblock(ALICE_MAIL);
    await commit(MAIL, { changes: [messageFrom(ALICE_MAIL, CHAT, 'k2', 'again')] });
    expect(await textsIn(CHAT)).toEqual(['again']);
    // I never wrote to them: they ask again.
    expect((await row(CHAT)).state).toBe('request');
  });
  test('holds for conversations that do not exist yet, in every account', async () => {
    await block(ALICE_MAIL);
    const second: Account = {
      id: SECOND,
      network: 'email',
      address: 'second',
      displayName: '',
      environment: 'test',
      createdAt: 2,
    };
    addAccount(rig.db, second);
    const later = directConversation(SECOND, ALICE_MAIL);
    const asks = met(SECOND, ALICE_MAIL, [goodFacts()], { state: 'request' });
    rig.db.transaction(() =>
      applyCommit(
        { db: rig.db, account: second, now: Date.now(), touched: nothingTouched() },
        { ...emptyCommit, ...asks },
        1,
      ),
    );
    expect((await row(later)).state).toBe('blocked');
    expect((await rig.page.call('inbox.counts', {})).requests).toBe(0);
  });
  test('holds in groups: what they write is not shown, what others write is', async () => {
    await commit(MAIL, groupOf('active'));
    const bob = peerId('email', 'BOB');
    await commit(MAIL, {
      changes: [{ kind: 'member', conversation: GROUP, peer: bob, act: 'joined', by: null }],
    });
    await block(ALICE_MAIL);
    await commit(MAIL, {
      changes: [messageFrom(ALICE_MAIL, GROUP, 'a', 'from her'), messageFrom(bob, GROUP, 'b', 'from him')],
    });
    expect(await textsIn(GROUP)).toEqual(['from him']);
    expect((await row(GROUP)).state).toBe('active');
  });
  test('keeps out what they ask me into', async () => {
    await block(ALICE_MAIL);
    await commit(MAIL, groupOf('request'));
    expect((await row(GROUP)).state).toBe('blocked');
  });
  test('is told to my phone where the network has a word for it, and so is its end', async () => {
    await merge(ALICE_MAIL, ALICE_PHONE);
    await block(ALICE_MAIL);
    await expect.poll(() => phone.performed.length).toBe(1);
    await unblock(ALICE_MAIL);
    await expect.poll(() => phone.performed.length).toBe(2);
    expect(phone.performed.map(({ intent }) => intent.what)).toMatchObject([
      { kind: 'protocol', op: 'blocked', data: new TextEncoder().encode(ALICE_PHONE) },
      { kind: 'protocol', op: 'accepted', data: new TextEncoder().encode(ALICE_PHONE) },
    ]);
    expect(mail.performed).toEqual([]);
  });
  test('cancels what waits to go to them, and what stopped it', async () => {
    await rig.page.call('floor.set', { request: request(), peer: ALICE_MAIL, floor: 'members' });
    const send = async (text: string) =>
      rig.page.call('message.send', {
        request: request(),
        conversation: CHAT,
        content: textOnly(text),
        seenLabel: (await row(CHAT)).labelRevision,
      });
    const { id } = await send('written before the block');
    const stateOf = async () => {
      const [found] = (await rig.page.call('message.rows', { ids: [id] })).rows;
      return found?.kind === 'message' ? found.sending?.state : null;
    };
    expect(await stateOf()).toBe('held');
    await block(ALICE_MAIL);
    expect(await stateOf()).toBe('cancelled');
    await unblock(ALICE_MAIL);
    expect((await row(CHAT)).label.sending).toEqual({ ok: true });
    expect(await stateOf()).toBe('cancelled');
    expect(mail.performed).toEqual([]);
  });
  test('AT-65 whom I blocked does not come in over a second network without a flag', async () => {
    const flag = async () =>
      (await rig.page.call('peer.get', { peer: ALICE_PHONE, account: PHONE })).likeBlocked;
    expect(await flag()).toBeNull();
    await block(ALICE_MAIL);
    // The address and the name are the same.
    expect(await flag()).toEqual({ name: 'Alice', network: 'email', why: 'same-address' });
    await merge(ALICE_MAIL, ALICE_PHONE);
    expect(await flag()).toEqual({ name: 'Alice', network: 'email', why: 'same-person' });
    expect((await row(directConversation(PHONE, ALICE_PHONE))).state).toBe('active');
    await apart(ALICE_PHONE);
    await commit(PHONE, {
      changes: [
        { kind: 'peer', peer: ALICE_PHONE, identity: '', address: '+15550100', name: 'Аliсе' }, // Cyrillic
      ],
    });
    expect(await flag()).toEqual({ name: 'Alice', network: 'email', why: 'name' });
    await block(ALICE_PHONE);
    expect(await flag()).toBeNull();
  });
  test('of the phone counts for all it can write in', async () => {
    const id = directConversation(PHONE, ALICE_PHONE);
    await commit(PHONE, { changes: [{ kind: 'conversation', id, patch: { state: 'blocked' } }] });
    expect((await person(ALICE_PHONE)).routes).toMatchObject([{ blocked: true }]);
    // A later word of the lane lets nobody out.
    await commit(PHONE, { changes: [{ kind: 'conversation', id, patch: { state: 'active' } }] });
    expect((await row(id)).state).toBe('blocked');
  });
});
