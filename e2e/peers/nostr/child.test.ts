import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { startRelayProcess } from './child.ts';
import type { RelayProcess } from './child.ts';
import type { StartOptions } from './control.ts';
import { connect, createWriter } from './test/client.ts';

const running: RelayProcess[] = [];
afterEach(async () => {
  for (const relay of running.splice(0)) await relay.stop();
});

async function start(options: StartOptions = {}): Promise<RelayProcess> {
  const relay = await startRelayProcess(options);
  running.push(relay);
  return relay;
}

test('events come in over TLS and over the pipe, and are told of', async () => {
  const relay = await start();
  const writer = createWriter();
  const client = await connect(relay.url, relay.ca);
  const seen = relay.waitForEvent({ kind: 445, tag: ['h', 'g'] });
  const event = writer.event(445, 'over the wire', [['h', 'g']]);
  client.send(['EVENT', event]);
  expect(await seen).toMatchObject({ event, verdict: 'accepted', connection: 1 });
  await relay.put([writer.event(1, 'over the pipe')]);
  expect((await relay.stored()).map(({ content }) => content)).toEqual(['over the wire', 'over the pipe']);
  expect((await relay.waitForFrame({ text: '["EVENT"' })).text).toContain('over the wire');
  expect(await relay.frames()).toHaveLength(1);
  await relay.clearRecord();
  expect(await relay.events()).toEqual([]);
  await relay.forget();
  expect(await relay.stored()).toEqual([]);
});

test('faults are armed, strike and are counted; limits change; certificates go bad', async () => {
  const relay = await start();
  const writer = createWriter();
  const client = await connect(relay.url, relay.ca);
  const fault = await relay.arm({ kind: 'refuse-event', prefix: 'blocked' }, { kinds: [1] });
  client.send(['EVENT', writer.event(1, 'a')]);
  expect((await client.next('OK'))[2]).toBe(false);
  await fault.struck();
  expect(await fault.hits()).toBe(1);
  await relay.limit({ maxEventBytes: 10 });
  client.send(['EVENT', writer.event(1, 'b')]);
  expect((await client.next('OK'))[3]).toBe('invalid: event too large');
  expect(await relay.connections()).toEqual([1]);
  await relay.dropConnections();
  expect(await client.closed).toBe(1006);
  await relay.present('expired');
  await expect(connect(relay.url, relay.ca)).rejects.toThrow('expired');
  await relay.present('none');
  await connect(relay.url, relay.ca);
  await relay.goOffline();
  await expect(connect(relay.url, relay.ca)).rejects.toThrow('ECONNREFUSED');
  await relay.goOnline();
  await connect(relay.url, relay.ca);
});

test('without TLS for test profiles that want it so', async () => {
  const relay = await start({ tls: false });
  expect(relay.url).toMatch(/^ws:/);
  await connect(relay.url);
});

test('an error of the relay comes back as an error, and calls fail once the process ended', async () => {
  const relay = await start();
  const bad = { ...createWriter().event(1, ''), content: 'changed' };
  await expect(relay.put([bad])).rejects.toThrow('bad event: signature');
  await expect(relay.waitForEvent({ kind: 1 }, 10)).rejects.toThrow('not seen within 10 ms');
  const failed = expect(relay.waitForEvent({})).rejects.toThrow('ended');
  await relay.stop();
  await failed;
  await expect(relay.stored()).rejects.toThrow('ended');
});

test('the process refuses malformed options and ends with its stdin', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const good = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'ignore'] });
  good.stdin.write('{"tls":false}\n');
  await once(good.stdout, 'data');
  good.stdin.end();
  expect((await once(good, 'exit'))[0]).toBe(0);
  const bad = spawn(process.execPath, [main], { stdio: ['pipe', 'ignore', 'ignore'] });
  bad.stdin.end('{"limits":{"auth":"sometimes"}}\n');
  expect((await once(bad, 'exit'))[0]).toBe(1);
});
