import { describe, expect, test, vi } from 'vitest';
import { defaultSettings } from '../shared/contract/settings.ts';
import type { AccountId, ConversationId, NetworkKey, OutboxId, PeerId } from '../shared/ids.ts';
import type { Label } from '../shared/label/label.ts';
import type { HoldReason } from '../shared/label/facts.ts';
import type { Intent } from '../shared/lane/intent.ts';
import {
  addAccount,
  findAccount,
  listAccounts,
  nextSendTime,
  removeAccount,
  type Account,
} from './accounts.ts';
import { groupsWith } from './conversations.ts';
import { openDatabase, type Database } from './database.ts';
import { forgetUnkept, nextUnkept } from './inbound.ts';
import {
  acceptDisclosure,
  acceptedDisclosure,
  acceptedDisclosures,
  withdrawDisclosure,
} from './disclosures.ts';
import { deleteMessage, rowidOf } from './messages.ts';
import type { Params } from './connection.ts';
import { putArtifact } from './artifacts.ts';
import {
  addIntent,
  hasOpen,
  heldItems,
  hurry,
  openItems,
  postpone,
  queueHeads,
  QUIET_KEPT_MS,
  setOutboxState,
  sweepQuiet,
} from './outbox.ts';
import { findRow } from './queries/conversation-rows.ts';
import { answered, keepAnswer, REQUEST_KEPT_MS } from './requests.ts';
import { hasClearConsent, keepClearConsent, readSettings, writeSettings } from './settings.ts';
import { addConversation, addMessage } from './test/sample.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
const opened = (): Database => openDatabase({ folder: folderFor(), key: new Uint8Array(32).fill(7) });
const account = (id: string, address = id): Account => ({
  id: id as AccountId,
  network: 'email',
  address,
  displayName: id,
  environment: 'test',
  createdAt: 1,
});

describe('accounts', () => {
  test('an address is added once per network', () => {
    const db = opened();
    addAccount(db, account('a', 'me@example.org'));
    expect(() => addAccount(db, account('b', 'me@example.org'))).toThrow(
      expect.objectContaining({ kind: 'conflict' }),
    );
    expect(listAccounts(db).map(({ id }) => id)).toEqual(['a']);
    db.close();
  });
  test('no two sends share a time, even when the clock goes back', () => {
    const db = opened();
    const { id } = account('a');
    addAccount(db, account('a'));
    expect([100, 100, 50, 101, 200].map((now) => nextSendTime(db, id, now))).toEqual([
      100, 101, 102, 103, 200,
    ]);
    expect(() => nextSendTime(db, 'nobody' as AccountId, 1)).toThrow(
      expect.objectContaining({ kind: 'not-found' }),
    );
    db.close();
  });
  test('removing one takes what it agreed to, and leaves another account alone', () => {
    const db = opened();
    for (const id of ['a', 'ab']) {
      addAccount(db, account(id));
      keepClearConsent(db, `${id}|peer` as ConversationId, 1);
    }
    removeAccount(db, 'a' as AccountId);
    expect(findAccount(db, 'a' as AccountId)).toBeNull();
    expect(hasClearConsent(db, 'a|peer' as ConversationId)).toBe(false);
    expect(hasClearConsent(db, 'ab|peer' as ConversationId)).toBe(true);
    db.close();
  });
});

describe('requests', () => {
  test('an answer comes back as it was given, for the same call only', () => {
    const db = opened();
    const answer = { kind: 'queued', id: '7', list: [1, 'two', null] };
    keepAnswer(db, 'one', 'message.send', answer, 1);
    expect(answered(db, 'one', 'message.send')).toEqual({ answer });
    expect(answered(db, 'two', 'message.send')).toBeNull();
    expect(() => answered(db, 'one', 'message.cancel')).toThrow(
      expect.objectContaining({ kind: 'bad-request' }),
    );
    db.close();
  });
  test('an answer of nothing is an answer', () => {
    const db = opened();
    keepAnswer(db, 'one', 'draft.save', null, 1);
    expect(answered(db, 'one', 'draft.save')).toEqual({ answer: null });
    db.close();
  });
  test('old ones go, a few with each new one', () => {
    const db = opened();
    for (let n = 0; n < 20; n += 1) keepAnswer(db, `old ${n}`, 'x', null, n);
    for (let n = 0; n < 3; n += 1) keepAnswer(db, `new ${n}`, 'x', null, REQUEST_KEPT_MS + 100 + n);
    expect(db.all('SELECT id FROM request ORDER BY id')).toEqual([
      { id: 'new 0' },
      { id: 'new 1' },
      { id: 'new 2' },
    ]);
    db.close();
  });
});

describe('settings', () => {
  test('what is missing or of another shape has its default', () => {
    const db = opened();
    expect(readSettings(db)).toEqual(defaultSettings);
    writeSettings(db, { ...defaultSettings, theme: 'dark' });
    expect(readSettings(db).theme).toBe('dark');
    db.run('UPDATE meta SET value = \'{"theme":"neon"}\'');
    expect(readSettings(db)).toEqual(defaultSettings);
    db.run('UPDATE meta SET value = \'{"theme":"light"}\'');
    expect(readSettings(db)).toEqual({ ...defaultSettings, theme: 'light' });
    db.close();
  });
});

test('what was accepted is withdrawn, and both stay written down', () => {
  const db = opened();
  acceptDisclosure(db, 'email', 1, 10, ['one']);
  acceptDisclosure(db, 'signal', 1, 11, ['other']);
  withdrawDisclosure(db, 'email', 20);
  withdrawDisclosure(db, 'email', 25);
  expect(acceptedDisclosure(db, 'email')).toBeNull();
  acceptDisclosure(db, 'email', 1, 30, ['one', 'two']);
  expect(acceptedDisclosure(db, 'email')).toMatchObject({ acceptedAt: 30, said: ['one', 'two'] });
  expect(acceptedDisclosures(db)).toMatchObject([
    { network: 'email', acceptedAt: 30, said: ['one', 'two'], withdrawnAt: null },
    { network: 'signal', acceptedAt: 11, withdrawnAt: null },
    { network: 'email', acceptedAt: 10, said: ['one'], withdrawnAt: 20 },
  ]);
  db.close();
});

test('the newest accepted disclosure counts, and the first time it was', () => {
  const db = opened();
  expect(acceptedDisclosure(db, 'email')).toBeNull();
  acceptDisclosure(db, 'email', 1, 10);
  acceptDisclosure(db, 'email', 2, 20);
  acceptDisclosure(db, 'email', 2, 30);
  expect(acceptedDisclosure(db, 'email')).toMatchObject({ version: 2, acceptedAt: 20, said: null });
  db.close();
});

test('a message id that is no number names no message', () => {
  for (const id of ['', '-1', '1e3', '0x10', ' 1', '1.5', '99999999999999999'])
    expect(rowidOf(id as never)).toBe(-1);
  expect(rowidOf('1847266964639744' as never)).toBe(1_847_266_964_639_744);
});

describe('what the protocol sends by itself', () => {
  const intent = (name: string): Intent => ({
    conversation: null,
    sentAt: 1,
    what: { kind: 'protocol', key: name as NetworkKey, op: 'x', data: new Uint8Array() },
  });
  const { id } = account('a');
  const filled = (): Database => {
    const db = opened();
    addAccount(db, account('a'));
    for (const name of ['one', 'two'])
      addIntent(db, {
        id: name as OutboxId,
        account: id,
        message: null,
        intent: intent(name),
        seenLabel: null,
        hold: null,
      });
    return db;
  };
  const head = (db: Database, now: number) => queueHeads(db, id, now).map((one) => [one.id, one.notBefore]);

  test('goes one after the other, and one that waits for its time does not stop the next', () => {
    const db = filled();
    expect(head(db, 10)).toEqual([['one', 0]]);
    postpone(db, 'one' as OutboxId, 100);
    expect(head(db, 10)).toEqual([['two', 0]]);
    expect(head(db, 100)).toEqual([['one', 100]]);
    db.close();
  });
  test('says when the next is due, and all at once when the network is back', () => {
    const db = filled();
    postpone(db, 'one' as OutboxId, 100);
    postpone(db, 'two' as OutboxId, 50);
    expect(head(db, 10)).toEqual([['two', 50]]);
    hurry(db, id);
    expect(head(db, 10)).toEqual([['one', 0]]);
    setOutboxState(db, 'one' as OutboxId, 'sent');
    setOutboxState(db, 'two' as OutboxId, 'failed');
    expect(head(db, 10)).toEqual([]);
    db.close();
  });
});

/** From now on keeps the statements that ask `of` something; gives how SQLite goes about each, and stops keeping. */
function watched(db: Database, of: RegExp): () => readonly string[] {
  const asked: { readonly sql: string; readonly params: Params }[] = [];
  for (const name of ['all', 'get', 'run'] as const) {
    const real = db[name];
    vi.spyOn(db, name).mockImplementation((sql: string, ...params: Params) => {
      if (of.test(sql)) asked.push({ sql, params });
      return real(sql, ...params) as never;
    });
  }
  return () => {
    vi.restoreAllMocks();
    return asked.map(({ sql, params }) =>
      db
        .all<{ readonly detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params)
        .map(({ detail }) => detail)
        .join('\n'),
    );
  };
}

test('a conversation has a queue for what is said in it, and one for its receipts', () => {
  const db = opened();
  const id = 'a|email|someone' as ConversationId;
  addConversation(db, id);
  const add = (name: string, what: Intent['what']): void =>
    addIntent(db, {
      id: name as OutboxId,
      account: 'a' as AccountId,
      message: null,
      intent: { conversation: id, sentAt: 1, what },
      seenLabel: null,
      hold: null,
    });
  const receipt = (name: string): void =>
    add(name, { kind: 'receipt', key: name as NetworkKey, of: [], as: 'read', tell: true });
  receipt('receipt');
  expect(hasOpen(db, { account: 'a' as AccountId, id })).toBe(false);
  add('said', { kind: 'protocol', key: 'said' as NetworkKey, op: 'x', data: new Uint8Array() });
  receipt('another receipt');
  const heads = () => queueHeads(db, 'a' as AccountId, 10).map((one) => [one.queue, one.id, one.notBefore]);
  postpone(db, 'receipt' as OutboxId, 100);
  expect(heads()).toEqual([
    ['receipts', 'receipt', 100],
    ['said', 'said', 0],
  ]);
  expect(openItems(db, id).map((one) => one.id)).toEqual(['receipt', 'said', 'another receipt']);
  setOutboxState(db, 'said' as OutboxId, 'sent');
  setOutboxState(db, 'receipt' as OutboxId, 'cancelled');
  expect(heads()).toEqual([['receipts', 'another receipt', 0]]);
  db.close();
});

test('what the protocol sent by itself goes once it is over and old, and nothing else does', () => {
  const db = opened();
  const id = 'a|email|someone' as ConversationId;
  addConversation(db, id);
  const now = 2 * QUIET_KEPT_MS;
  const add = (name: string, sentAt: number, message: number | null, seenLabel: Label | null = null): void =>
    addIntent(db, {
      id: name as OutboxId,
      account: 'a' as AccountId,
      message,
      intent: {
        conversation: id,
        sentAt,
        what: { kind: 'receipt', key: name as NetworkKey, of: [], as: 'read', tell: true },
      },
      seenLabel,
      hold: null,
    });
  const over = ['sent', 'failed', 'cancelled'] as const;
  for (const state of over) {
    add(`old ${state}`, now - QUIET_KEPT_MS - 1, null);
    putArtifact(db, `old ${state}` as OutboxId, {
      to: 'them',
      identity: 'K',
      bytes: new Uint8Array([1]),
      outcome: 'accepted',
    });
    add(`young ${state}`, now - QUIET_KEPT_MS, null);
    add(`a message ${state}`, 1, 1);
    add(`what was seen ${state}`, 1, null, {} as Label);
    for (const name of ['old', 'young', 'a message', 'what was seen'])
      setOutboxState(db, `${name} ${state}` as OutboxId, state);
  }
  add('open', 1, null);
  const plans = watched(db, /DELETE FROM outbox/u);
  sweepQuiet(db, now, 0);
  expect(plans()).toEqual([expect.stringMatching(/outbox_over/u)]);
  const left = db.all<{ readonly id: string }>('SELECT id FROM outbox').map((row) => row.id);
  expect(left.toSorted()).toEqual(
    [
      'open',
      ...over.flatMap((state) => [`young ${state}`, `a message ${state}`, `what was seen ${state}`]),
    ].toSorted(),
  );
  expect(db.all('SELECT 1 FROM artifact')).toEqual([]);
  // One that came: nine go.
  for (let n = 0; n < 20; n += 1) {
    add(`${n}`, 1, null);
    setOutboxState(db, `${n}` as OutboxId, 'sent');
  }
  sweepQuiet(db, now, 1);
  expect(db.all("SELECT 1 FROM outbox WHERE state = 'sent' AND length(id) < 3")).toHaveLength(11);
  db.close();
});

test('what is open of a conversation is found among what is open, however much was sent in it', () => {
  const db = opened();
  const id = 'a|email|someone' as ConversationId;
  addConversation(db, id);
  const add = (name: string, hold: HoldReason | null): void =>
    addIntent(db, {
      id: name as OutboxId,
      account: 'a' as AccountId,
      message: null,
      intent: {
        conversation: id,
        sentAt: 1,
        what: { kind: 'protocol', key: name as NetworkKey, op: 'x', data: new Uint8Array() },
      },
      seenLabel: null,
      hold,
    });
  expect(hasOpen(db, { account: 'a' as AccountId, id })).toBe(false);
  for (const name of ['sent', 'failed', 'cancelled'] as const) {
    add(name, null);
    setOutboxState(db, name as OutboxId, name);
  }
  expect(hasOpen(db, { account: 'a' as AccountId, id })).toBe(false);
  add('queued', null);
  add('held', 'guard');
  const plans = watched(db, /FROM outbox/u);
  expect(hasOpen(db, { account: 'a' as AccountId, id })).toBe(true);
  expect(openItems(db, id).map((one) => one.id)).toEqual(['queued', 'held']);
  expect(heldItems(db, id).map((one) => one.id)).toEqual(['held']);
  db.run("UPDATE conversation SET hold = 'guard' WHERE id = ?", id);
  expect(findRow(db, id)?.snippet).toEqual({ kind: 'empty' });
  const found = plans();
  expect(found).toHaveLength(4);
  for (const plan of found) expect(plan).toMatch(/outbox_open/u);
  db.close();
});

test('the groups of somebody, files that are still to be sent, and what goes with a message are found by indexes', () => {
  const db = opened();
  const conversation = 'a|email|someone' as ConversationId;
  addConversation(db, conversation);
  addMessage(db, { id: 1, conversation, text: 'with a file' });
  db.run(
    "INSERT INTO file (id, name, type, size, key, state, created_at) VALUES ('f', 'f', 't', 1, x'00', 'here', 1)",
  );
  db.run("INSERT INTO message_file (message, position, file) VALUES (1, 0, 'f')");
  for (const [of, index, act] of [
    [/FROM membership/u, /membership_peer/u, () => groupsWith(db, 'someone' as PeerId)],
    [/FROM artifact/u, /artifact_file/u, () => deleteMessage(db, 1)],
    [/UPDATE inbound/u, /inbound_message/u, () => deleteMessage(db, 1)],
    [/FROM outbox .*\s+WHERE account/u, /outbox_told/u, () => deleteMessage(db, 1)],
    [/min\(until\)/u, /inbound_until/u, () => nextUnkept(db)],
    [/WHERE until <=/u, /inbound_until/u, () => forgetUnkept(db, 1, 1)],
  ] as const) {
    const plans = watched(db, of);
    act();
    const found = plans();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(index);
    expect(found[0]).not.toMatch(/TEMP B-TREE/u);
  }
  db.close();
});
