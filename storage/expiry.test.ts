import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountId, ConversationId, NetworkKey, PeerId } from '../shared/ids.ts';
import { textOnly } from '../shared/contract/content.ts';
import { openDatabase, type Database } from './database.ts';
import { expired, nextExpiry, startOne, startRead } from './expiry.ts';
import { addMessage } from './messages.ts';
import { first } from './migrations/0001-first.ts';
import { migrations } from './migrations/list.ts';
import { addConversation } from './test/sample.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
const key = new Uint8Array(32).fill(7);
const conversation = 'a|email|someone' as ConversationId;
let db: Database;
let names = 0;
beforeEach(() => {
  db = openDatabase({ folder: folderFor(), key });
  addConversation(db, conversation);
});
afterEach(() => db.close());

function add(expires: { afterMs: number; startedAt: number | null } | null, author: string | null = 'them') {
  names += 1;
  const id = addMessage(
    db,
    {
      conversation,
      account: 'a' as AccountId,
      key: `key ${names}` as NetworkKey,
      author: author as PeerId | null,
      sentAt: 1,
      content: textOnly('x'),
      evidence: null,
      label: null,
      sending: null,
      expires,
    },
    100,
  );
  return id ?? -1;
}
const goes = (id: number) =>
  db.get<{ readonly at: number | null }>('SELECT expires_at AS at FROM message WHERE id = ?', id)?.at;

describe('the time of a message', () => {
  it('begins when it is read, for those of others up to there that had not begun', () => {
    const begun = add({ afterMs: 10, startedAt: 50 });
    const [one, mine, stays, two] = [
      add({ afterMs: 10, startedAt: null }),
      add({ afterMs: 10, startedAt: null }, null),
      add(null),
      add({ afterMs: 20, startedAt: null }),
    ];
    const later = add({ afterMs: 10, startedAt: null });
    expect(startRead(db, conversation, two, 1_000)).toEqual([one, two]);
    expect([begun, one, mine, stays, two, later].map(goes)).toEqual([60, 1_010, null, null, 1_020, null]);
    expect(startRead(db, conversation, two, 5_000)).toEqual([]);
  });
  it('that began earlier than was known ends earlier; one that stays never does', () => {
    const id = add({ afterMs: 10, startedAt: null });
    expect([startOne(db, id, 500), goes(id)]).toEqual([true, 510]);
    expect([startOne(db, id, 600), goes(id)]).toEqual([false, 510]);
    expect([startOne(db, id, 400), goes(id)]).toEqual([true, 410]);
    expect(startOne(db, add(null), 1)).toBe(false);
  });
  it('cannot begin later than now, nor last for longer than any network can say', () => {
    expect(goes(add({ afterMs: 10, startedAt: 9_999 }))).toBe(110);
    expect(goes(add({ afterMs: Number.MAX_SAFE_INTEGER, startedAt: 0 }))).toBe(2 ** 32 * 1_000);
  });
  it('is over in order, as many as asked', () => {
    const ids = [30, 10, 20, 40].map((afterMs) => add({ afterMs, startedAt: 0 }));
    expect(nextExpiry(db)).toBe(10);
    expect(expired(db, 30, 2).map(({ id }) => id)).toEqual([ids[1], ids[2]]);
    expect(expired(db, 9, 9)).toEqual([]);
    expect(expired(db, 99, 9)).toHaveLength(4);
  });
});

it('what goes is found by indexes that hold nothing else', () => {
  const plans = [
    ['SELECT min(expires_at) AS at FROM message WHERE expires_at IS NOT NULL', /message_expires/],
    ['SELECT id FROM message WHERE expires_at <= 1 ORDER BY expires_at LIMIT 9', /message_expires/],
    [
      `UPDATE message SET expires_at = 1 WHERE conversation = 'c' AND id <= 5 AND author IS NOT NULL
         AND expires_after_ms IS NOT NULL AND expires_at IS NULL`,
      /message_unstarted/,
    ],
  ] as const;
  for (const [sql, index] of plans) {
    const plan = db.all<{ readonly detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).map(({ detail }) => detail);
    expect(plan.join('\n')).toMatch(index);
    expect(plan.join('\n')).not.toMatch(/TEMP B-TREE/);
  }
});

it('messages from before the upgrade stay', () => {
  const folder = folderFor();
  const old = openDatabase({ folder, key, steps: [{ version: 1, sql: first }] });
  addConversation(old, conversation);
  old.run(
    `INSERT INTO message (id, conversation, account, key, kind, sent_at, received_at, content)
     VALUES (1, ?, 'a', 'k', 'message', 1, 1, '{}')`,
    conversation,
  );
  old.close();
  const upgraded = openDatabase({ folder, key, steps: migrations });
  expect(nextExpiry(upgraded)).toBeNull();
  expect(startRead(upgraded, conversation, 9, 1)).toEqual([]);
  expect(upgraded.get('SELECT id, expires_after_ms AS after FROM message')).toEqual({ id: 1, after: null });
  upgraded.close();
});
