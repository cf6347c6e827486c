import { afterEach, describe, expect, test } from 'vitest';
import { textOnly } from '../../shared/contract/content.ts';
import type { timerChoices } from '../../shared/contract/conversation.ts';
import type { EnvelopeKey, NetworkKey } from '../../shared/ids.ts';
import type { Change } from '../../shared/lane/change.ts';
import { emptyCommit, type Commit } from '../../shared/lane/commit.ts';
import type { Timer } from '../../shared/lane/intent.ts';
import { findConversation, patchConversation } from '../../storage/conversations.ts';
import { nextExpiry } from '../../storage/expiry.ts';
import { request, type Rig } from '../sample/rig.ts';
import { key } from '../sample/scene.ts';
import { openScripted, type scriptedLane } from '../sample/scripted.ts';
import { bob, BOB, BOB_CHAT, bobSays, sessionFacts } from '../sample/signal.ts';

const WEEK_MS = 7 * 24 * 60 * 60_000;
const START = 1_800_000_000_000;

let rig: Rig;
let lane: ReturnType<typeof scriptedLane>;
let now: number;
/** Opens over a clock of the test's own; `now` moves it. */
async function open(): Promise<void> {
  now = START;
  const clock = (): number => now;
  const facts = () => sessionFacts(START);
  ({ rig, lane } = await openScripted({}, { ...bob, facts }, { clock }));
  // As fresh as the test's clock.
  await commit({ forecasts: [{ conversation: BOB_CHAT, facts: [sessionFacts(START)], hold: null }] });
}
afterEach(() => rig.close());

const commit = (part: Partial<Commit>) => lane.context().commit({ ...emptyCommit, ...part });
const going = (afterMs: number, startedAt: number | null = null) => ({ expires: { afterMs, startedAt } });
const fromMe = (sentAt: number, text: string, startedAt: number | null): Change => ({
  kind: 'message',
  target: { conversation: BOB_CHAT, key: key(`me:${sentAt}`) },
  author: 'me',
  sentAt,
  content: textOnly(text),
  evidence: { how: 'told-by-own-device', device: '1', at: sentAt, facts: [], details: [] },
  expires: { afterMs: 60_000, startedAt },
});
const row = () => rig.page.call('conversation.get', { conversation: BOB_CHAT });
const rows = async () =>
  (await rig.page.call('message.page', { conversation: BOB_CHAT, around: 'end', side: 'around', limit: 200 }))
    .rows;
const texts = async () =>
  (await rows()).map((each) => (each.kind === 'message' ? each.content.text : each.code));
const found = async (text: string) =>
  (await rig.page.call('search', { text, in: null, before: null, limit: 9 })).rows.length;
const readAll = async () =>
  rig.page.call('conversation.read', { conversation: BOB_CHAT, upTo: (await rows()).at(-1)!.id });
const count = (table: string) =>
  rig.db.get<{ readonly n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? -1;
const send = async (text: string, quote?: NetworkKey) =>
  rig.page.call('message.send', {
    request: request(),
    conversation: BOB_CHAT,
    content: { ...textOnly(text), ...(quote ? { quote } : {}) },
    seenLabel: (await row()).labelRevision,
  });
const until = async (check: () => Promise<boolean>): Promise<void> => {
  for (let seen = 0; !(await check());)
    seen = (await rig.page.until('changed', (changed) => changed.seq > seen)).seq;
};

describe('a message that goes by itself', () => {
  test('stays until it was read, and then as long as it was told to', async () => {
    await open();
    await commit({ changes: [bobSays(10, 'gone', going(60_000)), bobSays(11, 'kept')] });
    now += WEEK_MS;
    expect(await texts()).toEqual(['gone', 'kept']);
    expect(await rows()).toMatchObject([{ expires: { afterMs: 60_000, at: null } }, { expires: null }]);
    await readAll();
    expect((await rows())[0]).toMatchObject({ expires: { at: now + 60_000 } });
    now += 59_999;
    expect(await texts()).toEqual(['gone', 'kept']);
    now += 1;
    expect(await texts()).toEqual(['kept']);
    expect([await found('gone'), await found('kept')]).toEqual([0, 1]);
  });
  test('goes with everything of it, and the page is told', async () => {
    await open();
    const edit = {
      kind: 'edit',
      target: { conversation: BOB_CHAT, key: key(`${BOB.slice(7)}:10`) },
      by: BOB,
      content: textOnly('edited'),
    } as const;
    const reaction = { ...edit, kind: 'reaction', emoji: ['👍'] } as const;
    const { evidence } = bobSays(10, '') as Extract<Change, { readonly kind: 'message' }>;
    const { content: _none, ...react } = { ...reaction, evidence };
    await commit({
      changes: [bobSays(9, 'before'), bobSays(10, 'first', going(60_000)), { ...edit, evidence }, react],
    });
    await readAll();
    const id = (await rows()).at(-1)!.id;
    expect([count('revision'), count('reaction')]).toEqual([1, 1]);
    now += 60_000;
    expect((await row()).snippet).toMatchObject({ text: 'before' });
    await rig.page.until('changed', (changed) => changed.messages.includes(id));
    expect((await rig.page.call('message.rows', { ids: [id] })).rows).toEqual([]);
    expect([count('revision'), count('reaction'), await found('edited')]).toEqual([0, 0, 0]);
    expect(
      rig.db.all("SELECT * FROM message WHERE content LIKE '%first%' OR content LIKE '%edited%'"),
    ).toEqual([]);
  });
  test('that answers one keeps nothing of it', async () => {
    await open();
    const answer = { content: { ...textOnly('answer'), quote: key(`${BOB.slice(7)}:10`) } };
    await commit({ changes: [bobSays(10, 'question', going(60_000)), bobSays(11, 'answer', answer)] });
    await readAll();
    expect((await rows())[1]).toMatchObject({ quote: { text: 'question' } });
    now += 60_000;
    expect(await rows()).toMatchObject([{ content: { text: 'answer' }, quote: { text: '', id: null } }]);
  });
  test('goes by one timer, without anybody asking', async () => {
    ({ rig, lane } = await openScripted({}, bob));
    await commit({ changes: [bobSays(10, 'soon', going(80)), bobSays(11, 'later', going(120))] });
    await readAll();
    await until(async () => count('message') === 0);
    expect(nextExpiry(rig.db)).toBeNull();
  });
  test('goes after a restart, and after the clock jumped', async () => {
    await open();
    await commit({ changes: [bobSays(10, 'soon', going(60_000))] });
    await readAll();
    now += WEEK_MS;
    await rig.restart();
    await expect.poll(() => count('message')).toBe(0);
  });
  test('goes in many turns where there are many, all of them', async () => {
    await open();
    const many = Array.from({ length: 500 }, (_, at) => bobSays(at + 1, `text ${at}`, going(60_000)));
    await commit({ changes: many });
    await readAll();
    now += 60_000;
    await row();
    await expect.poll(() => count('message')).toBe(0);
    expect(await row()).toMatchObject({ snippet: { kind: 'empty' }, unread: 0 });
  });
});

describe('what my other devices say', () => {
  test('of a message they read begins its time then, and never later than now', async () => {
    await open();
    const target = { conversation: BOB_CHAT, key: key(`${BOB.slice(7)}:11`) };
    await commit({ changes: [bobSays(10, 'a', going(60_000)), bobSays(11, 'b', going(60_000))] });
    await commit({ changes: [{ kind: 'own-read', target, at: START - 10_000 }] });
    expect(nextExpiry(rig.db)).toBe(START + 50_000);
    await commit({ changes: [bobSays(12, 'c', going(90_000))] });
    const last = { conversation: BOB_CHAT, key: key(`${BOB.slice(7)}:12`) };
    await commit({ changes: [{ kind: 'own-read', target: last, at: START + WEEK_MS }] });
    expect((await rows()).at(-1)).toMatchObject({ expires: { at: START + 90_000 } });
  });
  test('before the message comes waits for it', async () => {
    await open();
    const target = { conversation: BOB_CHAT, key: key(`${BOB.slice(7)}:10`) };
    await commit({ changes: [{ kind: 'own-read', target, at: START - 10_000 }] });
    await commit({ changes: [bobSays(10, 'a', going(60_000))] });
    expect((await rows())[0]).toMatchObject({ expires: { at: START + 50_000 } });
    expect((await row()).unread).toBe(0);
  });
  test('of one they read that comes now: it is neither unread nor news', async () => {
    await open();
    await commit({ changes: [bobSays(10, 'a', going(60_000, START - 1_000))] });
    expect(await row()).toMatchObject({ unread: 0 });
    expect((await rows())[0]).toMatchObject({ expires: { at: START + 59_000 } });
    expect(rig.shell.notices).toEqual([]);
  });
  test('of one they sent begins its time when they say, or now', async () => {
    await open();
    await commit({ changes: [fromMe(10, 'a', START - 20_000), fromMe(11, 'b', null)] });
    expect(await rows()).toMatchObject([
      { expires: { at: START + 40_000 }, sending: null },
      { expires: { at: START + 60_000 } },
    ]);
    expect((await row()).unread).toBe(0);
  });
  test('of one whose time was over before it came is not kept at all', async () => {
    await open();
    await commit({ changes: [fromMe(10, 'late', START - 60_000), bobSays(9, 'x', going(10, 1))] });
    expect(count('message')).toBe(0);
  });
});

test('bytes that are kept for a time go when it is over, also without a message that goes', async () => {
  await open();
  const raw = Uint8Array.of(1);
  const envelope = 'e' as EnvelopeKey;
  await commit({
    inbound: [{ kind: 'parked', envelope, raw, needs: 'newer-version', until: START + WEEK_MS }],
  });
  now += WEEK_MS - 1;
  await rows();
  expect(count('inbound WHERE raw IS NOT NULL')).toBe(1);
  now += 1;
  await rows();
  expect(count('inbound WHERE raw IS NOT NULL')).toBe(0);
});

describe('a message of mine', () => {
  test('carries the timer, begins when it is sent and is not sent again once it is over', async () => {
    await open();
    await rig.page.call('conversation.timer', { request: request(), conversation: BOB_CHAT, ms: 30_000 });
    const { id } = await send('mine');
    await until(async () =>
      (await rows()).some((each) => each.kind === 'message' && each.sending?.state === 'sent'),
    );
    const what = lane.performed.at(-1)?.intent.what;
    expect(what).toMatchObject({ kind: 'content', timer: { ms: 30_000, version: 2 } });
    expect((await rows()).find((each) => each.id === id)).toMatchObject({
      expires: { afterMs: 30_000, at: now + 30_000 },
    });
    now += 30_000;
    expect(await texts()).toEqual(['timer-changed']);
    const item = lane.performed.at(-1)!.id;
    const again = { item, to: 'queued', reseal: 'session-reset' } as const;
    expect((await commit({ outbound: [again] })).ok).toBe(true);
    expect(rig.db.get('SELECT state FROM outbox WHERE id = ?', item)).toEqual({ state: 'cancelled' });
    const sealed = await commit({ outbound: [{ item, to: 'sealed' }] });
    expect(sealed).toEqual({ ok: false, why: 'conflict' });
  });
  test('where there is no timer says so, and goes nowhere by itself', async () => {
    await open();
    await send('mine');
    await until(async () => lane.performed.length > 0);
    expect(lane.performed[0]?.intent.what).toMatchObject({ timer: { ms: null, version: 1 } });
    expect(await rows()).toMatchObject([{ expires: null }]);
  });
  test('read there before it was told as sent has begun', async () => {
    await open();
    await commit({ changes: [fromMe(10, 'a', null)] });
    now += 5_000;
    const receipt = { kind: 'delivered', of: key('me:10'), by: BOB, at: now } as const;
    await commit({ changes: [{ kind: 'receipt', receipt }] });
    expect(await rows()).toMatchObject([
      { sending: { state: 'delivered' }, expires: { at: START + 60_000 } },
    ]);
  });
});

describe('the timer of a conversation', () => {
  const timer = () => findConversation(rig.db, BOB_CHAT)?.timer;
  const tell = (next: Timer) =>
    commit({ changes: [{ kind: 'conversation', id: BOB_CHAT, patch: { timer: next } }] });
  const set = (ms: (typeof timerChoices)[number] | null) =>
    rig.page.call('conversation.timer', { request: request(), conversation: BOB_CHAT, ms });

  test('is set by the person: sent, shown and stated once', async () => {
    await open();
    await set(WEEK_MS);
    await set(WEEK_MS);
    expect(await row()).toMatchObject({ timer: WEEK_MS, snippet: { kind: 'note', code: 'timer-changed' } });
    await until(async () => lane.performed.length > 0);
    expect(lane.performed.map(({ intent }) => intent.what)).toMatchObject([
      { kind: 'timer', timer: { ms: WEEK_MS, version: 2 } },
    ]);
    await set(null);
    expect([timer(), await texts()]).toEqual([{ ms: null, version: 3 }, ['timer-changed', 'timer-changed']]);
  });
  test('a lower version changes nothing, of equal ones the first stands', async () => {
    await open();
    await tell({ ms: 1_000, version: 5 });
    await tell({ ms: 2_000, version: 4 });
    await tell({ ms: 3_000, version: 5 });
    expect(timer()).toEqual({ ms: 1_000, version: 5 });
    await tell({ ms: null, version: 6 });
    expect(timer()).toEqual({ ms: null, version: 6 });
  });
  test('is not for a stranger, a stopped conversation, or a time that is none of the choices', async () => {
    await open();
    const refused = expect.objectContaining({ kind: 'refused' }) as unknown;
    patchConversation(rig.db, BOB_CHAT, { state: 'request' });
    await expect(set(WEEK_MS)).rejects.toThrow(refused);
    patchConversation(rig.db, BOB_CHAT, { state: 'active' });
    await commit({ forecasts: [{ conversation: BOB_CHAT, facts: [sessionFacts(START)], hold: 'guard' }] });
    await expect(set(WEEK_MS)).rejects.toThrow(refused);
    await expect(set(1_234)).rejects.toThrow(expect.objectContaining({ kind: 'bad-request' }));
    expect(count('outbox')).toBe(0);
  });
  test('an edit of a message that is not here is not kept where messages go', async () => {
    await open();
    await tell({ ms: 60_000, version: 2 });
    const { evidence } = bobSays(10, '') as Extract<Change, { readonly kind: 'message' }>;
    const target = { conversation: BOB_CHAT, key: key('gone') };
    await commit({ changes: [{ kind: 'edit', target, by: BOB, content: textOnly('rest'), evidence }] });
    expect(count('waiting_change')).toBe(0);
  });
});
