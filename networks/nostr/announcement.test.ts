import { expect, test } from 'vitest';
import { missingLists } from './announcement.ts';
import { signEvent } from './event.ts';
import { freshSecretKey } from './keys.ts';
import { inboxListDraft, relayListDraft } from './relay-list.ts';
import type { RelayUrl } from './relay-url.ts';

const secret = freshSecretKey();
const [a, b] = ['wss://a.example', 'wss://b.example'] as [RelayUrl, RelayUrl];
const account = { write: [a], inbox: [a, b], origin: 'made' } as const;
const brought = { ...account, origin: 'brought' } as const;
const now = 50_000;

test('a new account publishes both lists, once', () => {
  const missing = missingLists(account, [], now);
  expect(missing).toEqual([
    { kind: 'relay-list', draft: relayListDraft([a], 50) },
    { kind: 'inbox-list', draft: inboxListDraft([a, b], 50) },
  ]);
  const held = missing.map(({ draft }) => signEvent(draft, secret));
  expect(missingLists(account, held, now)).toEqual([]);
});

test('of a key used elsewhere a list is extended, the newest of several', () => {
  const held = [
    signEvent(inboxListDraft([a], 90), secret),
    signEvent(inboxListDraft([a, b], 10), secret),
    signEvent(relayListDraft([b], 10), secret),
  ];
  const [relays, inbox, ...more] = missingLists(brought, held, now);
  expect(relays?.draft).toMatchObject({
    created_at: 50,
    tags: [
      ['r', b],
      ['r', a],
    ],
  });
  expect(inbox?.draft).toMatchObject({
    created_at: 91,
    tags: [
      ['relay', a],
      ['relay', b],
    ],
  });
  expect(more).toEqual([]);
});

test('a list of mine alone follows what the person chose, also when a relay goes', () => {
  const held = [signEvent(relayListDraft([b, a], 90), secret), signEvent(inboxListDraft([a, b], 10), secret)];
  expect(missingLists(account, held, now)).toEqual([{ kind: 'relay-list', draft: relayListDraft([a], 91) }]);
});
