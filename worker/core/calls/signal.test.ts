import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import { peerId, type EnvelopeKey } from '../../../shared/ids.ts';
import type { Change } from '../../../shared/lane/change.ts';
import { emptyCommit, type Commit } from '../../../shared/lane/commit.ts';
import type { Hint } from '../../../shared/lane/lane.ts';
import { patchConversation } from '../../../storage/conversations.ts';
import { setPeerIdentity } from '../../../storage/peers.ts';
import { request, type Rig } from '../../sample/rig.ts';
import { key } from '../../sample/scene.ts';
import { ACCOUNT, openScripted, type scriptedLane } from '../../sample/scripted.ts';
import { bob, BOB, BOB_CHAT, BOBS_KEY, BOBS_OTHER_KEY, bobSays, sessionFacts } from '../../sample/signal.ts';

let rig: Rig;
let lane: ReturnType<typeof scriptedLane>;
beforeEach(async () => {
  ({ rig, lane } = await openScripted({}, bob));
});
afterEach(() => rig.close());

const commit = (part: Partial<Commit>) => lane.context().commit({ ...emptyCommit, ...part });
const row = () => rig.page.call('conversation.get', { conversation: BOB_CHAT });
const rows = async () =>
  (await rig.page.call('message.page', { conversation: BOB_CHAT, around: 'end', side: 'around', limit: 50 }))
    .rows;
const readAll = async () =>
  rig.page.call('conversation.read', { conversation: BOB_CHAT, upTo: (await rows()).at(-1)!.id });
/** What the lane was given to perform, once there are so many. */
const given = async (count: number) => {
  for (let seen = 0; lane.performed.length < count;)
    seen = (await rig.page.until('changed', (changed) => changed.seq > seen)).seq;
  return lane.performed.map(({ intent }) => intent.what);
};
const own = async (text: string) => {
  const { labelRevision } = await row();
  return rig.page.call('message.send', {
    request: request(),
    conversation: BOB_CHAT,
    content: textOnly(text),
    seenLabel: labelRevision,
  });
};

describe('what is read', () => {
  test('is told to its author and to my own devices', async () => {
    await commit({ changes: [bobSays(10, 'a'), bobSays(11, 'b')] });
    await readAll();
    const keys = [bobSays(10, ''), bobSays(11, '')].map((change) => 'target' in change && change.target.key);
    expect(await given(1)).toMatchObject([{ kind: 'receipt', as: 'read', tell: true, of: keys }]);
  });
  test('is told to my own devices alone where the person tells nobody', async () => {
    await rig.page.call('settings.set', { request: request(), patch: { readReceipts: false } });
    await commit({ changes: [bobSays(10, 'a')] });
    await readAll();
    expect(await given(1)).toMatchObject([{ kind: 'receipt', as: 'read', tell: false }]);
  });
  test('is told to my own devices alone where this conversation’s switch is off, whatever the page shows', async () => {
    await rig.page.call('conversation.set', { request: request(), conversation: BOB_CHAT, tellsRead: false });
    expect((await row()).tells.read).toBe(false);
    await commit({ changes: [bobSays(10, 'a')] });
    await readAll();
    expect(await given(1)).toMatchObject([{ kind: 'receipt', as: 'read', tell: false }]);
  });
  test('is told to my own devices alone once others can read along, although it was turned on before', async () => {
    await rig.page.call('conversation.set', { request: request(), conversation: BOB_CHAT, tellsRead: true });
    expect((await row()).tells).toEqual({ read: true, typing: true });
    await commit({
      changes: [bobSays(10, 'a')],
      forecasts: [{ conversation: BOB_CHAT, facts: [], hold: null }],
    });
    expect((await row()).tells).toEqual({ read: false, typing: false });
    await readAll();
    expect(await given(1)).toMatchObject([{ kind: 'receipt', as: 'read', tell: false }]);
  });
  test('and that I write is told only where the switch is on, the label is good, and the network can', async () => {
    await rig.close();
    const hints: Hint[] = [];
    const hint: Hint = { kind: 'typing', conversation: BOB_CHAT, on: true };
    ({ rig, lane } = await openScripted({ hint: (told) => hints.push(told) }, bob));
    const type = (on: boolean) => rig.page.call('typing.set', { conversation: BOB_CHAT, on });
    const turn = (tellsTyping: boolean) =>
      rig.page.call('conversation.set', { request: request(), conversation: BOB_CHAT, tellsTyping });
    await turn(false);
    await type(true);
    await type(false);
    await turn(true);
    await type(true);
    await commit({ forecasts: [{ conversation: BOB_CHAT, facts: [], hold: null }] });
    await type(false);
    await turn(true);
    await type(true);
    await expect.poll(() => hints).toEqual([hint, hint]);
  });
  test('of a stranger is told to my own devices alone', async () => {
    patchConversation(rig.db, BOB_CHAT, { state: 'request' });
    await commit({ changes: [bobSays(10, 'a')] });
    await readAll();
    expect(await given(1)).toMatchObject([{ kind: 'receipt', as: 'read', tell: false }]);
  });
  test('names the newest of many, a hundred at a time', async () => {
    await commit({ changes: Array.from({ length: 1_150 }, (_, at) => bobSays(at + 1, 'a')) });
    await readAll();
    const told = (await given(10)).map((what) => (what.kind === 'receipt' ? what.of.length : 0));
    expect(told).toEqual(Array.from({ length: 10 }, () => 100));
    const last = lane.performed.at(-1)?.intent.what;
    expect(last?.kind === 'receipt' && last.of.at(-1)).toMatch(/:1150$/u);
  });
});

describe('a receipt that the lane sends by itself', () => {
  const delivered = {
    conversation: BOB_CHAT,
    sentAt: 1,
    what: { kind: 'receipt', key: key('r'), of: [key('x')], as: 'delivered', tell: true },
  } as const;
  test.each([
    ['active', 1],
    ['request', 0],
    ['blocked', 0],
    ['left', 0],
  ] as const)('in a conversation that is %s: %i', async (state, count) => {
    patchConversation(rig.db, BOB_CHAT, { state });
    expect((await commit({ enqueue: [delivered] })).ok).toBe(true);
    expect(rig.db.all('SELECT * FROM outbox')).toHaveLength(count);
  });
  test('without a conversation goes nowhere', async () => {
    expect((await commit({ enqueue: [{ ...delivered, conversation: null }] })).ok).toBe(true);
    expect(rig.db.all('SELECT * FROM outbox')).toEqual([]);
  });
});

test('one person has one reaction: the newest', async () => {
  await commit({ changes: [bobSays(10, 'a')] });
  const [said] = await rows();
  const { labelRevision: seenLabel } = await row();
  await rig.page.call('message.react', { request: request(), id: said!.id, emoji: ['👍', '❤️'], seenLabel });
  expect(await given(1)).toMatchObject([{ kind: 'reaction', emoji: ['❤️'] }]);
  expect(await rows()).toMatchObject([{ reactions: [{ emoji: '❤️' }] }]);
});

test('what a conversation on Signal can do', async () => {
  const able = Object.entries((await row()).can).filter(([, can]) => can !== 'no');
  expect(able.map(([feature]) => feature).toSorted()).toEqual([
    'delete-for-all',
    'quote',
    'reaction',
    'read-receipt',
    'timer',
    'typing',
  ]);
  expect((await own('hello')).kind).toBe('queued');
});

describe('comparing the safety number', () => {
  const NUMBER = '00000 11111 22222 33333 44444 55555 66666 77777 88888 99999 00000 11111';
  let answered: unknown[];
  const comparing = async (theirs: string, fits = false) => {
    const values = [{ of: 'both', number: NUMBER, words: ['abandon'] }] as const;
    const code = new Uint8Array([8, 2]);
    const step = { kind: 'compare', theirs, values, code, accepts: ['signal-number'] } as const;
    await rig.close();
    answered = [];
    ({ rig, lane } = await openScripted(
      {
        flow: async function* () {
          const answer = yield { ...step, matched: false };
          answered.push(answer);
          if (fits) answered.push(yield { ...step, matched: true });
          yield { kind: 'done', conversation: BOB_CHAT, peer: BOB };
          return null;
        },
      },
      bob,
    ));
    const { flow } = await rig.page.call('flow.start', {
      request: request(),
      account: ACCOUNT,
      network: 'signal',
      start: { kind: 'check', peer: BOB },
    });
    await rig.page.until('flow', (told) => told.flow === flow && told.step.kind === 'compare');
    return flow;
  };
  const trust = async () => (await rig.page.call('peer.get', { peer: BOB, account: ACCOUNT })).trust;

  test('a yes is asked about in the shell, marks the key as checked, and reaches the lane', async () => {
    const flow = await comparing(BOBS_KEY);
    await rig.page.call('flow.answer', { flow, answer: { kind: 'yes' } });
    await rig.page.until('flow', (told) => told.flow === flow && told.step.kind === 'done');
    expect(rig.shell.asked).toEqual([{ kind: 'mark-checked', facts: { name: 'Bob', fingerprint: NUMBER } }]);
    expect(answered).toEqual([{ kind: 'yes' }]);
    expect(await trust()).toMatchObject({ kind: 'checked', by: 'number' });
    expect(await rows()).toMatchObject([{ kind: 'note', code: 'checked' }]);
    // The lane may say it once more, as it does for keys; that is stated once.
    const said = { kind: 'checked', at: 5, by: 'number' } as const;
    await commit({
      changes: [{ kind: 'identity', peer: BOB, was: BOBS_KEY, now: BOBS_KEY, trust: said }],
    });
    expect(await rows()).toHaveLength(1);
  });
  test('a code that fits is asked about in words of its own, and trust says that it was a code', async () => {
    const flow = await comparing(BOBS_KEY, true);
    const code = new Uint8Array([1, 2, 3]);
    await rig.page.call('flow.answer', { flow, answer: { kind: 'code', code } });
    // Nobody is checked by a code alone.
    await rig.page.until('flow', ({ step }) => step.kind === 'compare' && step.matched);
    expect([rig.shell.asked, (await trust()).kind]).toEqual([[], 'unchecked']);
    await rig.page.call('flow.answer', { flow, answer: { kind: 'yes' } });
    await rig.page.until('flow', (told) => told.flow === flow && told.step.kind === 'done');
    expect(rig.shell.asked).toEqual([{ kind: 'mark-scanned', facts: { name: 'Bob', fingerprint: NUMBER } }]);
    expect(answered).toEqual([{ kind: 'code', code }, { kind: 'yes' }]);
    expect(await trust()).toMatchObject({ kind: 'checked', by: 'code' });
  });
  test('a no of the person in the shell marks nothing and reaches nobody', async () => {
    const flow = await comparing(BOBS_KEY);
    rig.shell.answer = () => ({ ok: false, secret: null });
    const answer = rig.page.call('flow.answer', { flow, answer: { kind: 'yes' } });
    await expect(answer).rejects.toThrow(expect.objectContaining({ kind: 'refused' }));
    expect([answered, await trust()]).toEqual([[], { kind: 'unchecked' }]);
  });
  test('a number made from another key than the one known is not even asked about', async () => {
    const flow = await comparing(BOBS_OTHER_KEY);
    const answer = rig.page.call('flow.answer', { flow, answer: { kind: 'yes' } });
    await expect(answer).rejects.toThrow(expect.objectContaining({ kind: 'conflict' }));
    expect([answered, rig.shell.asked, await trust()]).toEqual([[], [], { kind: 'unchecked' }]);
  });
  test('a key that changes while the shell asks is not the one that was compared', async () => {
    const flow = await comparing(BOBS_KEY);
    rig.shell.answer = () => {
      rig.db.transaction(() => setPeerIdentity(rig.db, BOB, BOBS_OTHER_KEY));
      return { ok: true, secret: null };
    };
    const answer = rig.page.call('flow.answer', { flow, answer: { kind: 'yes' } });
    await expect(answer).rejects.toThrow(expect.objectContaining({ kind: 'conflict' }));
    expect(answered).toEqual([]);
    expect((await trust()).kind).not.toBe('checked');
  });
});

test('what this version cannot show says so everywhere, is found by nothing, and its bytes are kept', async () => {
  const envelope = 'guid' as EnvelopeKey;
  const raw = new Uint8Array([1, 2, 3]);
  const content = { ...textOnly(''), special: 'newer-version' } as const;
  const parked = { kind: 'parked', envelope, raw, needs: 'newer-version', until: 4e15 } as const;
  await rig.page.call('settings.set', { request: request(), patch: { notifications: 'full' } });
  for (let twice = 0; twice < 2; twice += 1)
    await commit({ changes: [bobSays(10, '', { content })], inbound: [parked] });
  expect(await rows()).toMatchObject([{ content: { text: '', special: 'newer-version' } }]);
  expect(await row()).toMatchObject({ snippet: { kind: 'newer-version', mine: false }, unread: 1 });
  expect((await rig.page.call('search', { text: 'newer', in: null, before: null, limit: 9 })).rows).toEqual(
    [],
  );
  await expect.poll(() => rig.shell.notices.at(-1)?.body).toMatch(/Only a newer Plainseal can show this/u);
  await rig.restart();
  expect(rig.db.all('SELECT outcome, raw, why, until FROM inbound')).toEqual([
    { outcome: 'parked', raw: Buffer.from(raw), why: 'newer-version', until: 4e15 },
  ]);
});

describe('what I wrote on another of my devices', () => {
  const mine = (sentAt: number, text: string): Change => ({
    kind: 'message',
    target: { conversation: BOB_CHAT, key: key(`me:${sentAt}`) },
    author: 'me',
    sentAt,
    content: textOnly(text),
    evidence: {
      how: 'told-by-own-device',
      device: '1',
      at: Date.now(),
      facts: [sessionFacts(Date.now())],
      details: [],
    },
  });
  const receipt = (as: 'delivered' | 'read', by = BOB): Change => ({
    kind: 'receipt',
    receipt: { kind: as, of: key('me:10'), by, at: 20 },
  });

  test('is mine, told by that device, and neither unread nor news', async () => {
    await commit({ changes: [mine(10, 'from my phone')] });
    expect(await rows()).toMatchObject([
      { author: { me: true }, sending: null, label: { readers: { kind: 'members' } } },
    ]);
    expect(await row()).toMatchObject({
      unread: 0,
      firstUnread: null,
      snippet: { kind: 'text', text: 'from my phone', mine: true, state: null },
    });
    expect(rig.shell.notices).toEqual([]);
    const { evidence } = await rig.page.call('message.details', { id: (await rows())[0]!.id });
    expect(evidence).toMatchObject({ how: 'told-by-own-device', device: '1' });
    expect(
      (await rig.page.call('search', { text: 'phone', in: null, before: null, limit: 9 })).rows,
    ).toHaveLength(1);
  });
  test('twice is one, and nothing here sends it', async () => {
    for (let twice = 0; twice < 2; twice += 1) await commit({ changes: [mine(10, 'once')] });
    expect(await rows()).toHaveLength(1);
    expect(rig.db.all('SELECT * FROM outbox')).toEqual([]);
    expect(await rig.page.call('message.retry', { request: request(), id: (await rows())[0]!.id })).toBe(
      false,
    );
  });
  test('takes the receipts for it, also those that came first, and nobody else’s', async () => {
    await commit({ changes: [receipt('delivered')] });
    await commit({ changes: [mine(10, 'a'), receipt('read', peerId('signal', 'mallory'))] });
    expect(await rows()).toMatchObject([{ sending: { state: 'delivered', readAt: null } }]);
    await commit({ changes: [receipt('read')] });
    expect(await rows()).toMatchObject([{ sending: { state: 'read', readAt: 20 } }]);
    expect((await row()).snippet).toMatchObject({ mine: true, state: 'read' });
  });
  test('is deleted for everybody like any other of mine', async () => {
    await commit({ changes: [mine(10, 'a')] });
    await rig.page.call('message.delete', { request: request(), id: (await rows())[0]!.id });
    // Its lane lets go of it by itself, however long asking them takes.
    const told = (await given(2)).toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
    expect(told).toMatchObject([
      { kind: 'delete', target: 'me:10' },
      { kind: 'protocol', op: 'deleted' },
    ]);
  });
});

test('contacts of the phone are listed by name for their account, without a conversation', async () => {
  const ann = peerId('signal', '11111111-2222-4333-8444-555555555555');
  await commit({
    changes: [{ kind: 'peer', peer: ann, identity: ann.slice(7), address: '+15550123', name: 'Ann' }],
  });
  const listed = (text: string, account = ACCOUNT) =>
    rig.page.call('contact.list', { account, text, limit: 10 });
  expect((await listed('an')).rows).toEqual([
    { peer: ann, name: 'Ann', address: '+15550123', chat: ann.slice(7), conversation: null },
  ]);
  expect((await listed('')).rows.map(({ name }) => name)).toEqual(['Ann', 'Bob']);
  expect((await listed('bob')).rows).toMatchObject([{ conversation: BOB_CHAT }]);
  expect((await listed('', 'other' as typeof ACCOUNT)).rows).toEqual([]);
});
