import { expect, test } from 'vitest';
import { textOnly, type Content } from '../shared/contract/content.ts';
import { newNetworkKey } from '../shared/lane/network-key.ts';
import type { AccountId, ConversationId, NetworkKey, OutboxId } from '../shared/ids.ts';
import { addAccount } from './accounts.ts';
import { addConversation } from './conversations.ts';
import { openDatabase, type Database } from './database.ts';
import { addMessage, deleteMessage } from './messages.ts';
import { addIntent, findOutgoing, outboxItem } from './outbox.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
const account = 'a' as AccountId;
const [here, elsewhere] = ['a|one', 'a|two'] as [ConversationId, ConversationId];

function opened(): Database {
  const db = openDatabase({ folder: folderFor(), key: new Uint8Array(32).fill(7) });
  addAccount(db, {
    id: account,
    network: 'email',
    address: 'me@example.org',
    displayName: 'Me',
    environment: 'test',
    createdAt: 1,
  });
  for (const id of [here, elsewhere])
    addConversation(db, {
      id,
      account,
      network: 'email',
      protocol: 'openpgp',
      kind: 'direct',
      state: 'active',
      peer: null,
      title: null,
      lastAt: 1,
    });
  return db;
}

function said(db: Database, conversation: ConversationId, key: string, content: Content): number {
  const more = { author: null, sentAt: 1, evidence: null, label: null, sending: null };
  const id = addMessage(db, { conversation, account, key: key as NetworkKey, content, ...more }, 1);
  if (id === null) throw new Error('there already');
  return id;
}

/** The item of an answer to `quote`, as a lane gets it. */
function answering(db: Database, quote: string | undefined) {
  const id = newNetworkKey('email', 0) as string as OutboxId;
  const content = { ...textOnly('answer'), ...(quote === undefined ? {} : { quote: quote as NetworkKey }) };
  const what = { kind: 'content' as const, key: `${id}|key` as NetworkKey, content };
  addIntent(db, {
    id,
    account,
    message: null,
    intent: { conversation: here, sentAt: 1, what },
    seenLabel: null,
    hold: null,
  });
  const item = findOutgoing(db, id);
  if (!item) throw new Error('no item');
  return outboxItem(db, item);
}

test('an answer carries the words it answers as they stand when it is sent', () => {
  const db = opened();
  const id = said(db, here, 'q', textOnly(`question${'x'.repeat(1_000)}`));
  said(db, here, 'empty', textOnly(''));
  said(db, elsewhere, 'other', textOnly('of another conversation'));
  expect(answering(db, 'q').quoted).toMatch(/^questionx{292}$/);
  for (const none of [undefined, 'unknown', 'empty', 'other'])
    expect(answering(db, none)).not.toHaveProperty('quoted');
  deleteMessage(db, id);
  expect(answering(db, 'q')).not.toHaveProperty('quoted');
  db.close();
});
