import { afterEach, expect, test } from 'vitest';
import fc from 'fast-check';
import { createAuthority } from '../../../e2e/peers/certificate.ts';
import { startRelay } from '../../../e2e/peers/nostr/relay.ts';
import type { Relay, RelayOptions } from '../../../e2e/peers/nostr/relay.ts';
import type { RelayUrl } from '../relay-url.ts';
import { fetchInformation, readInformation } from './information.ts';

const running: Relay[] = [];
afterEach(async () => {
  for (const relay of running.splice(0)) await relay.stop();
});
async function start(options?: RelayOptions): Promise<Relay> {
  const relay = await startRelay(options);
  running.push(relay);
  return relay;
}
const inTest = { environment: 'test', ca: null, proxy: null } as const;

test('a relay says what it takes, over its own TLS', async () => {
  const authority = await createAuthority();
  const plain = await start({ limits: { maxMessageBytes: 5_000, auth: 'always' } });
  expect(await fetchInformation(plain.url as RelayUrl, inTest)).toEqual({
    maxMessageBytes: 5_000,
    authRequired: true,
    paymentRequired: false,
  });
  const relay = await start({ certificate: await authority.issue() });
  const known = await fetchInformation(relay.url as RelayUrl, { ...inTest, ca: authority.ca });
  expect(known?.maxMessageBytes).toBe(131_072);
  expect(await fetchInformation(relay.url as RelayUrl, inTest)).toBeNull();
  expect(await fetchInformation(plain.url as RelayUrl, { ...inTest, environment: 'live' })).toBeNull();
  await plain.goOffline();
  expect(await fetchInformation(plain.url as RelayUrl, inTest)).toBeNull();
});

test('what it does not say, or says wrongly, is unknown', () => {
  const none = { maxMessageBytes: null, authRequired: false, paymentRequired: false };
  for (const text of [
    '{}',
    '{"limitation":null}',
    '{"limitation":{"max_message_length":"5000","auth_required":1}}',
  ])
    expect(readInformation(text)).toEqual(none);
  for (const most of [0, -1, 1.5, 100, 1e300])
    expect(readInformation(JSON.stringify({ limitation: { max_message_length: most } }))).toEqual(none);
  for (const text of ['', '[]', 'null', '1', '<html>']) expect(readInformation(text)).toBeNull();
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readInformation(text)));
});
