import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startSignalServer, type SignalServer } from '../../e2e/peers/signal/child.ts';
import { textOnly } from '../../shared/contract/content.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { ConversationId, NetworkKey, PeerId } from '../../shared/ids.ts';
import type { AccountSetup, FlowStart, FlowStep } from '../../shared/lane/flow.ts';
import type { Lane } from '../../shared/lane/lane.ts';
import { createLane } from './lane.ts';
import { conversationWith } from './names.ts';
import { ACCOUNT, createCoreDouble } from './test/lane-context.ts';
import { createOwnAccount } from './test/own-account.ts';
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
  const { setup, steps, linked } = await link(server, phone);
  expect(setup).toMatchObject({ network: 'signal', address: phone.number, displayName: 'Mara' });
  expect(linked.aci).toBe(phone.aci);
  expect(steps.at(-1)).toMatchObject({ kind: 'done' });
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

describe('a lane', () => {
  const own = () => createCoreDouble({ work: createOwnAccount().work });
  const stepsOf = async (lane: Lane, first: FlowStart): Promise<readonly FlowStep[]> => {
    const steps: FlowStep[] = [];
    for await (const step of lane.flow(first, own().context, new AbortController().signal)) steps.push(step);
    return steps;
  };

  test.each([
    [{ kind: 'invite' }, 'not-possible'],
    [{ kind: 'join', link: 'https://i.delta.chat/#x' }, 'code-of-another-kind'],
    [{ kind: 'join', link: 'sgnl://linkdevice?uuid=a&pub_key=b' }, 'code-of-another-kind'],
    [{ kind: 'chat', address: 'sgnl://linkdevice?uuid=a&pub_key=b' }, 'code-of-another-kind'],
    [{ kind: 'chat', address: 'mara.01' }, 'server-unreachable'],
    [{ kind: 'check', peer: 'signal|nobody' as PeerId }, 'no-key'],
    [{ kind: 'add-account', args: {} }, 'test-profile-only'],
  ] as const)('ends %o with %s', async (first, why) => {
    const lane = createLane();
    running = lane;
    await lane.start(own().context);
    expect((await stepsOf(lane, first)).at(-1)).toEqual({ kind: 'failed', why });
  });

  test('that was not started does nothing', async () => {
    const lane = createLane();
    const core = own();
    lane.hint({ kind: 'typing', conversation: 'x' as ConversationId, on: true });
    const item = core.enqueue({
      conversation: null,
      sentAt: 1,
      what: { kind: 'content', key: 'me:1' as NetworkKey, content: textOnly('hello') },
    });
    expect(await lane.perform(item, new AbortController().signal)).toMatchObject({ kind: 'later' });
    expect(await stepsOf(lane, { kind: 'chat', address: 'mara.01' })).toEqual([
      { kind: 'failed', why: 'internal' },
    ]);
    await lane.stop();
  });

  test('can be stopped and started again, as often as wanted', async () => {
    const core = own();
    const lane = createLane();
    for (let n = 0; n < 3; n += 1) {
      await lane.start(core.context);
      await lane.stop();
      expect(core.statuses.at(-1)).toEqual({ kind: 'stopped' });
    }
  });

  test('waits with what is to be sent while there is no connection', async () => {
    const core = own();
    const lane = createLane();
    running = lane;
    await lane.start(core.context);
    const item = core.enqueue({
      conversation: conversationWith(ACCOUNT, '9d0652a3-dcc3-4d11-975f-74d61598733f' as ServiceId),
      sentAt: 1,
      what: { kind: 'content', key: 'me:1' as NetworkKey, content: textOnly('hello') },
    });
    expect(await lane.perform(item, new AbortController().signal)).toMatchObject({ kind: 'later' });
    expect(core.item(item.id).state).toBe('queued');
  });
});
