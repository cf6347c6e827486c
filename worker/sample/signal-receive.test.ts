import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { arrivingOf } from '../../networks/signal/test/arriving.ts';
import { createCoreDouble } from '../../networks/signal/test/lane-context.ts';
import type { Outgoing, OutgoingData } from '../../networks/signal/codec/content.ts';
import { conversationWith, peerOf } from '../../networks/signal/names.ts';
import { data, text, textData, transcript } from '../../networks/signal/test/receiving-world.ts';
import { createSealedWorld, type SealedWorld, type Sender } from '../../networks/signal/test/sealed-world.ts';
import type { Delivery } from '../../networks/signal/service/service.ts';
import type { ConversationId } from '../../shared/ids.ts';
import type { Lane, LaneContext } from '../../shared/lane/lane.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { request, startRig, type Rig } from './rig.ts';
import { ACCOUNT, addTestAccount } from './scripted.ts';

/* The receiving side of Signal between the real core, over a real database, and libsignal's other side. */

const T = Date.now() - 60_000;
let world: SealedWorld;
let rig: Rig;
let context: LaneContext;
let performed: OutboxItem[];

beforeEach(async () => {
  world = createSealedWorld();
  performed = [];
  const { promise: started, resolve: begin } = Promise.withResolvers<LaneContext>();
  const lane: Lane = {
    start: async (given) => {
      await given.commit({ ...emptyCommit, work: world.account.keys.work });
      given.status({ kind: 'online' });
      begin(given);
    },
    stop: async () => undefined,
    perform: async (item) => {
      performed.push(item);
      await context.commit({ ...emptyCommit, outbound: [{ item: item.id, to: 'cancelled' }] });
      return { kind: 'done' };
    },
    hint: () => undefined,
    // oxlint-disable-next-line require-yield
    flow: async function* () {
      return null;
    },
  };
  rig = await startRig({
    lanes: { signal: () => lane },
    prepare: (db) => addTestAccount(db, 'signal'),
  });
  context = await started;
});
afterEach(() => rig.close());

const arrive = (...deliveries: readonly Delivery[]): Promise<void> =>
  world.receiver(context).receive(arrivingOf(deliveries));
const say = async (sender: Sender, ...contents: readonly Outgoing[]): Promise<void> => {
  const deliveries: Delivery[] = [];
  for (const content of contents) deliveries.push(await sender.says(content));
  await arrive(...deliveries);
};
const chatWith = (sender: Sender): ConversationId => conversationWith(ACCOUNT, sender.party.service);
const row = (conversation: ConversationId) => rig.page.call('conversation.get', { conversation });
const rows = async (conversation: ConversationId) =>
  (await rig.page.call('message.page', { conversation, around: 'end', side: 'before', limit: 100 })).rows;
const accept = (conversation: ConversationId) =>
  rig.page.call('conversation.accept', { request: request(), conversation });

async function met(): Promise<Sender> {
  const alice = await world.meet();
  await say(alice, text('hello', T));
  return alice;
}

const dataOf = (outgoing: Outgoing): OutgoingData => {
  if (outgoing.kind !== 'data') throw new Error('not data');
  return outgoing.data;
};

describe('somebody new', () => {
  test('ABU-3 is a request, told nothing; once accepted they hear that messages arrive, and my phone that I did', async () => {
    const alice = await met();
    const chat = chatWith(alice);
    expect(await row(chat)).toMatchObject({
      kind: 'direct',
      state: 'request',
      peer: peerOf(alice.party.service),
      unread: 1,
      label: { network: 'signal', protocol: 'signal', sending: { ok: true } },
    });
    expect(await rows(chat)).toMatchObject([
      { author: { me: false }, content: { text: 'hello' }, label: { readers: { kind: 'members' } } },
    ]);
    expect(performed).toEqual([]);
    await accept(chat);
    await say(alice, text('again', T + 1));
    await expect
      .poll(() => performed.map(({ intent }) => intent.what))
      .toMatchObject([
        { kind: 'protocol', op: 'accepted' },
        { kind: 'receipt', as: 'delivered', of: [`${alice.party.service}:${T + 1}`] },
      ]);
  });

  test('under another key stops the conversation until the person has looked', async () => {
    const alice = await met();
    await accept(chatWith(alice));
    const again = await world.meet({ service: alice.party.service });
    await say(again, text('new phone', T + 1));
    expect(await row(chatWith(alice))).toMatchObject({
      label: {
        identity: { kind: 'one', trust: { kind: 'changed', wasChecked: false } },
        sending: { ok: false, why: 'identity-changed' },
      },
    });
    expect(
      (await rows(chatWith(alice))).map((one) => (one.kind === 'note' ? one.code : one.content.text)),
    ).toEqual(['hello', 'identity-changed', 'new phone']);
  });

  test('on another device is stated by core, once', async () => {
    const alice = await met();
    const { service, identity } = alice.party;
    const desk = await world.meet({ service, identity, device: 5 });
    await say(desk, text('from the desk', T + 1), text('still', T + 2));
    const codes = (await rows(chatWith(alice))).flatMap((one) => (one.kind === 'note' ? [one.code] : []));
    expect(codes).toEqual(['new-device']);
    expect((await row(chatWith(alice))).label.sending).toEqual({ ok: true });
  });
});

describe('what follows a message', () => {
  test('edits, reactions, deletions, timers show in the conversation', async () => {
    const alice = await met();
    const chat = chatWith(alice);
    const mine = { author: world.account.aci.service, sentAt: T + 1 };
    await say(await world.phone(), transcript(alice.party.service, textData('mine', T + 1)));
    await say(
      alice,
      { kind: 'edit', targetSentAt: T, data: textData('hello again', T + 2) },
      data({ kind: 'reaction', target: mine, emoji: '👍', remove: false }, T + 3),
      text('oops', T + 4),
      data({ kind: 'delete', targetSentAt: T + 4 }, T + 5),
      { kind: 'receipt', as: 'read', of: [T + 1] },
      data({ kind: 'timer' }, T + 6, { timer: { ms: 3_600_000, version: 1 } }),
    );
    expect(await rows(chat)).toMatchObject([
      { content: { text: 'hello again' }, editedAt: expect.any(Number) },
      {
        author: { me: true },
        content: { text: 'mine' },
        reactions: [{ emoji: '👍', by: [{ me: false }] }],
      },
      { deleted: true },
      { kind: 'note', code: 'timer-changed' },
    ]);
    expect(await row(chat)).toMatchObject({ state: 'active', timer: 3_600_000 });
  });

  test('of somebody else never touches it', async () => {
    const [alice, bob] = [await met(), await world.meet()];
    await say(bob, text('hi', T + 1), data({ kind: 'delete', targetSentAt: T }, T + 2));
    await say(bob, { kind: 'edit', targetSentAt: T, data: textData('forged', T + 3) });
    expect(await rows(chatWith(alice))).toMatchObject([{ content: { text: 'hello' }, deleted: false }]);
  });
});

describe('my other devices', () => {
  test('write to myself, read, and check a key there', async () => {
    const alice = await met();
    const [chat, phone] = [chatWith(alice), await world.phone()];
    const self = conversationWith(ACCOUNT, world.account.aci.service);
    await say(
      phone,
      transcript(world.account.aci.service, textData('buy milk', T + 1)),
      { kind: 'sync-read', of: [{ author: alice.party.service, sentAt: T }] },
      {
        kind: 'sync-verified',
        service: alice.party.service,
        identityKey: alice.party.identity.publicKey.serialize(),
        state: 'verified',
      },
    );
    expect(await row(self)).toMatchObject({ kind: 'self', state: 'active' });
    expect(await rows(self)).toMatchObject([{ author: { me: true }, content: { text: 'buy milk' } }]);
    expect(await row(chat)).toMatchObject({
      unread: 0,
      label: { identity: { trust: { kind: 'checked', by: 'own-device' } } },
    });
  });

  test('accept and block', async () => {
    const [alice, phone] = [await met(), await world.phone()];
    const answer = (reply: 'accept' | 'block'): Outgoing => ({
      kind: 'sync-request-response',
      service: alice.party.service,
      answer: reply,
    });
    await say(phone, answer('accept'));
    expect((await row(chatWith(alice))).state).toBe('active');
    await say(phone, answer('block'));
    await say(alice, text('let me in', T + 1));
    expect((await row(chatWith(alice))).state).toBe('blocked');
    expect(await rows(chatWith(alice))).toHaveLength(1);
  });

  test('delete in my name what I wrote there', async () => {
    const [alice, phone] = [await met(), await world.phone()];
    await say(phone, transcript(alice.party.service, textData('mine', T + 1)));
    await say(
      phone,
      transcript(alice.party.service, dataOf(data({ kind: 'delete', targetSentAt: T + 1 }, T + 2))),
    );
    expect((await rows(chatWith(alice))).map((one) => one.kind === 'message' && one.deleted)).toEqual([
      false,
      true,
    ]);
  });
});

describe('of a message whose file was not fetched nothing is kept once it', () => {
  const longText = {
    cdn: 3,
    id: 'gone',
    key: new Uint8Array(64),
    digest: new Uint8Array(32),
    size: 3_000,
    type: 'text/x-signal-plain',
    name: null,
    flags: 0,
  };
  const words = 'burn after reading';
  const parked = () =>
    rig.db
      .all<{ readonly raw: Uint8Array | null }>('SELECT raw FROM inbound')
      .filter(({ raw }) => raw !== null && Buffer.from(raw).includes(words)).length;
  async function told(more: Partial<OutgoingData> = {}) {
    const alice = await met();
    const chat = chatWith(alice);
    await accept(chat);
    await say(alice, text(words, T + 5, { ...more, what: { longText } }));
    const shown = (await rows(chat)).findLast((one) => one.kind === 'message');
    if (shown === undefined) throw new Error('nothing is shown');
    expect([shown.content.text, parked()]).toEqual([words, 1]);
    return { alice, chat, id: shown.id };
  }

  test('disappears', async () => {
    const { chat, id } = await told({ timer: { ms: 1_000, version: 2 } });
    await rig.page.call('conversation.read', { conversation: chat, upTo: id });
    await expect.poll(parked, { timeout: 8_000 }).toBe(0);
  });

  test('was taken back by its writer, or deleted here', async () => {
    const { alice } = await told();
    await say(alice, data({ kind: 'delete', targetSentAt: T + 5 }, T + 6));
    expect(parked()).toBe(0);
    await say(alice, text(words, T + 7, { what: { longText } }));
    const here = (await rows(chatWith(alice))).findLast((one) => one.kind === 'message');
    expect(parked()).toBe(1);
    await rig.page.call('message.delete', { request: request(), id: here!.id });
    expect(parked()).toBe(0);
  });

  test('was taken back, with what it was changed to', async () => {
    const { alice } = await told();
    const edit = {
      kind: 'edit',
      targetSentAt: T + 5,
      data: textData(words, T + 6, { what: { longText } }),
    } as const;
    await say(alice, edit);
    expect(parked()).toBe(2);
    await say(alice, data({ kind: 'delete', targetSentAt: T + 6 }, T + 7));
    expect(parked()).toBe(0);
  });

  test('came from somebody who is blocked', async () => {
    const { alice, chat } = await told();
    await rig.page.call('conversation.block', { request: request(), conversation: chat });
    await say(alice, text(words, T + 8, { what: { longText } }));
    expect(parked()).toBe(1);
  });
});

test('everything is delivered again after a crash before the acknowledgement, and nothing is shown twice', async () => {
  const alice = await world.meet();
  const phone = await world.phone();
  const deliveries: Delivery[] = [];
  for (let n = 0; n < 30; n++) {
    deliveries.push(await alice.says(text(`a${n}`, T + n), { sealed: n % 2 === 0 }));
    deliveries.push(await phone.says(transcript(alice.party.service, textData(`p${n}`, T + 100 + n))));
  }
  await arrive(...deliveries);
  const before = await rows(chatWith(alice));
  await arrive(...deliveries);
  await arrive(...deliveries.toReversed());
  expect(await rows(chatWith(alice))).toEqual(before);
  expect(rig.db.get('SELECT count(*) AS n FROM message')).toEqual({ n: 60 });
  expect(rig.db.get("SELECT count(*) AS n FROM inbound WHERE outcome = 'consumed'")).toEqual({ n: 60 });
});

test('the stand-in for core takes what core takes', async () => {
  const alice = await world.meet();
  const double = createCoreDouble({ work: world.account.keys.work });
  const delivery = await alice.says(text('hello', T));
  await world.receiver(double.context).receive(arrivingOf([delivery]));
  await arrive(delivery);
  expect(await rows(chatWith(alice))).toHaveLength(double.changes('message').length);
});
