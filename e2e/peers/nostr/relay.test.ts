import { afterEach, expect, test } from 'vitest';
import { createCertificate } from '../certificate.ts';
import { createDice } from './dice.ts';
import type { Filter } from './filter.ts';
import { createStore } from './store.ts';
import { startRelay } from './relay.ts';
import type { Relay, RelayOptions } from './relay.ts';
import { connect, createWriter } from './test/client.ts';
import type { Client } from './test/client.ts';

const running: Relay[] = [];
afterEach(async () => {
  for (const relay of running.splice(0)) await relay.stop();
});

async function start(options: RelayOptions = {}): Promise<Relay> {
  const relay = await startRelay(options);
  running.push(relay);
  return relay;
}

async function publish(client: Client, event: object): Promise<readonly unknown[]> {
  client.send(['EVENT', event]);
  return client.next('OK');
}

test('what one hands over is given to who asks, stored and live', async () => {
  const relay = await start();
  const [alice, bob] = [await connect(relay.url), await connect(relay.url)];
  const writer = createWriter();
  const first = writer.event(445, 'first', [['h', 'g1']]);
  expect(await publish(alice, first)).toEqual(['OK', first.id, true, '']);
  bob.send(['REQ', 's', { kinds: [445], '#h': ['g1'] }]);
  expect(await bob.next('EVENT')).toEqual(['EVENT', 's', first]);
  expect(await bob.next('EOSE')).toEqual(['EOSE', 's']);
  const second = writer.event(445, 'second', [['h', 'g1']]);
  await publish(alice, writer.event(445, 'elsewhere', [['h', 'g2']]));
  await publish(alice, second);
  expect(await bob.next('EVENT')).toEqual(['EVENT', 's', second]);
  bob.send(['CLOSE', 's']);
  await publish(bob, writer.event(1, 'fence'));
  await publish(alice, writer.event(445, 'third', [['h', 'g1']]));
  expect(bob.pending()).toEqual([]);
  expect(await publish(alice, second)).toEqual(['OK', second.id, true, 'duplicate: have it']);
  expect(relay.record.events()).toHaveLength(6);
});

test('filters: since, until, limit, authors, ids; newest first', async () => {
  const store = createStore();
  const [a, b] = [createWriter(), createWriter()];
  const events = [1, 2, 3, 4].map((at) => (at % 2 ? a : b).event(1, String(at), [], 1_000 + at));
  for (const event of events) store.put(event);
  const ask = (filter: Filter): string =>
    store
      .query([filter], 500)
      .map(({ content }) => content)
      .join('');
  expect(ask({})).toBe('4321');
  expect(ask({ since: 1002, until: 1003 })).toBe('32');
  expect(ask({ limit: 2 })).toBe('43');
  expect(ask({ limit: 0 })).toBe('');
  expect(ask({ authors: [events[0]?.pubkey ?? ''] })).toBe('31');
  expect(ask({ ids: [events[1]?.id ?? ''] })).toBe('2');
  expect(store.query([{ limit: 1 }, { until: 1001 }], 500).map(({ content }) => content)).toEqual(['4', '1']);
  expect(store.query([{}], 3)).toHaveLength(3);
});

test('of replaceable and addressable events the newest stands, ephemeral ones are not kept', () => {
  const store = createStore();
  const writer = createWriter();
  const put = (kind: number, at: number, d: string): string =>
    store.put(writer.event(kind, '', [['d', d]], at));
  expect([put(10_050, 2, ''), put(10_050, 1, ''), put(10_050, 3, '')]).toEqual(['stored', 'older', 'stored']);
  expect([put(30_443, 1, 'x'), put(30_443, 1, 'y'), put(30_443, 2, 'x')]).toEqual([
    'stored',
    'stored',
    'stored',
  ]);
  expect(put(22_242, 1, '')).toBe('ephemeral');
  expect(store.all()).toHaveLength(3);
});

test('bad events and frames are refused, and the connection lives on', async () => {
  const relay = await start();
  const client = await connect(relay.url);
  const good = createWriter().event(1, 'good');
  expect(await publish(client, { ...good, content: 'bad' })).toEqual([
    'OK',
    good.id,
    false,
    'invalid: id or signature',
  ]);
  for (const text of ['nonsense', '{}', '["EVENT",{"id":1}]', '["REQ"]', '["WHAT"]']) {
    client.sendText(text);
    expect((await client.next('NOTICE'))[1]).toMatch(/^invalid: /);
  }
  client.send(['REQ', 's', { kinds: 'all' }]);
  expect(await client.next('CLOSED')).toEqual(['CLOSED', 's', 'invalid: filter']);
  client.send(['REQ', 's', { anything: ['x'] }]);
  expect(await client.next('CLOSED')).toEqual(['CLOSED', 's', 'invalid: filter']);
  expect((await publish(client, good))[2]).toBe(true);
});

test('limits are kept and described', async () => {
  const relay = await start({
    limits: { maxMessageBytes: 3_000, maxEventBytes: 1_000, maxSubscriptions: 1, eventsPerMinute: 2 },
  });
  const client = await connect(relay.url);
  const writer = createWriter();
  client.send(['REQ', 'a', {}]);
  client.send(['REQ', 'b', {}]);
  expect(await client.next('CLOSED')).toEqual(['CLOSED', 'b', 'error: too many subscriptions']);
  expect((await publish(client, writer.event(1, 'x'.repeat(1_000))))[3]).toBe('invalid: event too large');
  expect((await publish(client, writer.event(1, 'a', [], Date.now())))[3]).toMatch(/too far ahead/);
  await publish(client, writer.event(1, 'b'));
  await publish(client, writer.event(1, 'c'));
  expect((await publish(client, writer.event(1, 'd')))[3]).toBe('rate-limited: slow down');
  const response = await fetch(relay.url.replace('ws', 'http'), {
    headers: { accept: 'application/nostr+json' },
  });
  expect(await response.json()).toMatchObject({
    limitation: { max_message_length: 3_000, max_subscriptions: 1 },
  });
  client.sendText(`["EVENT","${'x'.repeat(3_000)}"]`);
  expect(await client.closed).toBe(1009);
});

test('an inbox is read only by who proves to be its owner', async () => {
  const relay = await start({ limits: { auth: 'inbox' } });
  const [owner, other] = [createWriter(), createWriter()];
  const ownerKey = owner.event(1, '').pubkey;
  relay.put([other.event(1059, 'wrap', [['p', ownerKey]])]);
  const client = await connect(relay.url);
  const challenge = String((await client.next('AUTH'))[1]);
  const ask = { kinds: [1059], '#p': [ownerKey] };
  client.send(['REQ', 's', ask]);
  expect((await client.next('CLOSED'))[2]).toMatch(/^auth-required: /);
  const proof = (writer: typeof owner, text: string): object =>
    writer.event(22_242, '', [
      ['relay', relay.url],
      ['challenge', text],
    ]);
  for (const bad of [proof(owner, 'another'), proof(other, challenge)]) {
    client.send(['AUTH', bad]);
    await client.next('OK');
    client.send(['REQ', 's', ask]);
    expect((await client.next('CLOSED'))[2]).toMatch(/^auth-required: /);
  }
  client.send(['AUTH', proof(owner, challenge)]);
  expect((await client.next('OK'))[2]).toBe(true);
  client.send(['REQ', 's', ask]);
  expect((await client.next('EVENT'))[1]).toBe('s');
});

test('faults at an event: refused, silent, lost, cut', async () => {
  const relay = await start();
  const client = await connect(relay.url);
  const writer = createWriter();
  const refused = relay.arm({ kind: 'refuse-event', prefix: 'blocked' }, { kinds: [445] });
  expect((await publish(client, writer.event(1, 'other kind')))[2]).toBe(true);
  expect((await publish(client, writer.event(445, 'a')))[3]).toBe('blocked: on demand');
  await refused.struck;
  expect(refused.hits()).toBe(1);
  relay.arm({ kind: 'silent-event', taken: true });
  client.send(['EVENT', writer.event(1, 'silent')]);
  await relay.record.waitForEvent({ verdict: 'silent' });
  relay.arm({ kind: 'lose-event' });
  expect((await publish(client, writer.event(1, 'lost')))[2]).toBe(true);
  expect(relay.stored().map(({ content }) => content)).toEqual(['other kind', 'silent']);
  for (const [when, kept] of [
    ['before-taken', false],
    ['after-taken', true],
    ['after-ok', true],
  ] as const) {
    const one = await connect(relay.url);
    relay.arm({ kind: 'cut-event', when });
    one.send(['EVENT', writer.event(1, when)]);
    expect(await one.closed).toBe(1006);
    expect(relay.stored().some(({ content }) => content === when)).toBe(kept);
    expect(one.pending().length).toBe(when === 'after-ok' ? 1 : 0);
  }
});

test('faults at a delivery: dropped, doubled, reordered, tampered, foreign, chaotic', async () => {
  const relay = await start();
  const client = await connect(relay.url);
  const writer = createWriter();
  client.send(['REQ', 's', { kinds: [445] }]);
  await client.next('EOSE');
  const put = (text: string): void => relay.put([writer.event(445, text)]);
  const next = async (): Promise<unknown> =>
    ((await client.next('EVENT'))[2] as { readonly content: string }).content;
  relay.arm({ kind: 'drop-delivery' });
  put('dropped');
  relay.arm({ kind: 'duplicate-delivery', copies: 2 });
  put('twice');
  expect([await next(), await next()]).toEqual(['twice', 'twice']);
  const reorder = relay.arm({ kind: 'reorder-delivery', window: 3 }, { times: 'always' });
  for (const text of ['1', '2', '3', '4']) put(text);
  expect([await next(), await next(), await next()]).toEqual(['3', '2', '1']);
  reorder.disarm();
  expect(await next()).toBe('4');
  relay.arm({ kind: 'tamper-delivery', part: 'content' });
  put('tampered');
  expect(await next()).toBe('tamperedA');
  const foreign = writer.event(1, 'foreign');
  relay.arm({ kind: 'foreign-delivery', event: foreign });
  put('asked');
  expect(await next()).toBe('foreign');

  const runs: unknown[][] = [];
  for (const times of [40, 40]) {
    const chaos = relay.arm(
      { kind: 'chaos', seed: 7, drop: 0.3, duplicate: 0.3, late: 0, lateMs: 0 },
      { times },
    );
    for (let at = 0; at < times; at += 1) put(`chaos ${at}`);
    chaos.disarm();
    put('end');
    const seen: unknown[] = [];
    for (let one = await next(); one !== 'end'; one = await next()) seen.push(one);
    runs.push(seen);
  }
  expect(runs[0]).toEqual(runs[1]);
  expect(new Set(runs[0]).size).toBeLessThan(40);
  expect(runs[0]?.length).toBeGreaterThan(new Set(runs[0]).size);
});

test('faults of a connection: refused, stalled, cut, noisy; gone and back', async () => {
  const relay = await start();
  const writer = createWriter();
  relay.arm({ kind: 'refuse-connect', status: 503 });
  await expect(connect(relay.url)).rejects.toThrow('503');
  const held = relay.arm({ kind: 'stall-connect' });
  const opening = connect(relay.url);
  await held.struck;
  held.disarm();
  const client = await opening;
  const stall = relay.arm({ kind: 'stall', direction: 'to-client' });
  client.send(['EVENT', writer.event(1, 'held')]);
  await stall.struck;
  expect(client.pending()).toEqual([]);
  stall.disarm();
  await client.next('OK');
  relay.arm({ kind: 'garbage', text: '[]' });
  relay.arm({ kind: 'notice', text: 'hello' });
  relay.arm({ kind: 'no-eose' });
  client.send(['REQ', 'a', {}]);
  expect(await client.next('NOTICE')).toEqual(['NOTICE', 'hello']);
  relay.arm({ kind: 'close-subscription', prefix: 'error' });
  client.send(['REQ', 'b', {}]);
  expect(await client.next('CLOSED')).toEqual(['CLOSED', 'b', 'error: on demand']);
  expect(client.pending().map(([verb]) => verb)).toEqual([undefined, 'EVENT']);
  relay.arm({ kind: 'cut-after', direction: 'to-relay', frames: 1 });
  client.send(['EVENT', writer.event(1, 'passes')]);
  client.send(['EVENT', writer.event(1, 'does not')]);
  expect(await client.closed).toBe(1006);
  expect(relay.stored().map(({ content }) => content)).toEqual(['held', 'passes']);
  await relay.goOffline();
  await expect(connect(relay.url)).rejects.toThrow('ECONNREFUSED');
  await relay.goOnline();
  expect(relay.connections()).toEqual([]);
  const again = await connect(relay.url);
  relay.arm({ kind: 'oversized', bytes: 100_000 });
  again.send(['CLOSE', 'x']);
  expect(JSON.stringify(await again.next('NOTICE'))).toHaveLength(100_000);
});

test('over TLS only who trusts the authority comes in', async () => {
  const relay = await start({ certificate: await createCertificate() });
  expect(relay.url).toMatch(/^wss:/);
  await expect(connect(relay.url)).rejects.toThrow('certificate');
});

test('dice of one seed fall alike, of two seeds not', () => {
  const throws = (seed: number): readonly number[] => {
    const dice = createDice(seed);
    return Array.from({ length: 1_000 }, () => dice());
  };
  expect(throws(1)).toEqual(throws(1));
  expect(throws(1)).not.toEqual(throws(2));
  for (const seed of [0, 1, 2 ** 31]) {
    const mean = throws(seed).reduce((sum, one) => sum + one, 0) / 1_000;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  }
});
