import { expect, test } from 'vitest';
import { en } from '../../shared/words/en.ts';
import { chosenRelays, MAX_CHOSEN_RELAYS } from './relay-choice.ts';
import { suggestedRelays } from './relays/directory.ts';

test('relays are what was typed, once each, or the proposed ones', () => {
  expect(chosenRelays('', 'live')).toEqual(suggestedRelays);
  expect(chosenRelays(' a.example,wss://B.example/\n a.example ', 'live')).toEqual([
    'wss://a.example',
    'wss://b.example',
  ]);
  const some = (count: number): string =>
    Array.from({ length: count }, (_, at) => `r${at}.example`).join(' ');
  expect(chosenRelays(`${some(MAX_CHOSEN_RELAYS)} r0.example`, 'live')).toHaveLength(MAX_CHOSEN_RELAYS);
  expect(en['flow.too-many-relays.do']).toContain(`At most ${MAX_CHOSEN_RELAYS} fit.`);
  const failures = [
    ['', 'test', 'server-unreachable', null],
    ['a.example https://B.example', 'live', 'address-malformed', 'https://B.example'],
    ['a.example, ws://b.example', 'live', 'tls-required', 'ws://b.example'],
    ['wss://127.0.0.1', 'live', 'test-profile-only', 'wss://127.0.0.1'],
    ['a.example', 'test', 'test-profile-only', 'a.example'],
    ['a.example wss://10.0.0.1', 'live', 'not-possible', 'wss://10.0.0.1'],
    [some(MAX_CHOSEN_RELAYS + 1), 'live', 'too-many-relays', null],
  ] as const;
  for (const [typed, environment, why, relay] of failures)
    expect(chosenRelays(typed, environment)).toEqual({ why, relay });
});
