import { expect, test } from 'vitest';
import { relayBar, typedRelayUrl, type RelayUrl } from '../relay-url.ts';
import { knownRelays, operatorOf, sightsOf, suggestedRelays } from './directory.ts';

test('every row is a relay that a live profile may use, with source and date', () => {
  expect(suggestedRelays.length).toBeGreaterThan(1);
  for (const { url, operator, source, date } of knownRelays) {
    const relay = typedRelayUrl(url);
    expect(relay).toBe(url);
    expect(relay && relayBar(relay, 'live')).toBeNull();
    expect(operator.length).toBeGreaterThan(1);
    expect(source.length).toBeGreaterThan(4);
    expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
  }
});

test('an unknown operator is the host, and no relay sees less than the IP address', () => {
  expect(operatorOf('wss://relay.eu.whitenoise.chat/' as RelayUrl)).toBe('White Noise');
  expect(operatorOf('wss://relay.example:444/x' as RelayUrl)).toBe('relay.example');
  for (const identity of ['account', 'nobody'] as const) expect(sightsOf(identity)).toContain('ip');
  expect(sightsOf('nobody')).not.toContain('account');
});
