import { expect, test } from 'vitest';
import { chosenRelays } from './relay-choice.ts';
import { suggestedRelays } from './relays/directory.ts';

test('relays are what was typed, once each, or the proposed ones', () => {
  expect(chosenRelays('', 'live')).toEqual(suggestedRelays);
  expect(chosenRelays(' a.example,wss://B.example/\n a.example ', 'live')).toEqual([
    'wss://a.example',
    'wss://b.example',
  ]);
  const failures = [
    ['', 'test', 'server-unreachable', null],
    ['a.example https://B.example', 'live', 'address-malformed', 'https://B.example'],
    ['a.example, ws://b.example', 'live', 'tls-required', 'ws://b.example'],
    ['wss://127.0.0.1', 'live', 'test-profile-only', 'wss://127.0.0.1'],
    ['a.example', 'test', 'test-profile-only', 'a.example'],
    ['a.example wss://10.0.0.1', 'live', 'not-possible', 'wss://10.0.0.1'],
    [Array.from({ length: 9 }, (_, at) => `r${at}.example`).join(' '), 'live', 'server-unreachable', null],
  ] as const;
  for (const [typed, environment, why, relay] of failures)
    expect(chosenRelays(typed, environment)).toEqual({ why, relay });
});
