import { afterEach, expect, test } from 'vitest';
import { createLane } from '../../networks/dummy/lane.ts';
import { startDummyServer, type DummyServer } from '../../networks/dummy/wire.ts';
import type { AccountId, ConversationId } from '../../shared/ids.ts';
import { textOnly } from '../../shared/contract/content.ts';
import { request, startRig, type Rig } from '../sample/rig.ts';

let rig: Rig | null = null;
let server: DummyServer | null = null;
afterEach(async () => {
  await rig?.close();
  await server?.close();
  rig = null;
  server = null;
});

/** A rig with the test network's lane and one account, online. */
async function online(): Promise<{ rig: Rig; server: DummyServer; account: AccountId }> {
  server = await startDummyServer();
  rig = await startRig({ lanes: { dummy: createLane } });
  const step = await rig.page.flow({
    account: null,
    network: 'dummy',
    start: { kind: 'add-account', args: { address: 'me', port: String(server.port) } },
  });
  expect(step.kind).toBe('done');
  const { account } = await rig.page.until('lane', (told) => told.status.kind === 'online');
  return { rig, server, account };
}

async function chatWith(of: Rig, account: AccountId, address: string): Promise<ConversationId> {
  const step = await of.page.flow({ account, network: 'dummy', start: { kind: 'chat', address } });
  if (step.kind !== 'done' || !step.conversation) throw new Error('no conversation');
  return step.conversation;
}

test('adds an account, receives a message and answers it', async () => {
  const { rig: of, server: at, account } = await online();
  at.deliver('me', { id: 'one', from: 'alice', key: 'key-one', sentAt: 1, text: 'Hello' });
  const told = await of.page.until('changed', (changed) => changed.messages.length > 0);
  const [conversation] = told.conversations;
  expect(conversation).toBe(`${account}|dummy|alice`);
  const { rows } = await of.page.call('inbox.page', { filter: 'all', before: null, limit: 10 });
  expect(rows).toHaveLength(1);
  const [row] = rows;
  expect(row).toMatchObject({ unread: 1, state: 'request', title: 'alice' });
  expect(row?.label.readers).toEqual({
    kind: 'provider',
    who: [{ kind: 'provider', name: 'Test server' }],
  });

  await of.page.call('conversation.accept', { request: request(), conversation: row!.id });
  const sent = await of.page.call('message.send', {
    request: request(),
    conversation: row!.id,
    content: textOnly('Hi Alice'),
    seenLabel: row!.labelRevision,
  });
  expect(sent.kind).toBe('queued');
  expect(of.shell.asked.map((question) => question.kind)).toEqual(['send-without-encryption']);
  const mail = await at.taken('Hi Alice');
  expect(mail.from).toBe('me');
  await of.page.until('changed', (changed) => changed.messages.includes(sent.id));
  const page = await of.page.call('message.page', {
    conversation: row!.id,
    around: 'end',
    side: 'around',
    limit: 10,
  });
  expect(page.rows.map((one) => (one.kind === 'message' ? one.content.text : one.code))).toEqual([
    'Hello',
    'Hi Alice',
  ]);
});

test('a request id given twice sends once', async () => {
  const { rig: of, server: at, account } = await online();
  const conversation = await chatWith(of, account, 'bob');
  const { labelRevision } = await of.page.call('conversation.get', { conversation });
  const args = { request: request(), conversation, content: textOnly('Once'), seenLabel: labelRevision };
  const [first, second] = await Promise.all([
    of.page.call('message.send', args),
    of.page.call('message.send', args),
  ]);
  expect(second).toEqual(first);
  await at.taken('Once');
  const again = await of.attach().call('message.send', args);
  expect(again).toEqual(first);
  const page = await of.page.call('message.page', { conversation, around: 'end', side: 'around', limit: 10 });
  expect(page.rows).toHaveLength(1);
});
