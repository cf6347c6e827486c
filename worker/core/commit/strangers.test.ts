import { afterEach, beforeEach, expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import {
  directConversation,
  freshId,
  peerId,
  type AccountId,
  type ConversationId,
  type EnvelopeKey,
  type PeerId,
} from '../../../shared/ids.ts';
import type { Change } from '../../../shared/lane/change.ts';
import { addAccount } from '../../../storage/accounts.ts';
import { patchConversation } from '../../../storage/conversations.ts';
import { MAX_ANYBODYS_BYTES, outcomeOf } from '../../../storage/inbound.ts';
import {
  hasRoom,
  MAX_ACCOUNT_BYTES,
  MAX_BYTES_IN_ALL,
  MAX_KEPT,
  MAX_KEPT_BYTES,
  MAX_REQUESTS,
  MAX_REQUESTS_IN_ALL,
  notKeptIn,
  takeRoom,
} from '../../../storage/strangers.ts';
import { ALICE, key, messageFrom, openedBy, openScene, withPeer, type Scene } from '../../sample/scene.ts';

let scene: Scene;
let chat: ConversationId;
beforeEach(() => {
  scene = openScene();
  chat = withPeer(scene, ALICE);
});
afterEach(() => scene.close());

const asks = (conversation: ConversationId, peer: PeerId): Change => ({
  kind: 'conversation',
  id: conversation,
  patch: { kind: 'direct', peer, protocol: 'openpgp', state: 'request' },
});
const says = (name: string, text: string): Change => messageFrom(ALICE, chat, name, text);
const count = (of: string): number =>
  scene.db.get<{ readonly n: number }>(`SELECT count(*) AS n FROM ${of}`)?.n ?? -1;
const stranger = (account: AccountId, number: number): ConversationId => {
  const peer = peerId('email', `S${number}`);
  return directConversation(account, peer);
};
/** Lets strangers ask, of the scene's own account. */
const letAsk = (from: number, to: number): void => {
  for (let at = from; at < to; at += 1)
    scene.commit({ changes: [asks(stranger(scene.account.id, at), peerId('email', `S${at}`))] });
};

test('AT-59 of a stranger so many messages are kept; the first stay, the rest are counted, and nothing is lost of whom I accept', () => {
  const all = Array.from({ length: MAX_KEPT + 30 }, (_, at) => says(`m${at}`, `word${at}`));
  scene.commit({ changes: [asks(chat, ALICE), ...all] });
  expect(count('message')).toBe(MAX_KEPT);
  expect([scene.message('m0'), scene.message(`m${MAX_KEPT}`)]).toEqual([expect.anything(), null]);
  expect(scene.conversation(chat)).toMatchObject({ unread: MAX_KEPT, notKept: 30 });
  expect(scene.touched.conversations.has(chat)).toBe(true);
  // One that is here already is none more.
  scene.commit({ changes: [says('m1', 'again')] });
  expect(scene.conversation(chat).notKept).toBe(30);

  patchConversation(scene.db, chat, { state: 'active' });
  scene.commit({ changes: Array.from({ length: 200 }, (_, at) => says(`n${at}`, 'hello')) });
  expect(count('message')).toBe(MAX_KEPT + 200);
  expect(scene.conversation(chat).notKept).toBe(30);
});

test('AT-59 large messages, and words written anew again and again, count by what they take', () => {
  const large = 'x'.repeat(60_000);
  const most = Math.floor(MAX_KEPT_BYTES / 60_000);
  scene.commit({ changes: [asks(chat, ALICE), says('first', 'hello')] });
  scene.commit({ changes: Array.from({ length: MAX_KEPT }, (_, at) => says(`m${at}`, large)) });
  expect(count('message')).toBeLessThanOrEqual(most + 1);
  const edits = Array.from({ length: 300 }, (_, at): Change => ({
    kind: 'edit',
    target: { conversation: chat, key: key('first') },
    by: ALICE,
    content: textOnly(`anew ${at}`),
    evidence: openedBy(ALICE),
  }));
  for (const edit of edits) {
    scene.now += 1;
    scene.commit({ changes: [edit] });
  }
  expect(count('message') + count('revision')).toBeLessThanOrEqual(MAX_KEPT);
  // What waits for a message that was not kept would wait for ever.
  scene.commit({ changes: [{ ...edits[0], target: { conversation: chat, key: key('nothing') } } as Change] });
  expect(count('waiting_change')).toBe(0);
});

test('AT-59 what all strangers of an account, and of all accounts, may take is bounded, and others are not', () => {
  letAsk(0, 1);
  const first = { id: stranger(scene.account.id, 0), account: scene.account.id };
  const fill = (account: AccountId, bytes: number) =>
    scene.db.run(
      "UPDATE conversation SET kept_bytes = ? WHERE account = ? AND state = 'request'",
      bytes,
      account,
    );
  fill(scene.account.id, MAX_KEPT_BYTES - 10_000);
  expect(takeRoom(scene.db, first, 1_000)).toBe(true);
  expect(takeRoom(scene.db, first, 10_000)).toBe(false);
  letAsk(1, 2);
  const second = { id: stranger(scene.account.id, 1), account: scene.account.id };
  scene.db.run('UPDATE conversation SET kept_bytes = ? WHERE id = ?', MAX_ACCOUNT_BYTES, first.id);
  expect(takeRoom(scene.db, second, 1)).toBe(false);
  const other = { ...scene.account, id: freshId<AccountId>(), address: 'work@example.org' };
  addAccount(scene.db, other);
  expect(hasRoom(scene.db, other.id, stranger(other.id, 7), 1)).toBe(true);
  scene.db.run('UPDATE conversation SET kept_bytes = ? WHERE id = ?', MAX_BYTES_IN_ALL, first.id);
  expect(hasRoom(scene.db, other.id, stranger(other.id, 7), 1)).toBe(false);
  // Whom I accept takes nothing of it.
  patchConversation(scene.db, first.id, { state: 'active' });
  expect(hasRoom(scene.db, other.id, stranger(other.id, 7), 1)).toBe(true);
  expect(hasRoom(scene.db, scene.account.id, first.id, MAX_BYTES_IN_ALL)).toBe(true);
});

test('AT-59 there are so many requests of an account, and of all; who waits already may go on writing', () => {
  const { id, account } = { id: stranger(scene.account.id, 0), account: scene.account.id };
  letAsk(0, MAX_REQUESTS);
  expect(hasRoom(scene.db, account, stranger(account, MAX_REQUESTS), 1)).toBe(false);
  expect(hasRoom(scene.db, account, id, 1)).toBe(true);
  const other = { ...scene.account, id: freshId<AccountId>(), address: 'work@example.org' };
  addAccount(scene.db, other);
  expect(hasRoom(scene.db, other.id, stranger(other.id, 0), 1)).toBe(true);
  scene.db.transaction(() => letAskRaw(MAX_REQUESTS_IN_ALL - MAX_REQUESTS));
  expect(hasRoom(scene.db, other.id, stranger(other.id, 0), 1)).toBe(false);
  // One that was decided about makes room.
  patchConversation(scene.db, id, { state: 'blocked' });
  expect(hasRoom(scene.db, other.id, stranger(other.id, 0), 1)).toBe(true);
});

/** Requests beyond those a scene makes through its commits. */
function letAskRaw(many: number): void {
  for (let at = 0; at < many; at += 1)
    scene.db.run(
      `INSERT INTO conversation (id, account, network, protocol, kind, state, last_at)
       VALUES (?, ?, 'email', 'openpgp', 'direct', 'request', 1)`,
      `raw${at}`,
      scene.account.id,
    );
}

test('AT-59 what a lane did not keep is counted once, with the request or else with the account', () => {
  const notKept = (name: string, conversation: ConversationId) =>
    scene.commit({ inbound: [{ kind: 'not-kept', envelope: name as EnvelopeKey, conversation }] });
  letAsk(0, 1);
  notKept('e1', stranger(scene.account.id, 0));
  notKept('e2', stranger(scene.account.id, 9));
  expect(scene.touched.accounts).toBe(true);
  notKept('e2', stranger(scene.account.id, 9));
  expect(scene.conversation(stranger(scene.account.id, 0)).notKept).toBe(1);
  expect(notKeptIn(scene.db, scene.account.id)).toBe(1);
  expect(outcomeOf(scene.db, scene.account.id, 'e2' as EnvelopeKey)).toBe('consumed');
});

test('AT-59 bytes that anybody can send are kept up to a bound, their outcome always; those of whom I know are not bounded', () => {
  const raw = new Uint8Array(1024 * 1024);
  const many = MAX_ANYBODYS_BYTES / raw.length + 3;
  for (let at = 0; at < many; at += 1)
    scene.commit({
      inbound: [{ kind: 'quarantined', envelope: `q${at}` as EnvelopeKey, raw, why: 'damaged' }],
    });
  expect(count('inbound')).toBe(many);
  expect(count('inbound WHERE raw IS NOT NULL')).toBe(many - 3);
  const park = (needs: 'acceptance' | 'newer-version') =>
    scene.commit({
      inbound: [{ kind: 'parked', envelope: needs as string as EnvelopeKey, raw, needs, until: 1 }],
    });
  park('acceptance');
  park('newer-version');
  expect(count('inbound WHERE raw IS NOT NULL')).toBe(many - 2);
});

test('AT-59 rows that anybody can cause in a conversation are stated, and no more than twenty a day', () => {
  scene.commit({ changes: [asks(chat, ALICE)] });
  patchConversation(scene.db, chat, { state: 'active' });
  const came = (at: number): Change => ({
    kind: 'note',
    conversation: chat,
    key: key(`clear:${at}`),
    code: 'arrived-in-the-clear',
    at,
  });
  for (let at = 0; at < 100; at += 1) scene.commit({ changes: [came(at)] });
  expect(count('message')).toBe(20);
  scene.now += 25 * 60 * 60 * 1_000;
  scene.commit({ changes: [came(100)] });
  expect(count('message')).toBe(21);
});
