import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  startSignalServer,
  type Account,
  type Linked,
  type SignalServer,
} from '../../e2e/peers/signal/child.ts';
import { textOnly } from '../../shared/contract/content.ts';
import type { ConversationId, NetworkKey } from '../../shared/ids.ts';
import type { AccountSetup, FlowStep } from '../../shared/lane/flow.ts';
import type { Lane } from '../../shared/lane/lane.ts';
import { createLane } from './lane.ts';
import { conversationWith } from './names.ts';
import { ACCOUNT, createCoreDouble, type CoreDouble } from './test/lane-context.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';

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

/** Links a new device to a phone, as a person does. */
async function link(
  phone: Account,
): Promise<{ setup: AccountSetup; linked: Linked; tookMs: number; steps: FlowStep[] }> {
  const core = createCoreDouble({ environment: 'test' });
  const lane = createLane();
  const args = { signal: JSON.stringify(server.environment) };
  const flow = lane.flow({ kind: 'add-account', args }, core.context, new AbortController().signal);
  const steps: FlowStep[] = [];
  let linking: Promise<Linked> | null = null;
  let scannedAt = 0;
  for (;;) {
    const next = await flow.next();
    if (next.done) {
      if (!next.value || !linking) throw new Error(JSON.stringify(steps));
      const tookMs = performance.now() - scannedAt;
      return { setup: next.value, linked: await linking, tookMs, steps };
    }
    steps.push(next.value);
    if (next.value.kind === 'show-code') {
      scannedAt = performance.now();
      linking = server.link(phone, next.value.text);
      linking.catch(() => undefined);
    }
  }
}

async function start(setup: AccountSetup): Promise<{ core: CoreDouble; lane: Lane }> {
  const core = createCoreDouble({ environment: 'test', work: setup.work });
  const lane = createLane();
  running = lane;
  await lane.start(core.context);
  await core.until('online', () => core.statuses.at(-1)?.kind === 'online');
  return { core, lane };
}

const chatWith = (account: Account): ConversationId => conversationWith(ACCOUNT, account.aci as ServiceId);

test('links, and is told who I am', async () => {
  const phone = await server.account('Mara');
  const { setup, tookMs, steps, linked } = await link(phone);
  expect(setup).toMatchObject({ network: 'signal', address: phone.number, displayName: 'Mara' });
  expect(linked.aci).toBe(phone.aci);
  expect(steps.at(-1)).toMatchObject({ kind: 'done' });
  expect(tookMs).toBeLessThan(10_000);
});

describe('a linked device', () => {
  test('gets what is written to it, and writes back', async () => {
    const alice = await server.account('Alice');
    const phone = await server.account('Mara', { contacts: [alice] });
    const { setup, linked } = await link(phone);
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
    const { setup, linked } = await link(phone);
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
