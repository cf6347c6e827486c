import { afterEach, beforeEach, expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import { directConversation, peerId, type ConversationId } from '../../../shared/ids.ts';
import type { Change } from '../../../shared/lane/change.ts';
import { MAX_WAITING_SHARE } from '../../../storage/waiting.ts';
import {
  ALICE,
  key,
  meeting,
  messageFrom,
  openedBy,
  openScene,
  withPeer,
  type Scene,
} from '../../sample/scene.ts';

const DAY = 86_400_000;
let scene: Scene;
let chat: ConversationId;
beforeEach(() => {
  scene = openScene();
  chat = withPeer(scene, ALICE);
  scene.commit(meeting(chat, ALICE));
});
afterEach(() => scene.close());
const text = () => JSON.stringify(scene.db.all('SELECT change FROM waiting_change'));
const editOf = (name: string, words: string): Change => ({
  kind: 'edit',
  target: { conversation: chat, key: key(name) },
  by: ALICE,
  content: textOnly(words),
  evidence: openedBy(ALICE),
});

test('what an edit says that waited too long for its message is gone from the database', () => {
  scene.commit({ changes: [editOf('never-came', 'SECRETWORDS')] });
  scene.now += 400 * DAY;
  scene.commit({ changes: [messageFrom(ALICE, chat, 'other', 'x')] });
  scene.commit({ changes: [editOf('another', 'y')] });
  expect(text()).not.toContain('SECRETWORDS');
});
test('what an edit says goes when its author deletes the message, though that never came here', () => {
  scene.commit({ changes: [editOf('never-came', 'SECRETWORDS')] });
  scene.commit({
    changes: [{ kind: 'delete', target: { conversation: chat, key: key('never-came') }, by: ALICE }],
  });
  expect(text()).not.toContain('SECRETWORDS');
  // Nor is it kept when it comes after that.
  scene.commit({ changes: [editOf('never-came', 'SECRETWORDS')] });
  expect(text()).not.toContain('SECRETWORDS');
});

test('a stranger with a request cannot take the place where changes of others wait', () => {
  const eve = peerId('email', 'EVE');
  const request = directConversation(scene.account.id, eve);
  scene.commit({
    changes: [
      { kind: 'peer', peer: eve, identity: 'EVE', address: null, name: 'Eve' },
      {
        kind: 'conversation',
        id: request,
        patch: { kind: 'direct', peer: eve, protocol: 'openpgp', state: 'request' },
      },
    ],
  });
  // A hundred mails of a hundred deletions each (Chat-Delete holds so many).
  for (let mail = 0; mail < 100; mail++)
    scene.commit({
      changes: Array.from({ length: 100 }, (_, at): Change => ({
        kind: 'delete',
        target: { conversation: request, key: key(`no-${mail}-${at}`) },
        by: eve,
      })),
    });
  scene.commit({ changes: [{ kind: 'delete', target: { conversation: chat, key: key('one') }, by: ALICE }] });
  scene.commit({ changes: [messageFrom(ALICE, chat, 'one', 'taken back')] });
  expect(scene.message('one')?.deleted).toBeTruthy();
});

test('nobody takes all the places where changes wait: neither a conversation, nor the receipts of one person', () => {
  const bob = peerId('email', 'BOB');
  const his = withPeer(scene, bob);
  scene.commit(meeting(his, bob));
  const waits = () => scene.db.get<{ readonly n: number }>('SELECT count(*) AS n FROM waiting_change')?.n;
  const deletion = (conversation: ConversationId, by: typeof bob, name: string): Change => ({
    kind: 'delete',
    target: { conversation, key: key(name) },
    by,
  });
  for (let mail = 0; mail < 12; mail++)
    scene.commit({
      changes: Array.from({ length: 100 }, (_, at) => deletion(his, bob, `no-${mail}-${at}`)),
    });
  expect(waits()).toBe(MAX_WAITING_SHARE);
  for (let at = 0; at < MAX_WAITING_SHARE + 100; at += 100)
    scene.commit({
      changes: Array.from({ length: 100 }, (_, one): Change => ({
        kind: 'receipt',
        receipt: { kind: 'read', of: key(`mine-${at + one}`), by: bob, at: 1 },
      })),
    });
  expect(waits()).toBe(2 * MAX_WAITING_SHARE);
  scene.commit({ changes: [deletion(chat, ALICE, 'one')] });
  scene.commit({ changes: [messageFrom(ALICE, chat, 'one', 'taken back')] });
  expect(scene.message('one')?.deleted).toBeTruthy();
});
