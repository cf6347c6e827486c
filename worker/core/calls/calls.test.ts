import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallResults } from '../../../shared/contract/calls.ts';
import { textOnly } from '../../../shared/contract/content.ts';
import type { GrantId, MessageId, OutboxId } from '../../../shared/ids.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import type { HoldReason } from '../../../shared/label/facts.ts';
import type { OutboxItem } from '../../../shared/lane/intent.ts';
import type { Performed } from '../../../shared/lane/lane.ts';
import { disclosures, sentencesOf } from '../../../shared/words/disclosure.ts';
import { request, startRig, type Rig } from '../../sample/rig.ts';
import { ALICE, clearFacts, goodFacts, messageFrom, sealedFor } from '../../sample/scene.ts';
import {
  ACCOUNT,
  addTestAccount,
  CHAT,
  openScripted,
  scriptedLane,
  sendWell,
} from '../../sample/scripted.ts';

let rig: Rig;
let lane: ReturnType<typeof scriptedLane>;
beforeEach(async () => {
  ({ rig, lane } = await openScripted());
});
afterEach(() => rig.close());

const row = () => rig.page.call('conversation.get', { conversation: CHAT });
const send = async (text: string, more: { seenLabel?: number; request?: string } = {}) =>
  rig.page.call('message.send', {
    request: request(),
    conversation: CHAT,
    content: textOnly(text),
    seenLabel: (await row()).labelRevision,
    ...more,
  });
const rowsOf = async () =>
  (await rig.page.call('message.page', { conversation: CHAT, around: 'end', side: 'around', limit: 50 }))
    .rows;
const one = async (id: MessageId) => {
  const { rows } = await rig.page.call('message.rows', { ids: [id] });
  if (rows[0]?.kind !== 'message') throw new Error('no such message');
  return rows[0];
};
const stateOf = async (id: MessageId) => (await one(id)).sending?.state;
const until = async (id: MessageId, state: string): Promise<void> => {
  for (let seen = 0; (await stateOf(id)) !== state;)
    seen = (await rig.page.until('changed', (changed) => changed.seq > seen)).seq;
};
/** A message I deleted says so of asking the others; what is told of it is all that is waited for. */
const asked = async (id: MessageId, state: string): Promise<void> => {
  for (let seen = 0; (await one(id)).asked !== state;)
    seen = (await rig.page.until('changed', (changed) => changed.seq > seen && changed.messages.includes(id)))
      .seq;
};
const receive = (name: string, text = name) =>
  lane.context().commit({ ...emptyCommit, changes: [messageFrom(ALICE, CHAT, name, text)] });
const fall = (facts = clearFacts(Date.now())) =>
  lane.context().commit({ ...emptyCommit, forecasts: [{ conversation: CHAT, facts: [facts], hold: null }] });
const ALICE_KEY = ALICE.slice('email|'.length);
const rejects = (kind: string) => expect.objectContaining({ kind }) as unknown;

/** Replaces the rig by one whose lane performs as told. */
async function performing(perform: (item: OutboxItem) => Promise<Performed>): Promise<void> {
  await rig.close();
  ({ rig, lane } = await openScripted({ perform }));
}

describe('message.send', () => {
  test('is queued, sent, and shows under which label', async () => {
    const { id, kind } = await send('hello');
    expect(kind).toBe('queued');
    await until(id, 'sent');
    expect(await one(id)).toMatchObject({
      author: { me: true },
      label: { readers: { kind: 'members-limited' } },
    });
  });
  test('the draft is gone with the transaction that made it a message', async () => {
    await rig.page.call('draft.save', { conversation: CHAT, content: textOnly('hel') });
    expect((await row()).snippet).toEqual({ kind: 'draft', text: 'hel' });
    await send('hello');
    expect((await row()).draft).toBeNull();
  });
  test('under a label that was shown and has since become worse it is held, unsealed', async () => {
    const { labelRevision } = await row();
    await fall();
    const answer = await send('hello', { seenLabel: labelRevision });
    expect(answer).toMatchObject({
      kind: 'held',
      why: 'label-fell',
      label: { readers: { kind: 'provider' } },
    });
    expect(await row()).toMatchObject({
      label: { sending: { ok: false, why: 'label-fell' } },
      snippet: { kind: 'waiting', text: 'hello' },
    });
    expect(lane.performed).toEqual([]);
  });
  test('under a label that was shown and has since become better it goes', async () => {
    const worse = { ...goodFacts(), authenticated: { is: false, asOf: 1_000, by: 'certificate' } as const };
    await fall(worse);
    const { labelRevision } = await row();
    await fall(goodFacts());
    expect((await send('hello', { seenLabel: labelRevision })).kind).toBe('queued');
  });
  test('under a revision that was never shown it is held: nothing proves what its sender saw', async () => {
    expect(await send('hello', { seenLabel: 4_000 })).toMatchObject({ kind: 'held', why: 'label-fell' });
  });
  test('nothing, and files that are not here, are refused', async () => {
    await expect(send('  \n ')).rejects.toThrow(rejects('bad-request'));
    const files = ['00000000-0000-4000-8000-000000000000' as never];
    await expect(
      rig.page.call('message.send', {
        request: request(),
        conversation: CHAT,
        content: { ...textOnly(''), files },
        seenLabel: 1,
      }),
    ).rejects.toThrow(rejects('not-found'));
  });
  test('two in one millisecond have two times', async () => {
    const ids = await Promise.all(['a', 'b', 'c', 'd'].map((text) => send(text)));
    const times = await Promise.all(ids.map(async ({ id }) => (await one(id)).sentAt));
    expect(new Set(times).size).toBe(4);
  });
  test('a blocked or not accepted conversation takes none', async () => {
    await rig.page.call('conversation.block', { request: request(), conversation: CHAT });
    await expect(send('hello')).rejects.toThrow(rejects('refused'));
    expect(await rowsOf()).toEqual([]);
  });
  test('the same request for another call is refused', async () => {
    const { id } = await send('hello', { request: 'the-very-same' });
    await expect(rig.page.call('message.cancel', { request: 'the-very-same', id })).rejects.toThrow(
      rejects('bad-request'),
    );
  });
});

describe('what was queued', () => {
  const never = (): Promise<Performed> => new Promise(() => undefined);
  test('can be cancelled until it is sealed', async () => {
    await performing(never);
    const { id } = await send('hello');
    expect(await rig.page.call('message.cancel', { request: request(), id })).toBe(true);
    expect(await stateOf(id)).toBe('cancelled');
    expect(await rig.page.call('message.cancel', { request: request(), id })).toBe(false);
  });
  test('a lane that seals what was cancelled meanwhile hears a conflict', async () => {
    let results: unknown = null;
    let item: OutboxId | null = null;
    await performing((given) => ((item = given.id), never()));
    const { id } = await send('hello');
    await expect.poll(() => item).not.toBeNull();
    await rig.page.call('message.cancel', { request: request(), id });
    results = await lane.context().commit({
      ...emptyCommit,
      forecasts: [{ conversation: CHAT, facts: [goodFacts()], hold: null }],
      outbound: [{ item: item!, to: 'sealed', evidence: sealedFor(ALICE) }],
    });
    expect(results).toEqual({ ok: false, why: 'conflict' });
  });
  test('fails and is retried with the same key', async () => {
    const keys: string[] = [];
    let times = 0;
    await performing(async (item) => {
      keys.push(item.intent.what.key);
      times += 1;
      if (times > 1) return sendWell(item, lane.context(), ALICE);
      await lane.context().commit({
        ...emptyCommit,
        outbound: [{ item: item.id, to: 'failed', failure: 'address-unknown' }],
      });
      return { kind: 'done' };
    });
    const { id } = await send('hello');
    await until(id, 'failed');
    expect((await one(id)).sending?.failure).toBe('address-unknown');
    expect(await rig.page.call('message.retry', { request: request(), id })).toBe(true);
    await until(id, 'sent');
    expect(keys[0]).toBe(keys[1]);
    expect(await rig.page.call('message.retry', { request: request(), id })).toBe(false);
  });
});

describe('what is written while a lane has stopped the conversation', () => {
  const told = (hold: HoldReason | null, facts = goodFacts(Date.now())) =>
    lane.context().commit({ ...emptyCommit, forecasts: [{ conversation: CHAT, facts: [facts], hold }] });
  const holdOf = async (id: MessageId) => (await one(id)).sending?.hold;
  const worse = { ...goodFacts(), authenticated: { is: false, asOf: 1_000, by: 'certificate' } as const };

  test.each(['fork', 'no-key'] as const)(
    '%s: is held, and goes once the lane says so no more',
    async (hold) => {
      await told(hold);
      const { id } = await send('hello');
      expect(await holdOf(id)).toBe(hold);
      await told(null);
      await until(id, 'sent');
      expect((await row()).label.sending).toEqual({ ok: true });
    },
  );
  test('challenge: waits its turn, since nothing is wrong with it', async () => {
    await told('challenge');
    const { id, kind } = await send('hello');
    expect(kind).toBe('queued');
    await until(id, 'sent');
  });
  test('what an earlier version held for a challenge goes once the lane says so no more', async () => {
    await told('guard');
    const { id } = await send('hello');
    rig.db.run("UPDATE outbox SET hold = 'challenge'");
    await told('challenge');
    await told(null);
    await until(id, 'sent');
  });
  test('guard: stays until the person decides', async () => {
    await told('guard');
    const { id } = await send('hello');
    await told(null);
    expect(await holdOf(id)).toBe('guard');
    expect((await row()).label.sending).toEqual({ ok: false, why: 'guard' });
  });
  test.each(['fork', 'no-key', 'challenge'] as const)(
    '%s: under a label that was never shown it waits for the person, whatever the lane says',
    async (hold) => {
      await told(hold);
      const { id } = await send('hello', { seenLabel: 4_000 });
      expect(await holdOf(id)).toBe('label-fell');
      await told(null);
      expect(await holdOf(id)).toBe('label-fell');
      expect((await row()).label.sending).toEqual({ ok: false, why: 'label-fell' });
    },
  );
  test('does not go under a label that fell meanwhile', async () => {
    await performing((item) => sendWell(item, lane.context(), ALICE, worse));
    await told('no-key');
    const { id } = await send('hello');
    await told(null);
    await until(id, 'held');
    expect(await holdOf(id)).toBe('label-fell');
  });
  test('is discarded, and the conversation goes on; a fork stays', async () => {
    const resolve = async () =>
      rig.page.call('hold.resolve', {
        request: request(),
        conversation: CHAT,
        choice: 'discard',
        seenLabel: (await row()).labelRevision,
      });
    await told('fork');
    await send('hello');
    await resolve();
    expect((await row()).label.sending).toEqual({ ok: false, why: 'fork' });
    await told('no-key');
    await send('hello');
    await resolve();
    expect((await row()).label.sending).toEqual({ ok: true });
  });
  test('a challenge is over once nothing waits for it', async () => {
    await performing(() => new Promise(() => undefined));
    await told('challenge');
    const ids = [(await send('one')).id, (await send('two')).id];
    await rig.page.call('message.cancel', { request: request(), id: ids[1]! });
    expect((await row()).label.sending).toEqual({ ok: false, why: 'challenge' });
    await rig.page.call('message.cancel', { request: request(), id: ids[0]! });
    expect((await row()).label.sending).toEqual({ ok: true });
  });
});

describe('hold.resolve', () => {
  const resolve = (choice: 'send' | 'discard' | 'check-first' | 'accept-change', seenLabel: number) =>
    rig.page.call('hold.resolve', { request: request(), conversation: CHAT, choice, seenLabel });
  const worse = { ...goodFacts(), authenticated: { is: false, asOf: 1_000, by: 'certificate' } as const };
  const change = () =>
    lane.context().commit({
      ...emptyCommit,
      changes: [
        {
          kind: 'identity',
          peer: ALICE,
          was: 'ALICE-FINGERPRINT',
          now: 'NEW',
          trust: { kind: 'changed', at: 1, wasChecked: false },
        },
      ],
    });

  test('send goes on under the label on the screen, and only that', async () => {
    await fall(worse);
    const { id } = await send('hello', { seenLabel: 4_000 });
    const { labelRevision } = await row();
    await expect(resolve('send', labelRevision - 1)).rejects.toThrow(rejects('conflict'));
    expect(await stateOf(id)).toBe('held');
    await resolve('send', labelRevision);
    await until(id, 'sent');
    expect((await row()).label.sending).toEqual({ ok: true });
  });
  test('discard lets nothing out', async () => {
    const { id } = await send('hello', { seenLabel: 4_000 });
    await resolve('discard', (await row()).labelRevision);
    expect(await stateOf(id)).toBe('cancelled');
    expect((await row()).label.sending).toEqual({ ok: true });
    expect(lane.performed).toEqual([]);
  });
  test('check first changes nothing', async () => {
    const { id } = await send('hello', { seenLabel: 4_000 });
    await resolve('check-first', (await row()).labelRevision);
    expect(await stateOf(id)).toBe('held');
  });
  test('a changed identity is accepted in the shell\u2019s window, never by send', async () => {
    await change();
    const { id } = await send('hello');
    expect(await stateOf(id)).toBe('held');
    await expect(resolve('send', (await row()).labelRevision)).rejects.toThrow(rejects('refused'));
    rig.shell.answer = () => ({ ok: false, secret: null });
    await expect(resolve('accept-change', (await row()).labelRevision)).rejects.toThrow(rejects('refused'));
    expect(await stateOf(id)).toBe('held');
    rig.shell.answer = () => ({ ok: true, secret: null });
    await resolve('accept-change', (await row()).labelRevision);
    await until(id, 'sent');
    expect(rig.shell.asked.at(-1)).toEqual({
      kind: 'accept-change',
      facts: { name: 'Alice', fingerprint: 'NEW' },
    });
    expect((await row()).label.identity).toEqual({ kind: 'one', trust: { kind: 'unchecked' } });
  });
  test('what was discarded does not let a changed identity go on', async () => {
    await change();
    await send('hello');
    await resolve('discard', (await row()).labelRevision);
    expect((await row()).label.sending).toEqual({ ok: false, why: 'identity-changed' });
  });
  test('marking as checked by hand ends the stop; what was held waits for its sender', async () => {
    await change();
    const { id } = await send('hello');
    await rig.page.call('trust.set', { request: request(), peer: ALICE, account: ACCOUNT });
    expect((await row()).label.identity).toMatchObject({ trust: { kind: 'checked', by: 'number' } });
    expect(await stateOf(id)).toBe('held');
    await resolve('send', (await row()).labelRevision);
    await until(id, 'sent');
  });
  test('AT-04 what was end to end is not let out in the clear', async () => {
    await performing(async (item) => {
      const facts = [clearFacts()];
      await lane.context().commit({
        ...emptyCommit,
        forecasts: [{ conversation: CHAT, facts, hold: null }],
        outbound: [{ item: item.id, to: 'sealed', evidence: sealedFor(ALICE, facts[0]) }],
      });
      return { kind: 'done' };
    });
    const { id } = await send('hello');
    await until(id, 'held');
    await expect(resolve('send', (await row()).labelRevision)).rejects.toThrow(rejects('refused'));
    await fall(goodFacts());
    await resolve('send', (await row()).labelRevision);
    expect(['queued', 'held']).toContain(await stateOf(id));
  });
});

describe('sending without encryption', () => {
  const plain = `${CHAT} plain` as typeof CHAT;
  const open = () =>
    lane.context().commit({
      ...emptyCommit,
      changes: [
        {
          kind: 'conversation',
          id: plain,
          patch: { kind: 'direct', peer: ALICE, protocol: 'none', state: 'active' },
        },
      ],
      forecasts: [{ conversation: plain, facts: [clearFacts()], hold: null }],
    });
  const write = async () => {
    const { labelRevision } = await rig.page.call('conversation.get', { conversation: plain });
    return rig.page.call('message.send', {
      request: request(),
      conversation: plain,
      content: textOnly('in the clear'),
      seenLabel: labelRevision,
    });
  };
  test('is agreed to once per conversation, before anything is written', async () => {
    await open();
    rig.shell.answer = () => ({ ok: false, secret: null });
    await expect(write()).rejects.toThrow(rejects('refused'));
    expect(rig.db.all('SELECT * FROM outbox')).toEqual([]);
    rig.shell.answer = () => ({ ok: true, secret: null });
    await write();
    await write();
    expect(rig.shell.asked.map(({ kind }) => kind)).toEqual([
      'send-without-encryption',
      'send-without-encryption',
    ]);
  });
});

describe('reading', () => {
  test('counts down, never goes back, and tells the others what was read', async () => {
    for (const name of ['one', 'two', 'three']) await receive(name);
    const rows = await rowsOf();
    expect(await row()).toMatchObject({ unread: 3, firstUnread: rows[0]?.id });
    await rig.page.call('conversation.read', { conversation: CHAT, upTo: rows[1]!.id });
    expect(await row()).toMatchObject({ unread: 1, firstUnread: rows[2]?.id });
    await rig.page.call('conversation.read', { conversation: CHAT, upTo: rows[0]!.id });
    expect((await row()).unread).toBe(1);
    await expect
      .poll(() => lane.performed.map((item) => item.intent.what))
      .toMatchObject([{ kind: 'receipt', of: ['one', 'two'] }]);
  });
  test('tells nobody when the person does not want it, and no stranger', async () => {
    await rig.page.call('settings.set', { request: request(), patch: { readReceipts: false } });
    await receive('one');
    await rig.page.call('conversation.read', { conversation: CHAT, upTo: (await rowsOf())[0]!.id });
    expect(rig.db.all('SELECT * FROM outbox')).toEqual([]);
  });
  test('a page around the first unread has what was read before it', async () => {
    for (let n = 0; n < 10; n += 1) await receive(`m${n}`);
    const rows = await rowsOf();
    await rig.page.call('conversation.read', { conversation: CHAT, upTo: rows[5]!.id });
    const page = await rig.page.call('message.page', {
      conversation: CHAT,
      around: 'first-unread',
      side: 'around',
      limit: 4,
    });
    expect(page.rows.map((it) => (it.kind === 'message' ? it.content.text : ''))).toEqual([
      'm4',
      'm5',
      'm6',
      'm7',
    ]);
    expect(page).toMatchObject({ moreBefore: true, moreAfter: true });
  });
});

describe('reactions and deleting', () => {
  test('a reaction shows at once and goes out under the label seen', async () => {
    await receive('one');
    const [first] = await rowsOf();
    const { labelRevision } = await row();
    await rig.page.call('message.react', {
      request: request(),
      id: first!.id,
      emoji: ['👍'],
      seenLabel: labelRevision,
    });
    expect((await one(first!.id)).reactions).toEqual([{ emoji: '👍', by: [{ me: true }] }]);
    await expect.poll(() => lane.performed.length).toBe(1);
    await fall();
    await expect(
      rig.page.call('message.react', {
        request: request(),
        id: first!.id,
        emoji: [],
        seenLabel: labelRevision,
      }),
    ).rejects.toThrow(rejects('refused'));
  });
  test('a message of mine is deleted here and for all; one of others only here', async () => {
    await receive('one');
    const { id } = await send('mine');
    await until(id, 'sent');
    const [theirs] = await rowsOf();
    for (const each of [id, theirs!.id])
      await rig.page.call('message.delete', { request: request(), id: each });
    expect((await rowsOf()).map((it) => it.kind === 'message' && it.deleted)).toEqual([true, true]);
    await expect
      .poll(() => lane.performed.map((item) => item.intent.what.kind))
      .toEqual(['content', 'delete']);
  });
  test('what I deleted for everyone says that asking the others waits, and then that they were asked', async () => {
    const online = Promise.withResolvers<undefined>();
    await performing(async (item) => {
      if (item.intent.what.kind === 'delete') await online.promise;
      return sendWell(item, lane.context(), ALICE);
    });
    const { id } = await send('mine');
    await until(id, 'sent');
    await rig.page.call('message.delete', { request: request(), id });
    expect(await one(id)).toMatchObject({ deleted: true, asked: 'waiting' });
    online.resolve(undefined);
    await asked(id, 'sent');
  });
  test('what could not be asked says so; where nobody is to be asked nothing is said', async () => {
    await performing(async (item) => {
      if (item.intent.what.kind !== 'delete') return sendWell(item, lane.context(), ALICE);
      await lane.context().commit({
        ...emptyCommit,
        outbound: [{ item: item.id, to: 'failed', failure: 'refused-by-server' }],
      });
      return { kind: 'done' };
    });
    const { id } = await send('mine');
    await until(id, 'sent');
    await rig.page.call('message.delete', { request: request(), id });
    await asked(id, 'not-sent');
    await receive('theirs');
    const theirs = (await rowsOf()).at(-1)!;
    await rig.page.call('message.delete', { request: request(), id: theirs.id });
    expect(await one(theirs.id)).not.toHaveProperty('asked');
  });
  test('asking the others that was held says so, and what the person decides', async () => {
    const worse = { ...goodFacts(), authenticated: { is: false, asOf: 1_000, by: 'certificate' } as const };
    await performing((item) =>
      sendWell(item, lane.context(), ALICE, item.intent.what.kind === 'delete' ? worse : goodFacts()),
    );
    const { id } = await send('mine');
    await until(id, 'sent');
    await rig.page.call('message.delete', { request: request(), id });
    await asked(id, 'held');
    await rig.page.call('hold.resolve', {
      request: request(),
      conversation: CHAT,
      choice: 'discard',
      seenLabel: (await row()).labelRevision,
    });
    await asked(id, 'not-sent');
  });
  test('what had not gone out yet never does', async () => {
    await performing(() => new Promise(() => undefined));
    const { id } = await send('regret');
    await rig.page.call('message.delete', { request: request(), id });
    expect(rig.db.all('SELECT state FROM outbox')).toEqual([{ state: 'cancelled' }]);
    const hits = await rig.page.call('search', { text: 'regret', in: null, before: null, limit: 5 });
    expect(hits.rows).toEqual([]);
  });
});

test('two keys compared in the page match only once the shell was told so', async () => {
  await rig.close();
  const answered: unknown[] = [];
  const values = [{ of: 'theirs', number: ALICE_KEY, words: ['abandon'] }] as const;
  const step = {
    kind: 'compare',
    theirs: ALICE_KEY,
    values,
    code: new Uint8Array([1]),
    accepts: [],
  } as const;
  ({ rig, lane } = await openScripted({
    flow: async function* () {
      answered.push(yield { ...step, matched: false });
      yield { kind: 'done', conversation: CHAT, peer: ALICE };
      return null;
    },
  }));
  const start = { kind: 'check', peer: ALICE } as const;
  const { flow } = await rig.page.call('flow.start', {
    request: request(),
    account: ACCOUNT,
    network: 'email',
    start,
  });
  await rig.page.until('flow', (told) => told.flow === flow && told.step.kind === 'compare');
  rig.shell.answer = () => ({ ok: false, secret: null });
  await expect(rig.page.call('flow.answer', { flow, answer: { kind: 'yes' } })).rejects.toThrow(
    rejects('refused'),
  );
  expect(answered).toEqual([]);
  rig.shell.answer = () => ({ ok: true, secret: null });
  await rig.page.call('flow.answer', { flow, answer: { kind: 'yes' } });
  await rig.page.until('flow', (told) => told.flow === flow && told.step.kind === 'done');
  expect(answered).toEqual([{ kind: 'yes' }]);
  expect(rig.shell.asked.map(({ kind, facts }) => [kind, facts['fingerprint']])).toEqual([
    ['mark-checked', ALICE_KEY],
    ['mark-checked', ALICE_KEY],
  ]);
});

describe('files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plainseal-grant-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const begin = (size: number) => rig.page.call('file.begin', { name: 'note.txt', type: 'text/plain', size });

  test('chunks become a file, which a message carries and search finds by name', async () => {
    const { file } = await begin(6);
    await rig.page.call('file.chunk', { file, at: 0, bytes: new Uint8Array([1, 2, 3]), last: false });
    await rig.page.call('file.chunk', { file, at: 3, bytes: new Uint8Array([4, 5, 6]), last: true });
    expect([...(await rig.page.call('file.read', { file, at: 1, length: 3 }))]).toEqual([2, 3, 4]);
    const sent = await rig.page.call('message.send', {
      request: request(),
      conversation: CHAT,
      content: { ...textOnly(''), files: [file] },
      seenLabel: (await row()).labelRevision,
    });
    expect((await one(sent.id)).files).toEqual([
      { id: file, name: 'note.txt', type: 'text/plain', size: 6, state: 'here' },
    ]);
    const hits = await rig.page.call('search', { text: 'note', in: null, before: null, limit: 5 });
    expect(hits.rows.map((hit) => hit.id)).toEqual([sent.id]);
    await until(sent.id, 'sent');
    await rig.page.call('message.delete', { request: request(), id: sent.id });
    expect(rig.db.all('SELECT * FROM file')).toEqual([]);
  });
  test('what a page began and did not go on with gives way, and what is under way does not', async () => {
    await rig.close();
    let ahead = 0;
    ({ rig, lane } = await openScripted({}, undefined, { clock: () => Date.now() + ahead }));
    const [first] = await Promise.all(Array.from({ length: 16 }, () => begin(2)));
    if (!first) throw new Error('nothing began');
    const { file } = first;
    await expect(begin(2)).rejects.toThrow(rejects('refused'));
    ahead = 59_000;
    await rig.page.call('file.chunk', { file, at: 0, bytes: new Uint8Array([1]), last: false });
    ahead = 61_000;
    await begin(2);
    await rig.page.call('file.chunk', { file, at: 1, bytes: new Uint8Array([2]), last: true });
    expect(rig.db.all('SELECT * FROM file')).toHaveLength(2);
  });
  test('a chunk that does not follow ends the file', async () => {
    const { file } = await begin(6);
    const wrong = { file, at: 2, bytes: new Uint8Array([1]), last: false };
    await expect(rig.page.call('file.chunk', wrong)).rejects.toThrow(rejects('bad-request'));
    await expect(rig.page.call('file.chunk', { ...wrong, at: 0 })).rejects.toThrow(rejects('not-found'));
    await expect(rig.page.call('file.read', { file, at: 0, length: 1 })).rejects.toThrow(
      rejects('not-found'),
    );
  });
  test('a grant is read and saved without the page knowing a path', async () => {
    const source = join(folder, 'in.bin');
    writeFileSync(source, 'content');
    rig.shell.serve = {
      'grant.open': ({ grant }) =>
        grant === ('in' as GrantId)
          ? { path: source, mode: 'read' }
          : { path: join(folder, 'out.bin'), mode: 'write' },
      'file.save': () => 'out' as GrantId,
    };
    const { file } = await rig.page.call('file.begin', {
      grant: 'in' as GrantId,
      name: 'in.bin',
      type: 'x/y',
      size: 0,
    });
    expect(await rig.page.call('file.save', { request: request(), file })).toBe(true);
    expect(readFileSync(join(folder, 'out.bin'), 'utf8')).toBe('content');
    await expect(
      rig.page.call('file.begin', { grant: 'out' as GrantId, name: 'x', type: 'x/y', size: 0 }),
    ).rejects.toThrow(rejects('refused'));
  });
});

describe('accounts and disclosures', () => {
  test('nothing connects before what the network discloses was accepted', async () => {
    await rig.close();
    lane = scriptedLane();
    rig = await startRig({ lanes: { email: lane.create }, prepare: addTestAccount, disclosed: false });
    expect((await rig.page.call('account.list', {})).rows[0]?.status).toEqual({
      kind: 'needs-person',
      why: 'disclosure',
    });
    const start = { kind: 'add-account', args: {} } as const;
    await expect(
      rig.page.call('flow.start', { request: request(), account: null, network: 'email', start }),
    ).rejects.toThrow(rejects('refused'));
    expect(() => lane.context()).toThrow();
    const { version } = disclosures.email;
    await expect(
      rig.page.call('disclosure.accept', { request: request(), network: 'email', version: version + 1 }),
    ).rejects.toThrow(rejects('conflict'));
    await rig.page.call('disclosure.accept', { request: request(), network: 'email', version });
    await rig.page.until('lane', (told) => told.status.kind === 'online');
    const { rows } = await rig.page.call('disclosure.list', {});
    expect(rows.find(({ network }) => network === 'email')).toMatchObject({ acceptedVersion: version });
  });
  test('a disclosure that changed asks again with its difference, and one that is withdrawn ends its lanes', async () => {
    const of = async (network: string) =>
      (await rig.page.call('disclosure.list', {})).rows.find((each) => each.network === network);
    const status = async () => (await rig.page.call('account.list', {})).rows[0]?.status;
    const { version, statements } = disclosures.email;
    expect(await of('email')).toMatchObject({ acceptedVersion: version, change: null });
    const withdraw = request();
    await rig.page.call('disclosure.withdraw', { request: withdraw, network: 'email' });
    expect(await status()).toEqual({ kind: 'needs-person', why: 'disclosure' });
    expect(await of('email')).toMatchObject({ acceptedVersion: null, acceptedAt: null });
    await rig.page.call('account.reconnect', { account: (await row()).account });
    expect(await status()).toEqual({ kind: 'needs-person', why: 'disclosure' });
    const start = { kind: 'add-account', args: {} } as const;
    await expect(
      rig.page.call('flow.start', { request: request(), account: null, network: 'email', start }),
    ).rejects.toThrow(rejects('refused'));
    // What waits stays here.
    await send('later');
    expect(lane.performed).toEqual([]);
    rig.db.run(
      "INSERT INTO disclosure (network, version, accepted_at, said) VALUES ('email', 0, 5, ?)",
      JSON.stringify([...sentencesOf('email').slice(1), 'We keep a copy.']),
    );
    expect(await of('email')).toMatchObject({
      acceptedVersion: 0,
      acceptedAt: 5,
      change: { added: [statements[0]], gone: ['We keep a copy.'] },
    });
    expect(await status()).toEqual({ kind: 'needs-person', why: 'disclosure' });
    await rig.page.call('disclosure.accept', { request: request(), network: 'email', version });
    await expect.poll(() => lane.performed.length).toBe(1);
    const { rows } = await rig.page.call('disclosure.ledger', {});
    expect(rows.filter(({ network }) => network === 'email')).toMatchObject([
      { version, said: sentencesOf('email'), withdrawnAt: null },
      { version: 0, withdrawnAt: null },
      { version, said: null, withdrawnAt: expect.any(Number) },
    ]);
    // The same request does nothing a second time.
    await rig.page.call('disclosure.withdraw', { request: withdraw, network: 'email' });
    expect(await of('email')).toMatchObject({ acceptedVersion: version });
  });
  test('the test network is not for live profiles', async () => {
    await rig.close();
    rig = await startRig({ kind: 'live' });
    await expect(
      rig.page.call('flow.start', {
        request: request(),
        account: null,
        network: 'dummy',
        start: { kind: 'add-account', args: {} },
      }),
    ).rejects.toThrow(rejects('refused'));
    expect((await rig.page.call('disclosure.list', {})).rows.map(({ network }) => network)).not.toContain(
      'dummy',
    );
  });
  test('an account is removed with everything of it, after the shell asked', async () => {
    await receive('one', 'remember me');
    await send('and me');
    rig.shell.answer = () => ({ ok: false, secret: null });
    await expect(rig.page.call('account.remove', { request: request(), account: ACCOUNT })).rejects.toThrow(
      rejects('refused'),
    );
    rig.shell.answer = () => ({ ok: true, secret: null });
    expect(await rig.page.call('account.remove', { request: request(), account: ACCOUNT })).toBe(true);
    for (const table of ['account', 'conversation', 'message', 'outbox', 'lane_state', 'inbound', 'trust'])
      expect(rig.db.all(`SELECT * FROM ${table}`)).toEqual([]);
    const hits = await rig.page.call('search', { text: 'remember', in: null, before: null, limit: 5 });
    expect(hits.rows).toEqual([]);
    expect(rig.db.all("SELECT key FROM meta WHERE key LIKE '%account%'")).toEqual([]);
  });
});

describe('the desktop', () => {
  test('hears that there is a message, and by default nothing of it', async () => {
    await receive('one', 'very private');
    await expect.poll(() => rig.shell.notices.length).toBe(1);
    expect(JSON.stringify(rig.shell.notices)).not.toMatch(/private|Alice/);
    await expect.poll(() => rig.shell.badge).toBe(1);
    await rig.page.call('conversation.read', { conversation: CHAT, upTo: (await rowsOf())[0]!.id });
    await expect.poll(() => rig.shell.badge).toBe(0);
  });
  test('shows as much as the person has chosen, and always the label with a name', async () => {
    await rig.page.call('settings.set', { request: request(), patch: { notifications: 'full' } });
    await receive('one', 'lunch?');
    await expect.poll(() => rig.shell.notices.length).toBe(1);
    expect(rig.shell.notices[0]).toMatchObject({ title: 'Alice' });
    expect(rig.shell.notices[0]?.body).toMatch(/^[^\n]*Private, with limits[^\n]*\nlunch\?$/);
  });
  test('is not rung by strangers, muted conversations, or at all when that is off', async () => {
    await rig.page.call('conversation.set', { request: request(), conversation: CHAT, muted: true });
    await receive('one');
    await rig.page.call('conversation.set', { request: request(), conversation: CHAT, muted: false });
    await rig.page.call('settings.set', { request: request(), patch: { notifications: 'off' } });
    await receive('two');
    await expect.poll(() => rig.shell.badge).toBe(2);
    expect(rig.shell.notices).toEqual([]);
  });
  test('a clicked notification opens its conversation, and nothing that is not there', async () => {
    rig.shell.emit('notice.clicked', { tag: 'something else' });
    rig.shell.emit('notice.clicked', { tag: CHAT });
    expect(await rig.page.until('open')).toEqual({ conversation: CHAT });
  });
});

test('the list: pinned first, then the newest, page by page, each filter its own', async () => {
  const ids = ['B', 'C', 'D', 'E'].map((name) => `${ACCOUNT}|email|${name}` as typeof CHAT);
  for (const id of ids) {
    const peer = id.slice(ACCOUNT.length + 1) as typeof ALICE;
    await lane.context().commit({
      ...emptyCommit,
      changes: [
        { kind: 'conversation', id, patch: { kind: 'direct', peer, protocol: 'openpgp', state: 'request' } },
        messageFrom(peer, id, `key ${id}`, 'hi'),
      ],
    });
  }
  await rig.page.call('conversation.set', { request: request(), conversation: ids[0]!, pinned: true });
  await rig.page.call('conversation.set', { request: request(), conversation: ids[1]!, archived: true });
  const seen: string[] = [];
  let before: { readonly at: number; readonly id: typeof CHAT } | null = null;
  for (;;) {
    const page: CallResults['inbox.page'] = await rig.page.call('inbox.page', {
      filter: 'all',
      before,
      limit: 1,
    });
    const [last] = page.rows;
    if (last) seen.push(last.id);
    if (!page.more || !last) break;
    before = { at: last.lastAt, id: last.id };
  }
  expect(seen[0]).toBe(ids[0]);
  expect(new Set(seen)).toEqual(new Set([CHAT, ids[0], ids[2], ids[3]]));
  expect(seen).toHaveLength(4);
  const count = async (filter: 'unread' | 'requests' | 'archived' | 'stopped' | 'drafts') =>
    (await rig.page.call('inbox.page', { filter, before: null, limit: 50 })).rows.length;
  expect(
    await Promise.all((['unread', 'requests', 'archived', 'stopped', 'drafts'] as const).map(count)),
  ).toEqual([3, 4, 1, 0, 0]);
  expect(await rig.page.call('inbox.counts', {})).toEqual({ unread: 3, stopped: 0, requests: 4, drafts: 0 });
});

test('facts that nobody renews grow old, and the conversation says so when it is looked at', async () => {
  await rig.close();
  let now = Date.now();
  lane = scriptedLane();
  rig = await startRig({ lanes: { email: lane.create }, prepare: addTestAccount, clock: () => now });
  await rig.page.until('changed', (changed) => changed.conversations.includes(CHAT));
  const session = { is: { withinMs: 0 }, asOf: now, by: 'session' } as const;
  await fall({ ...goodFacts(now), forwardSecrecy: session, recovery: session });
  const before = await row();
  expect(before.label.readers.kind).toBe('members');
  now += 31 * 24 * 60 * 60 * 1_000;
  const after = await row();
  expect(after.label.readers).toEqual({ kind: 'unknown', missing: ['forwardSecrecy', 'recovery'] });
  expect(after.labelRevision).toBe(before.labelRevision + 1);
});

test('what changed is told at most twenty times a second, numbered without a gap', async () => {
  const from = rig.page.heard.length;
  await Promise.all(Array.from({ length: 300 }, (_, n) => receive(`flood ${n}`)));
  await rig.page.call('profile.get', {});
  const { seq } = await rig.page.call('profile.get', {});
  await rig.page.until('changed', (changed) => changed.seq >= seq);
  const told = rig.page.heard
    .slice(from)
    .flatMap((it) => (it.name === 'changed' ? [it.payload as { seq: number }] : []));
  expect(told.map((it) => it.seq)).toEqual(told.map((_, n) => (told[0]?.seq ?? 0) + n));
  expect(told.length).toBeLessThan(60);
  expect((await row()).unread).toBe(300);
});

test('a key is handed out under a passphrase typed in the shell\u2019s window', async () => {
  await rig.close();
  const folder = mkdtempSync(join(tmpdir(), 'plainseal-key-'));
  try {
    const given: string[] = [];
    ({ rig, lane } = await openScripted({
      exportKey: async (passphrase) => {
        given.push(passphrase);
        return { name: 'key.asc', bytes: new TextEncoder().encode('the key') };
      },
    }));
    rig.shell.answer = (question) => ({ ok: true, secret: question.secret ?? null });
    rig.shell.serve = {
      'file.save': ({ name }) => name as GrantId,
      'grant.open': () => ({ path: join(folder, 'key.asc'), mode: 'write' }),
    };
    expect(await rig.page.call('key.export', { request: request(), account: ACCOUNT })).toBe(true);
    expect(given).toEqual(['new-passphrase']);
    expect(readFileSync(join(folder, 'key.asc'), 'utf8')).toBe('the key');
    await expect(rig.page.call('key.import', { request: request(), account: ACCOUNT })).rejects.toThrow(
      rejects('refused'),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a name with a key of another sort finds nothing', async () => {
  await expect(rig.page.call('message.details', { id: 'not a number' as MessageId })).rejects.toThrow(
    rejects('not-found'),
  );
});
