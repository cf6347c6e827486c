import { expect, test } from 'vitest';
import type { ConversationId, Millis } from '../shared/ids.ts';
import type { Evidence } from '../shared/label/evidence.ts';
import type { SecurityFacts } from '../shared/label/facts.ts';
import { setForecast } from './conversations.ts';
import { liveFacts } from './queries/live-facts.ts';
import { openDatabase, type Database } from './database.ts';
import { addConversation, addMessage } from './test/sample.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
const conversation = 'a|one' as ConversationId;

function opened(): Database {
  const db = openDatabase({ folder: folderFor(), key: new Uint8Array(32).fill(7) });
  addConversation(db, conversation);
  return db;
}

/** A message of mine or of theirs that says how its sender was told. */
function said(db: Database, id: number, author: string | null, sealed: string | null, at: Millis): void {
  addMessage(db, { id, conversation, text: 'hello' });
  const details: Evidence['details'] = sealed === null ? [] : [{ name: 'sealed-sender', value: sealed }];
  const evidence: Evidence = { how: 'sealed-here', at, facts: [], details, to: [] };
  db.run('UPDATE message SET author = ?, evidence = ? WHERE id = ?', author, JSON.stringify(evidence), id);
}

test('the facts of the next send, and how my newest message named its sender', () => {
  const db = opened();
  expect(liveFacts(db, { conversation: 'a|none' as ConversationId })).toBeNull();
  expect(liveFacts(db, { conversation })).toEqual({ forecast: [], sealedSender: null });
  const facts = { endToEnd: 'unknown' } as unknown as SecurityFacts;
  setForecast(db, conversation, [facts]);
  said(db, 1, null, 'no', 10);
  said(db, 2, null, 'yes', 20);
  said(db, 3, 'signal|other', 'no', 30);
  expect(liveFacts(db, { conversation })).toEqual({
    forecast: [facts],
    sealedSender: { hidden: true, at: 20 },
  });
  // Devices that differ: not all were reached without being told.
  said(db, 4, null, 'no, yes', 40);
  expect(liveFacts(db, { conversation })?.sealedSender).toEqual({ hidden: false, at: 40 });
  said(db, 5, null, null, 50);
  expect(liveFacts(db, { conversation })?.sealedSender).toBeNull();
  db.close();
});
