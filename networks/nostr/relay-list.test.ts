import { expect, test } from 'vitest';
import { signEvent } from './event.ts';
import { freshSecretKey } from './keys.ts';
import {
  extendedListDraft,
  INBOX_LIST_KIND,
  inboxListDraft,
  newer,
  readInboxList,
  readRelayList,
  readRelaysTag,
  RELAY_LIST_KIND,
  relayListDraft,
} from './relay-list.ts';
import type { RelayUrl } from './relay-url.ts';

const secret = freshSecretKey();
const [a, b] = ['wss://a.example', 'wss://b.example'] as [RelayUrl, RelayUrl];
const event = (kind: number, tags: readonly (readonly string[])[]) =>
  signEvent({ created_at: 1, kind, tags, content: '' }, secret);

test('own lists read back', () => {
  expect(readRelayList(signEvent(relayListDraft([a, b, a], 1), secret))).toEqual({
    write: [a, b],
    read: [a, b],
  });
  expect(readInboxList(signEvent(inboxListDraft([b, a], 1), secret))).toEqual([b, a]);
});

test('markers say who writes and who reads; what is no relay is left out', () => {
  const list = event(RELAY_LIST_KIND, [
    ['r', a, 'write'],
    ['r', b, 'read'],
    ['r', 'wss://c.example', ''],
    ['r', 'wss://d.example', 'other'],
    ['r', 'https://no.relay'],
    ['r'],
    ['x', 'wss://e.example'],
  ]);
  expect(readRelayList(list)).toEqual({ write: [a, 'wss://c.example'], read: [b, 'wss://c.example'] });
  expect(readInboxList(list)).toBeNull();
  expect(readRelayList(event(INBOX_LIST_KIND, []))).toBeNull();
  const many = Array.from({ length: 300 }, (_, at) => ['relay', `wss://r${at}.example`]);
  expect(readInboxList(event(INBOX_LIST_KIND, many))).toHaveLength(20);
});

test('a tag of relays is there once, with different and valid relays', () => {
  expect(readRelaysTag([['relays', a, b]], 'relays')).toEqual([a, b]);
  for (const tags of [
    [],
    [['relays']],
    [
      ['relays', a],
      ['relays', b],
    ],
    [['relays', a, a]],
    [['relays', a, 'x']],
  ])
    expect(readRelaysTag(tags, 'relays')).toBeNull();
});

test('a list that others use too keeps what they wrote', () => {
  const c = 'wss://c.example' as RelayUrl;
  const standing = event(RELAY_LIST_KIND, [
    ['r', a, 'read'],
    ['r', b, 'write'],
    ['x', 'other'],
  ]);
  const draft = extendedListDraft(standing, [b, c], 0);
  expect(draft).toMatchObject({
    created_at: 2,
    tags: [
      ['r', a, 'read'],
      ['r', b, 'write'],
      ['r', c],
    ],
  });
  expect(draft && readRelayList(signEvent(draft, secret))?.write).toEqual([b, c]);
  expect(extendedListDraft(standing, [b], 5)).toBeNull();
  const both = extendedListDraft(standing, [a], 5);
  expect(both?.tags).toEqual([
    ['r', b, 'write'],
    ['r', a],
  ]);
  const inbox = event(INBOX_LIST_KIND, [['relay', a]]);
  expect(extendedListDraft(inbox, [a, b], 9)?.tags).toEqual([
    ['relay', a],
    ['relay', b],
  ]);
});

test('the later event stands, of one second the one with the lower id', () => {
  const at = (created_at: number, content: string) =>
    signEvent({ created_at, kind: RELAY_LIST_KIND, tags: [], content }, secret);
  expect(newer(at(1, ''), at(2, '')).created_at).toBe(2);
  const [x, y] = [at(1, 'x'), at(1, 'y')];
  const lower = x.id < y.id ? x : y;
  expect([newer(x, y), newer(y, x)]).toEqual([lower, lower]);
});
