import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { CiphertextMessageType, DecryptionErrorMessage, PlaintextContent } from '@signalapp/libsignal-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  startSignalServer,
  type Account,
  type Linked,
  type Received,
  type SignalServer,
} from '../../e2e/peers/signal/child.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';
import { encodeList, listKey, readList, type Lasting } from '../../crypto/signal/prekey-list.ts';
import type { Incoming, MessageName, Sync } from '../../networks/signal/codec/content.ts';
import { decodeContent } from '../../networks/signal/codec/decode.ts';
import { EnvelopeSchema } from '../../networks/signal/proto/signal_pb.ts';
import { ENVELOPE } from '../../networks/signal/codec/numbers.ts';
import { serviceIdBytes } from '../../networks/signal/codec/service-id.ts';
import { createLane } from '../../networks/signal/lane.ts';
import type { Request } from '../../networks/signal/service/ask.ts';
import { conversationWith } from '../../networks/signal/names.ts';
import { textOnly, type Content } from '../../shared/contract/content.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { AccountId, ConversationId, MessageId } from '../../shared/ids.ts';
import type { FlowFailure } from '../../shared/lane/flow.ts';
import { getCell, writeCells } from '../../storage/lane-state.ts';
import { takeImage } from './disk-image.ts';
import { request, startRig, type Rig } from './rig.ts';

/** What the tests put in the place of the lane's own: nothing, until a test says so. */
const injected = vi.hoisted(() => ({
  guardOff: false,
  leak: null as ((request: Request) => Request) | null,
}));

vi.mock(import('../../networks/signal/guard.ts'), async (original) => {
  const real = await original();
  return { ...real, guard: (operation) => (injected.guardOff ? 'pass' : real.guard(operation)) };
});
vi.mock(import('../../networks/signal/service/ask.ts'), async (original) => {
  const real = await original();
  return {
    ...real,
    pass: (channel, asked) => {
      const leaks = injected.leak !== null && asked.path.startsWith('/v1/messages/');
      return real.pass(channel, leaks && injected.leak ? injected.leak(asked) : asked);
    },
  };
});

/** The whole way: the real core, the real lane, libsignal's connections, Signal's own mock server. */
let server: SignalServer;
let rig: Rig;
let alice: Account;
let phone: Account;
let linked: Linked;
let chat: ConversationId;

beforeAll(async () => {
  server = await startSignalServer();
});
afterAll(() => server.stop());

beforeEach(async () => {
  alice = await server.account(NAME);
  phone = await server.account('Mara', { contacts: [alice] });
  rig = await startRig({ lanes: { signal: createLane }, signal: JSON.stringify(server.environment) });
  const { flow } = await rig.page.call('flow.start', {
    request: request(),
    account: null,
    network: 'signal',
    start: { kind: 'add-account', args: {} },
  });
  const shown = await rig.page.until('flow', (one) => one.flow === flow && one.step.kind === 'show-code');
  if (shown.step.kind !== 'show-code') throw new Error('no code');
  linked = await server.link(phone, shown.step.text);
  await rig.page.until('flow', (one) => one.flow === flow && one.step.kind === 'done');
  await rig.page.until('lane', ({ status }) => status.kind === 'online');
  const account = rig.db.get<{ readonly id: AccountId }>('SELECT id FROM account')?.id as AccountId;
  chat = conversationWith(account, alice.aci as ServiceId);
  await server.introduce(alice, linked);
});
afterEach(() => rig.close());

type Row = Extract<MessageRow, { readonly kind: 'message' }>;
const row = () => rig.page.call('conversation.get', { conversation: chat });
const rows = async () =>
  (await rig.page.call('message.page', { conversation: chat, around: 'end', side: 'around', limit: 50 }))
    .rows;
const messageRow = async (id: MessageId): Promise<Row> => {
  const [found] = (await rig.page.call('message.rows', { ids: [id] })).rows;
  if (found?.kind !== 'message') throw new Error('no such message');
  return found;
};
let seen = 0;
async function eventually(fits: () => Promise<boolean>): Promise<void> {
  while (!(await fits())) seen = (await rig.page.until('changed', ({ seq }) => seq > seen)).seq;
}
beforeEach(() => {
  seen = 0;
});

/** Alice writes first: then I know her profile key where she gives it. */
async function meet(withProfileKey = false): Promise<number> {
  const sentAt = await server.sendText(alice, linked, 'hello Mara', {
    withProfileKey,
    sealed: withProfileKey,
  });
  await rig.page.until('changed', ({ conversations }) => conversations.includes(chat));
  await rig.page.call('conversation.accept', { request: request(), conversation: chat });
  return sentAt;
}
async function say(content: Content | string): Promise<MessageId> {
  const { labelRevision } = await row();
  const sent = await rig.page.call('message.send', {
    request: request(),
    conversation: chat,
    content: typeof content === 'string' ? textOnly(content) : content,
    seenLabel: labelRevision,
  });
  return sent.id;
}
async function until(id: MessageId, state: NonNullable<Row['sending']>['state']): Promise<Row> {
  await eventually(async () => (await messageRow(id)).sending?.state === state);
  return messageRow(id);
}
const send = async (content: Content | string) => until(await say(content), 'sent');
/** The person has compared the number, and said so in the shell's own window. */
const check = async (): Promise<void> => {
  const { peer, account } = await row();
  if (peer === null) throw new Error('nobody to check');
  const start = { kind: 'check', peer } as const;
  const { flow } = await rig.page.call('flow.start', {
    request: request(),
    account,
    network: 'signal',
    start,
  });
  await rig.page.until('flow', (one) => one.flow === flow && one.step.kind === 'compare');
  await rig.page.call('flow.answer', { flow, answer: { kind: 'yes' } });
};
const got = async (queue: Parameters<SignalServer['next']>[1], of = alice) => {
  const received = await server.next(of, queue);
  return { received, content: decodeContent(received.content) };
};
const what = (content: Incoming) => (content.kind === 'data' ? content.data.what : null);
type Told = {
  readonly sent: Extract<Sync, { readonly kind: 'sent' }>;
  readonly read: Extract<Sync, { readonly of: readonly MessageName[] }>;
};
/** The next thing of a kind that my phone is told. */
async function told<K extends 'sent' | 'read'>(kind: K): Promise<Told[K]> {
  for (;;) {
    const { content } = await got('sync', phone);
    if (content.kind === 'sync' && content.sync.kind === kind) return content.sync as Told[K];
  }
}
const sealedSender = async (id: MessageId) =>
  (await rig.page.call('message.details', { id })).evidence?.details.find(
    ({ name }) => name === 'sealed-sender',
  )?.value;

describe('a message', () => {
  test('arrives at a contact with two devices, and my phone is told', async () => {
    await server.call('addDevice', { account: alice.id });
    await meet();
    const { id, sentAt } = await send('hello Alice');
    const { received, content } = await got('message');
    expect(received).toMatchObject({ body: 'hello Alice', from: { aci: phone.aci, device: linked.device } });
    expect(content).toMatchObject({ kind: 'data', data: { sentAt } });
    expect(await told('sent')).toMatchObject({
      to: alice.aci,
      sentAt,
      message: { data: { what: { text: 'hello Alice' } } },
    });
    const { deliveries } = await rig.page.call('message.details', { id });
    expect(deliveries.map(({ to, state }) => [to, state])).toEqual([
      [`${alice.aci}.1`, 'sent'],
      [`${alice.aci}.2`, 'sent'],
    ]);
    expect(await sealedSender(id)).toBe('no');
  });

  test('goes sealed once I know a profile key', async () => {
    await meet(true);
    const { id } = await send('psst');
    expect((await got('message')).received.body).toBe('psst');
    expect(await sealedSender(id)).toBe('yes');
  });

  test('of many words comes with a file', async () => {
    await meet();
    const text = 'many words '.repeat(300);
    await send(text);
    const { content } = await got('message');
    expect(what(content)).toMatchObject({
      kind: 'text',
      text: text.slice(0, 2_048),
      longText: { cdn: 3, size: text.length, type: 'text/x-signal-plain' },
    });
  });

  test('an answer, a reaction and its end, a timer, a deletion', async () => {
    const sentAt = await meet();
    const theirs = (await rows()).find((one) => one.kind === 'message') as Row;
    const mine = await send({ ...textOnly('yes'), quote: theirs.key });
    expect(what((await got('message')).content)).toMatchObject({
      text: 'yes',
      quote: { author: alice.aci, sentAt },
    });
    // What my phone is told goes by itself: one that has to be tried again is overtaken by the next.
    const phoneHears = async (kind: string) =>
      expect((await told('sent')).message?.data.what.kind).toBe(kind);
    await phoneHears('text');
    const react = async (emoji: string[]) =>
      rig.page.call('message.react', {
        request: request(),
        id: theirs.id,
        emoji,
        seenLabel: (await row()).labelRevision,
      });
    await react(['👍']);
    expect(what((await got('message')).content)).toMatchObject({
      kind: 'reaction',
      emoji: '👍',
      remove: false,
      target: { author: alice.aci, sentAt },
    });
    await phoneHears('reaction');
    await react([]);
    expect(what((await got('message')).content)).toMatchObject({ emoji: '👍', remove: true });
    await phoneHears('reaction');
    await rig.page.call('conversation.timer', { request: request(), conversation: chat, ms: 3_600_000 });
    expect((await got('message')).content).toMatchObject({
      data: { what: { kind: 'timer' }, timer: { ms: 3_600_000 } },
    });
    await phoneHears('timer');
    await rig.page.call('message.delete', { request: request(), id: mine.id });
    expect(what((await got('message')).content)).toEqual({ kind: 'delete', targetSentAt: mine.sentAt });
    await phoneHears('delete');
  });

  test('of theirs: they are told that it arrived, and that I read it; so is my phone', async () => {
    await meet();
    // What came before I accepted her was not told to her.
    const second = await server.sendText(alice, linked, 'and again');
    expect((await got('receipt')).content).toEqual({ kind: 'receipt', as: 'delivered', of: [second] });
    await eventually(async () => (await rows()).length >= 2);
    const last = (await rows()).at(-1)!;
    await rig.page.call('conversation.read', { conversation: chat, upTo: last.id });
    const { content } = await got('receipt');
    expect(content).toMatchObject({ kind: 'receipt', as: 'read' });
    expect(content.kind === 'receipt' && content.of).toContain(second);
    expect((await told('read')).of).toContainEqual({ author: alice.aci, sentAt: second });
  });
});

describe('devices and identities', () => {
  test('AT-12 409: a device that came gets it, and is stated, also where the person is checked', async () => {
    await meet();
    await check();
    await send('one');
    await got('message');
    await server.call('addDevice', { account: alice.id });
    const { id } = await send('two');
    expect((await got('message')).received.body).toBe('two');
    const { deliveries } = await rig.page.call('message.details', { id });
    expect(deliveries.map(({ to }) => to)).toContain(`${alice.aci}.2`);
    expect((await rows()).flatMap((one) => (one.kind === 'note' ? one.code : []))).toEqual([
      'checked',
      'new-device',
    ]);
    await send('three');
    expect((await got('message')).received.body).toBe('three');
    expect((await row()).label.identity).toMatchObject({ trust: { kind: 'checked' } });
  });

  test('409: a device that went is left out', async () => {
    const device = await server.call('addDevice', { account: alice.id });
    await meet();
    await send('one');
    await got('message');
    await server.call('removeDevice', { account: alice.id, device });
    await send('two');
    expect((await got('message')).received.body).toBe('two');
  });

  test('410: a device that was set up anew gets it in a new session', async () => {
    await meet();
    await send('one');
    await got('message');
    await server.call('reinstall', { account: alice.id });
    await send('two');
    expect(await got('message')).toMatchObject({ received: { body: 'two', envelope: 'PreKey' } });
  });

  test('AT-11 who registers anew under another key is not checked any more, and gets nothing', async () => {
    await meet();
    await check();
    await server.call('changeIdentity', { account: alice.id });
    await server.introduce(alice, linked);
    await server.sendText(alice, linked, 'it is me');
    await eventually(
      async () => (await row()).label.identity.kind === 'one' && !(await row()).label.sending.ok,
    );
    expect(await row()).toMatchObject({
      label: {
        identity: { kind: 'one', trust: { kind: 'changed', wasChecked: true } },
        sending: { ok: false, why: 'identity-changed' },
      },
    });
    expect((await until(await say('secret'), 'held')).sending).toMatchObject({ hold: 'identity-changed' });
    expect(await server.call('waiting', { account: alice.id, queue: 'message' })).toBe(0);
  });

  test('AT-10 another identity: held until the person accepts it, then it arrives', async () => {
    await meet();
    await send('one');
    await got('message');
    await server.call('changeIdentity', { account: alice.id });
    await server.call('reinstall', { account: alice.id });
    const id = await say('secret');
    expect((await until(id, 'held')).sending).toMatchObject({ hold: 'identity-changed' });
    expect(await server.call('waiting', { account: alice.id, queue: 'message' })).toBe(0);
    await rig.page.call('hold.resolve', {
      request: request(),
      conversation: chat,
      choice: 'accept-change',
      seenLabel: (await row()).labelRevision,
    });
    await until(id, 'sent');
    expect((await got('message')).received.body).toBe('secret');
  });
});

describe('a disk image put back', () => {
  /** The keys of the account that are used more than once, as they are after two days. */
  async function age(): Promise<void> {
    await rig.core.stop();
    const { account } = rig.db.get<{ readonly account: AccountId }>('SELECT account FROM lane_state') ?? {};
    if (account === undefined) throw new Error('no state');
    const cell = getCell(rig.db, account, listKey('ACI'));
    const list = await readList({ get: async () => cell?.value ?? null }, 'ACI');
    if (cell === null || list === null) throw new Error('no keys');
    const before = (one: Lasting): Lasting => ({ ...one, madeAt: one.madeAt - 48 * 60 * 60 * 1_000 });
    const aged = { ...list, signed: list.signed.map(before), lastResort: list.lastResort.map(before) };
    writeCells(rig.db, account, [{ key: listKey('ACI'), value: encodeList(aged), expect: cell.version }]);
  }
  async function restart(): Promise<void> {
    await rig.restart();
    seen = 0;
  }
  const status = async () => (await rig.page.call('account.list', {})).rows[0]?.status;
  const online = () => rig.page.until('lane', (one) => one.status.kind === 'online');
  const uploads = () => server.call('requests', { path: '/v2/keys?identity=aci' });

  test('AT-54 finds keys of its own device that went up since; nothing is opened or sealed with it', async () => {
    await meet();
    await send('before the image');
    await age();
    const image = takeImage(rig.db);
    await restart();
    await online();
    await send('after the image');
    await rig.core.stop();
    image.putBack();
    // What came meanwhile lies there for whoever goes on.
    const theirs = server.sendText(alice, linked, 'for the one that went on').catch(() => undefined);
    const counted = { artifacts: rig.db.get('SELECT count(*) AS n FROM artifact'), uploads: await uploads() };
    await restart();
    const id = await say('never sealed');
    await rig.page.until('lane', (one) => one.status.kind === 'needs-person');
    await expect.poll(status).toEqual({ kind: 'needs-person', why: 'clone-suspected' });
    await restart();
    expect(await status()).toEqual({ kind: 'needs-person', why: 'clone-suspected' });
    expect((await messageRow(id)).sending?.state).not.toBe('sent');
    expect({
      artifacts: rig.db.get('SELECT count(*) AS n FROM artifact'),
      uploads: await uploads(),
    }).toEqual(counted);
    expect((await rows()).map((one) => (one.kind === 'message' ? one.content?.text : ''))).not.toContain(
      'for the one that went on',
    );
    void theirs;
  });

  test('is no image where keys did not get up: it goes on, and they do', async () => {
    await meet();
    await age();
    await server.call('answer', { path: '/v2/keys?identity=aci', status: 500 });
    await restart();
    await online();
    await rig.core.stop();
    await server.call('answer', { path: '/v2/keys?identity=aci', status: null });
    await restart();
    await online();
    await send('goes on');
    await restart();
    await online();
    await send('and on');
    expect(await status()).toEqual({ kind: 'online' });
  });
});

describe('trouble', () => {
  test('404: nobody is there any more', async () => {
    await meet();
    await server.call('register', { account: alice.id, registered: false });
    const id = await say('one');
    expect((await until(id, 'failed')).sending).toMatchObject({ failure: 'address-unknown' });
    await server.call('register', { account: alice.id, registered: true });
    await rig.page.call('message.retry', { request: request(), id });
    await until(id, 'sent');
    expect((await got('message')).received.body).toBe('one');
  });

  test('428: the person is asked for', async () => {
    await meet();
    await server.call('challenge', { device: linked.id, account: alice.id, on: true });
    await say('one');
    await rig.page.until('lane', ({ status }) => status.kind === 'needs-person' && status.why === 'captcha');
    await eventually(async () => {
      const { sending } = (await row()).label;
      return !sending.ok && sending.why === 'challenge';
    });
    expect(await server.call('waiting', { account: alice.id, queue: 'message' })).toBe(0);
  });

  test('428: who shows that they are a person is heard, and all that waits goes', async () => {
    await meet();
    await server.call('challenge', { device: linked.id, account: alice.id, on: true });
    const ids = [await say('one')];
    await rig.page.until('lane', ({ status }) => status.kind === 'needs-person' && status.why === 'captcha');
    ids.push(await say('two'));
    await server.call('answer', { path: '/v1/challenge', status: 400, body: '' });
    const { flow } = await rig.page.call('flow.start', {
      request: request(),
      account: (await row()).account,
      network: 'signal',
      start: { kind: 'prove-person' },
    });
    const asked = (why: FlowFailure | null) =>
      rig.page.until('flow', ({ flow: of, step }) => of === flow && step.kind === 'ask' && step.why === why);
    const captcha = 'signalcaptcha://signal-hcaptcha.5fad97ac.challenge.' + 'P1_x'.repeat(1_000);
    const answer = { kind: 'fields', values: { captcha } } as const;
    await asked(null);
    await rig.page.call('flow.answer', { flow, answer });
    await asked('code-expired');
    await server.call('answer', { path: '/v1/challenge', status: null, body: '' });
    await server.call('challenge', { device: linked.id, account: alice.id, on: false });
    await rig.page.call('flow.answer', { flow, answer });
    await rig.page.until('flow', ({ flow: of, step }) => of === flow && step.kind === 'done');
    for (const id of ids) await until(id, 'sent');
    expect((await row()).label.sending).toEqual({ ok: true });
  });

  test('a connection that is cut: everything arrives, once', async () => {
    await meet();
    // With nothing under way: what a cut leaves unanswered goes twice, which is what `npm run crash -- --part signal` shows.
    await send('a');
    await server.call('cut', {});
    const ids = [await say('b'), await say('c')];
    for (const id of ids) await until(id, 'sent');
    const times = new Map<string, string | null>();
    while ((await server.call('waiting', { account: alice.id, queue: 'message' })) > 0) {
      const { received, content } = await got('message');
      if (content.kind === 'data') times.set(`${content.data.sentAt}`, received.body);
    }
    expect([...times.values()]).toEqual(['a', 'b', 'c']);
  });

  test('a message of mine that could not be opened is given again, under its own time', async () => {
    await meet();
    const { sentAt } = await send('one');
    await got('message');
    await server.call('sendRaw', { device: linked.id, envelope: retryRequest(sentAt), times: 1 });
    const { received, content } = await got('message');
    expect(received.body).toBe('one');
    expect(content).toMatchObject({ data: { sentAt } });
  });

  test('a message to me that I cannot open is asked for again', async () => {
    await meet();
    await send('one');
    await got('message');
    const sentAt = Date.now();
    const envelope = await server.call('encryptText', {
      account: alice.id,
      device: linked.id,
      text: 'damaged',
      options: { sentAt },
    });
    await server.call('sendRaw', { device: linked.id, envelope: damaged(envelope), times: 1 });
    const { received }: { received: Received } = await got('decryption-error');
    expect(received.envelope).toBe('Plaintext');
  });
});

/** The envelope in which Alice's phone says that it could not open what I sent it then. */
function retryRequest(sentAt: number): Uint8Array {
  // Of no ratchet: it lost its session altogether.
  const error = DecryptionErrorMessage.forOriginal(
    Uint8Array.of(1),
    CiphertextMessageType.SenderKey,
    sentAt,
    linked.device,
  );
  return toBinary(
    EnvelopeSchema,
    create(EnvelopeSchema, {
      type: ENVELOPE.plaintext,
      sourceBinary: serviceIdBytes(alice.aci as ServiceId),
      sourceDevice: 1,
      destinationBinary: serviceIdBytes(phone.aci as ServiceId),
      sentAt: BigInt(Date.now()),
      serverAt: BigInt(Date.now()),
      content: PlaintextContent.from(error).serialize(),
    }),
  );
}

/** An envelope whose ciphertext was changed under way. */
function damaged(bytes: Uint8Array): Uint8Array {
  const envelope = fromBinary(EnvelopeSchema, bytes);
  const content = Uint8Array.from(envelope.content ?? []);
  // Ciphertext lies before the authentication code of eight bytes.
  const at = content.length - 12;
  content[at] = (content[at] ?? 0) ^ 1;
  return toBinary(EnvelopeSchema, { ...envelope, content });
}

/** Alice's name, long enough to be no chance. */
const NAME = 'canary-her-name-90';

test('nothing of what is said or of what anybody is called can be read in a request, but whom it is for', async () => {
  const canaries = {
    text: 'canary-text-91',
    long: 'canary-long-text-92',
    answer: 'canary-answer-93',
    theirs: 'canary-theirs-94',
  };
  await meet(true);
  await eventually(async () => (await row()).title === NAME);
  await server.sendText(alice, linked, canaries.theirs);
  await eventually(async () => (await rows()).length >= 2);
  const theirs = (await rows()).at(-1) as Row;
  await send(canaries.text);
  await send({ ...textOnly(canaries.answer), quote: theirs.key });
  // So long that it goes up as a file beside the message.
  const { id } = await send(`${canaries.long} `.repeat(200));
  const { labelRevision: seenLabel } = await row();
  const acting = { request: request(), id: theirs.id };
  await rig.page.call('message.react', { ...acting, emoji: ['👍'], seenLabel });
  await rig.page.call('message.delete', { request: request(), id });
  const arrived: unknown[] = [];
  while (arrived.length < 5) arrived.push(what((await got('message')).content)?.kind);
  expect(arrived).toEqual(['text', 'text', 'text', 'reaction', 'delete']);
  // Whom it is for stands in a path; a header of the upload shows that files are looked through as well.
  const open = [alice.aci, 'tus-resumable'];
  const words = [...Object.values(canaries), NAME, ...open];
  expect(await server.call('readable', { words })).toEqual(open);
});

describe('a builder that leaks', () => {
  /** The body of a message with something else in it. */
  const body = (asked: Request, change: (body: Readonly<Record<string, unknown>>) => object): Request => ({
    ...asked,
    json: change(asked.json as Readonly<Record<string, unknown>>),
  });
  const parts = (asked: Request, content: string): Request =>
    body(asked, (json) => ({
      ...json,
      messages: (json['messages'] as readonly object[]).map((part) => ({ ...part, content })),
    }));
  const leaks: readonly (readonly [word: string, leak: (asked: Request, word: string) => Request])[] = [
    ['canary-unsealed-61', (asked, word) => parts(asked, Buffer.from(word.repeat(20)).toString('base64'))],
    ['canary-beside-63', (asked, word) => body(asked, (json) => ({ ...json, text: word }))],
    ['canary-path-64', (asked, word) => ({ ...asked, path: `${asked.path}&text=${word}` })],
    [
      'canary-header-65',
      (asked, word) => ({ ...asked, headers: [...(asked.headers ?? []), ['x-note', word]] }),
    ],
  ];
  const words = leaks.map(([word]) => word);
  afterEach(() => {
    injected.leak = null;
    injected.guardOff = false;
  });

  test('is stopped by the guard, whichever way it leaks: the message is held', async () => {
    await meet();
    for (const [word, leak] of leaks) {
      injected.leak = (asked) => leak(asked, word);
      const held = await until(await say(word), 'held');
      const choice = { request: request(), conversation: chat, choice: 'discard' } as const;
      await rig.page.call('hold.resolve', { ...choice, seenLabel: (await row()).labelRevision });
      expect(held.sending).toMatchObject({ state: 'held', hold: 'guard' });
    }
    expect(await server.call('readable', { words })).toEqual([]);
  });

  test('is found at the server with the guard off, each of its ways', async () => {
    await meet();
    injected.guardOff = true;
    // All in one request: the server makes nothing of it, and another would wait for its turn.
    injected.leak = (asked) => leaks.reduce((leaking, [word, leak]) => leak(leaking, word), asked);
    await say('leaks');
    await expect.poll(() => server.call('readable', { words }), { timeout: 10_000 }).toEqual(words);
  });
});
