import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startSignalServer, type SignalServer } from '../../e2e/peers/signal/child.ts';
import { textOnly } from '../../shared/contract/content.ts';
import type { NetworkKey } from '../../shared/ids.ts';
import type { AccountSetup } from '../../shared/lane/flow.ts';
import type { Lane } from '../../shared/lane/lane.ts';
import { chatWith, link, start as startLinked } from './test/linked-device.ts';

let server: SignalServer;
beforeAll(async () => {
  server = await startSignalServer();
});
afterAll(() => server.stop());

let running: Lane | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

async function start({ work }: Pick<AccountSetup, 'work'>) {
  const started = await startLinked(work);
  running = started.lane;
  return started;
}

test('links, and is told who I am', async () => {
  const phone = await server.account('Mara');
  const { setup, tookMs, steps, linked } = await link(server, phone);
  expect(setup).toMatchObject({ network: 'signal', address: phone.number, displayName: 'Mara' });
  expect(linked.aci).toBe(phone.aci);
  expect(steps.at(-1)).toMatchObject({ kind: 'done' });
  expect(tookMs).toBeLessThan(10_000);
});

describe('a linked device', () => {
  test('gets what is written to it, and writes back', async () => {
    const alice = await server.account('Alice');
    const phone = await server.account('Mara', { contacts: [alice] });
    const { setup, linked } = await link(server, phone);
    const { core, lane } = await start(setup);
    await server.introduce(alice, linked);
    await server.sendText(alice, linked, 'hello Mara', { withProfileKey: true });
    await core.until('a message', () => core.changes('message').length > 0);
    expect(core.changes('message')[0]).toMatchObject({
      target: { conversation: chatWith(alice) },
      content: { text: 'hello Mara' },
      evidence: { how: 'opened-here' },
    });
    const sentAt = core.context.now();
    const item = core.enqueue({
      conversation: chatWith(alice),
      sentAt,
      what: { kind: 'content', key: `me:${sentAt}` as NetworkKey, content: textOnly('hello Alice') },
    });
    const performed = await lane.perform(item, new AbortController().signal);
    expect(performed).toEqual({ kind: 'done' });
    expect(core.item(item.id).state).toBe('sent');
    expect(await server.next(alice, 'message')).toMatchObject({
      body: 'hello Alice',
      from: { aci: phone.aci },
    });
  });

  test('says when the phone has unlinked it, and forgets every key', async () => {
    const phone = await server.account('Mara');
    const { setup, linked } = await link(server, phone);
    const { core } = await start(setup);
    await server.call('unlink', { phone: phone.id, device: linked.id });
    await server.call('cut', {});
    await core.until('unlinked', () => {
      const last = core.statuses.at(-1);
      return last?.kind === 'needs-person' && last.why === 'unlinked';
    });
    expect([...core.cells.keys()].filter((name) => /session|identity|prekey|account/.test(name))).toEqual([]);
  });
});
