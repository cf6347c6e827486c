import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  startSignalServer,
  type Account,
  type Linked,
  type SignalServer,
} from '../../e2e/peers/signal/child.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Lane } from '../../shared/lane/lane.ts';
import type { StateWrite } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf } from './account-record.ts';
import { encodeContent } from './codec/encode.ts';
import { peerOf } from './names.ts';
import { chatWith, link, performAll, start } from './test/linked-device.ts';
import type { CoreDouble } from './test/lane-context.ts';
import { data, textData, transcript } from './test/receiving-world.ts';

/* What Signal's own mock server delivers: the receiving half of the acceptance list in shared/research/signal.md §4.3. */

let server: SignalServer;
let running: Lane | null = null;
beforeAll(async () => {
  server = await startSignalServer();
});
afterAll(() => server.stop());
afterEach(async () => {
  await running?.stop();
  running = null;
});

interface World {
  readonly alice: Account;
  readonly phone: Account;
  readonly linked: Linked;
  readonly core: CoreDouble;
  readonly lane: Lane;
}

/** A linked device whose phone knows Alice, and which she may write to. */
async function linkedWithAlice(): Promise<World> {
  const alice = await server.account('Alice');
  const phone = await server.account('Mara', { contacts: [alice] });
  const { setup, linked } = await link(server, phone);
  const { core, lane } = await start(setup.work);
  running = lane;
  await server.introduce(alice, linked);
  return { alice, phone, linked, core, lane };
}

const aci = (account: Account): ServiceId => account.aci as ServiceId;
const texts = (core: CoreDouble) => core.changes('message').map(({ content }) => content.text);
const say = (world: World, from: Account, outgoing: Parameters<typeof encodeContent>[0], sentAt: number) =>
  server.sendContent(from, world.linked, encodeContent(outgoing), { sentAt });

/** What a lane has left in core's database. */
const cellsOf = (core: CoreDouble): readonly StateWrite[] =>
  [...core.cells].map(([name, { value }]) => {
    const [space = '', key = ''] = name.split('\u0000');
    return { key: { space, key }, value, expect: 0 };
  });

describe('a linked device of the mock server', () => {
  test('gets texts, sealed and not, to both identities, with the name of their writer', async () => {
    const world = await linkedWithAlice();
    const { alice, linked, core } = world;
    await server.introduce(alice, linked, 'PNI');
    await server.sendText(alice, linked, 'plain', { withProfileKey: true });
    await server.sendText(alice, linked, 'sealed', { sealed: true });
    await server.sendText(alice, linked, 'to my number', { to: 'PNI' });
    await core.until('three messages', () => texts(core).length === 3);
    expect(texts(core)).toEqual(['plain', 'sealed', 'to my number']);
    expect(core.changes('message').map(({ target }) => target.conversation)).toEqual([
      chatWith(alice),
      chatWith(alice),
      chatWith(alice),
    ]);
    await core.until('her name', () => core.changes('peer').some(({ name }) => name === 'Alice'));
  });

  test('tells the author that it arrived, and hears that mine did', async () => {
    const world = await linkedWithAlice();
    const { alice, linked, core, lane } = world;
    const sentAt = await server.sendText(alice, linked, 'hello');
    await core.until('the receipt', () => core.items().some(({ intent }) => intent.what.kind === 'receipt'));
    await performAll(core, lane);
    expect(await server.next(alice, 'receipt')).toMatchObject({ from: { aci: world.phone.aci } });
    const { id, ...rest } = { id: alice.id, device: linked.id, as: 'read' as const, of: [sentAt + 1] };
    await server.call('sendReceipt', { account: id, ...rest });
    await server.call('serverReceipt', { account: alice.id, device: linked.id, of: sentAt + 2 });
    await core.until('both receipts', () => core.changes('receipt').length === 2);
    expect(core.changes('receipt').map(({ receipt }) => [receipt.kind, receipt.of])).toEqual([
      ['read', `me:${sentAt + 1}`],
      ['delivered', `me:${sentAt + 2}`],
    ]);
  });

  test('gets edits, reactions, deletions and typing', async () => {
    const world = await linkedWithAlice();
    const { alice, linked, core } = world;
    const at = await server.sendText(alice, linked, 'hello');
    const target = { author: aci(alice), sentAt: at };
    await say(world, alice, { kind: 'edit', targetSentAt: at, data: textData('better', at + 1) }, at + 1);
    const reaction = { kind: 'reaction' as const, target, emoji: '👍', remove: false };
    await say(world, alice, data(reaction, at + 2), at + 2);
    await say(world, alice, data({ kind: 'delete', targetSentAt: at }, at + 3), at + 3);
    await say(world, alice, { kind: 'typing', on: true, at: at + 4 }, at + 4);
    await core.until('all of it', () => core.typing.length === 1);
    const key = `${alice.aci}:${at}`;
    expect(core.changes('edit')).toMatchObject([{ target: { key }, content: { text: 'better' } }]);
    expect(core.changes('reaction')).toMatchObject([{ target: { key }, emoji: ['👍'] }]);
    expect(core.changes('delete')).toMatchObject([{ target: { key } }]);
  });

  test('hears from the phone: contacts it asked for, what was sent and read there', async () => {
    const world = await linkedWithAlice();
    const { alice, phone, core, lane } = world;
    await server.introduce(phone, world.linked);
    await core.until('what it asks the phone', () => core.items().length === 4);
    await performAll(core, lane);
    await core.until('the contact', () =>
      core.changes('peer').some(({ peer, name }) => peer === peerOf(aci(alice)) && name !== null),
    );
    const at = core.context.now();
    await say(world, phone, transcript(aci(alice), textData('from the phone', at)), at);
    await core.until('the transcript', () => texts(core).includes('from the phone'));
    expect(core.changes('message').at(-1)).toMatchObject({
      author: 'me',
      target: { conversation: chatWith(alice), key: `me:${at}` },
      evidence: { how: 'told-by-own-device', device: '1' },
    });
    const of = [{ author: aci(alice), sentAt: at - 1 }];
    await say(world, phone, { kind: 'sync-read', of }, at + 1);
    await core.until('what was read', () => core.changes('own-read').length === 1);
  });

  test('sees another identity, and what is forged in the name of the phone', async () => {
    const world = await linkedWithAlice();
    const { alice, linked, core } = world;
    await server.sendText(alice, linked, 'hello');
    const at = core.context.now();
    await say(world, alice, transcript(aci(alice), textData('forged', at)), at);
    await core.until('the refusal', () => core.settled().some((one) => one.kind === 'quarantined'));
    await server.call('changeIdentity', { account: alice.id });
    await server.introduce(alice, linked);
    await server.sendText(alice, linked, 'new phone');
    await core.until('the new identity', () => texts(core).includes('new phone'));
    expect(texts(core)).toEqual(['hello', 'new phone']);
    expect(core.changes('identity')).toMatchObject([
      { peer: peerOf(aci(alice)), trust: { kind: 'changed' } },
    ]);
  });

  test('asks again for what does not open', async () => {
    const world = await linkedWithAlice();
    const { alice, linked, core, lane } = world;
    await server.sendText(alice, linked, 'hello');
    await core.until('hello', () => texts(core).length === 1);
    const envelope = await server.call('encryptText', {
      account: alice.id,
      device: linked.id,
      text: 'broken',
      options: {},
    });
    // In the middle of what libsignal sealed: the content lies behind the head of the envelope.
    const broken = envelope.with(120, (envelope[120] ?? 0) ^ 1);
    await server.call('sendRaw', { device: linked.id, envelope: broken, times: 1 });
    await core.until('the errand', () =>
      core.items().some(({ intent: { what } }) => what.kind === 'protocol' && what.op === 'retry-request'),
    );
    await performAll(core, lane);
    expect(await server.next(alice, 'decryption-error')).toMatchObject({ from: { aci: world.phone.aci } });
  });

  test('follows its phone to another number', async () => {
    const world = await linkedWithAlice();
    const { alice, phone, linked, core, lane } = world;
    await server.introduce(phone, linked);
    const before = await readSelf(createWork(core.context.view));
    const puts = () => server.call('requests', { path: '/v2/keys?identity=pni' });
    const asked = await puts();
    const { number } = await server.call('changeNumber', { account: phone.id });
    await core.until(
      'the connection after',
      () => core.statuses.filter(({ kind }) => kind === 'online').length === 2,
    );
    await expect.poll(puts).toBeGreaterThan(asked + 1);
    const after = await readSelf(createWork(core.context.view));
    expect(after.number).toBe(number);
    expect(after.identities.pni).not.toBe(before.identities.pni);
    await server.introduce(alice, linked, 'PNI');
    await server.sendText(alice, linked, 'to the new number', { to: 'PNI' });
    await core.until('the message', () => texts(core).includes('to the new number'));
    expect(core.settled().filter(({ kind }) => kind === 'quarantined')).toEqual([]);
    await lane.stop();
    // Also after a restart.
    running = (await start(cellsOf(core))).lane;
  });

  test('takes in a queue that filled up while it was away, once', async () => {
    const world = await linkedWithAlice();
    const { alice, linked, core, lane } = world;
    await server.sendText(alice, linked, 'first');
    await core.until('the first', () => texts(core).length === 1);
    await lane.stop();
    const count = 600;
    const from = core.context.now();
    const { id } = alice;
    // Answers once the device has taken the last of them.
    const queued = server.call('queueTexts', {
      accounts: [id],
      device: linked.id,
      count,
      sealed: true,
      from,
    });
    const next = await start(cellsOf(core));
    running = next.lane;
    await next.core.until('all', () => texts(next.core).length >= count);
    await queued;
    const numbers = texts(next.core).map((words) => Number(/\d+/.exec(words)?.[0]));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(next.core.settled().filter(({ kind }) => kind === 'quarantined')).toEqual([]);
  });

  test('AT-61 outlives whatever the server hands over', async () => {
    const world = await linkedWithAlice();
    const { alice, linked, core } = world;
    const raw = (envelope: Uint8Array, times = 1) =>
      server.call('sendRaw', { device: linked.id, envelope, times });
    await raw(new Uint8Array(0));
    await raw(new Uint8Array(300).fill(0xff), 50);
    await raw(new Uint8Array(200_000).fill(0x7b));
    await server.sendText(alice, linked, 'still here');
    await core.until('the message', () => texts(core).includes('still here'));
    expect(core.settled().filter(({ kind }) => kind === 'quarantined').length).toBeGreaterThan(0);
    expect(core.statuses.at(-1)?.kind).toBe('online');
  });
});
