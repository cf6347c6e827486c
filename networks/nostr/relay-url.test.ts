import { expect, test } from 'vitest';
import fc from 'fast-check';
import { readRelayUrl, relayBar, typedRelayUrl, type RelayUrl } from './relay-url.ts';

test('addresses of the profile are taken as they stand, others not at all', () => {
  for (const good of [
    'wss://relay.example',
    'wss://relay.example/',
    'WSS://Relay.Example:443/a?b=c',
    'ws://127.0.0.1:7777',
    'wss://[::1]:7777',
  ])
    expect(readRelayUrl(good)).toBe(good);
  for (const bad of [
    '',
    'relay.example',
    'https://relay.example',
    'wss://',
    'wss://user@relay.example',
    'wss://user:pass@relay.example',
    'wss://relay.example#a',
    'wss://relay.example/#',
    'wss://relay.example/ a',
    ' wss://relay.example',
    'wss://relay.example\n',
    `wss://relay.example/${'x'.repeat(512)}`,
    'wss://relay.example/\ud800',
    null,
    1,
  ])
    expect(readRelayUrl(bad)).toBeNull();
});

test('what people type becomes one spelling', () => {
  for (const typed of ['relay.example', ' WSS://Relay.Example/ ', 'wss://relay.example:443'])
    expect(typedRelayUrl(typed)).toBe('wss://relay.example');
  expect(typedRelayUrl('ws://localhost:7777/')).toBe('ws://localhost:7777');
  for (const bad of ['', 'https://relay.example', 'a b', 'me@relay.example'])
    expect(typedRelayUrl(bad)).toBeNull();
});

test('a live profile goes out over TLS only, a test profile stays on this machine', () => {
  const bar = (url: string, environment: 'live' | 'test') => relayBar(url as RelayUrl, environment);
  expect(bar('wss://relay.example', 'live')).toBeNull();
  expect(bar('ws://relay.example', 'live')).toBe('no-tls');
  for (const here of [
    'localhost',
    'a.localhost',
    '127.0.0.1',
    '127.1.2.3',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
  ]) {
    expect(bar(`wss://${here}`, 'live')).toBe('environment');
    expect(bar(`ws://${here}:7777`, 'test')).toBeNull();
  }
  for (const inside of ['10.1.2.3', '192.168.0.1', '172.20.0.1', '169.254.1.1', '[fd00::1]', '[fe80::1]'])
    expect(bar(`wss://${inside}`, 'live')).toBe('inner-network');
  expect(bar('wss://relay.example', 'test')).toBe('environment');
});

test('no text makes the readers throw', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('', 'ws://', 'wss://', 'wss://a/'),
      fc.string({ unit: 'binary' }),
      (front, rest) => {
        const read = readRelayUrl(`${front}${rest}`);
        if (read !== null) relayBar(read, 'live');
        const typed = typedRelayUrl(`${front}${rest}`);
        if (typed !== null) expect(typedRelayUrl(typed)).toBe(typed);
      },
    ),
    { numRuns: 2_000 },
  );
});
