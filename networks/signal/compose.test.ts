import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ServiceId } from '../../crypto/signal/address.ts';
import { textOnly, type Content } from '../../shared/contract/content.ts';
import type { AccountId, ConversationId, NetworkKey, OutboxId } from '../../shared/ids.ts';
import type { Intent } from '../../shared/lane/intent.ts';
import { decodeContent } from './codec/decode.ts';
import { compose, recipientOf } from './compose.ts';
import type { Composed, Draft } from './draft.ts';
import { errandIntent, readErrand } from './errand.ts';
import { bodyOf, MAX_BODY_BYTES, writeLongText } from './long-text.ts';
import { conversationWith, peerOf } from './names.ts';
import { readPeer, unknownPeer, writePeer } from './peer-record.ts';
import { notePhoneSettings, readBlocked } from './phone-record.ts';
import { MAX_RESENDS } from './resend.ts';
import { readSent, SENT_FOR_MS, writeSent, type SentRecord } from './send-log.ts';
import { createCells } from './test/cells.ts';
import { pointerTo } from './test/file-pointer.ts';

const account = 'account' as AccountId;
const me = '00000000-0000-4000-8000-000000000001' as ServiceId;
const alice = '00000000-0000-4000-8000-00000000000a' as ServiceId;
const chat = conversationWith(account, alice);
const own = {
  service: me,
  device: 2,
  identityKey: new Uint8Array(33).fill(5),
  profileKey: new Uint8Array(32).fill(7),
};
const IDENTITY = 'aa'.repeat(33);
const key = (text: string): NetworkKey => text as NetworkKey;
const sentAt = 1_700_000_000_000;

let state: ReturnType<typeof createCells>;
let ratchet: Uint8Array | null;
beforeEach(() => {
  state = createCells();
  ratchet = null;
});

const intent = (what: Intent['what'], conversation: ConversationId | null = chat): Intent => ({
  conversation,
  sentAt,
  what,
});
const saying = (content: Content, more: object = {}): Intent =>
  intent({ kind: 'content', key: key(`me:${sentAt}`), content, ...more });

function composed(
  of: Intent,
  how: { readonly quoted?: string; readonly sealed?: boolean; readonly renewed?: boolean } = {},
): Promise<Composed> {
  const engine = {
    identityOf: async () => IDENTITY,
    isCurrentRatchet: async (_to: unknown, named: Uint8Array) =>
      ratchet !== null && Buffer.from(named).equals(ratchet),
  };
  const { quoted, sealed = false, renewed = false } = how;
  return state.run((work) =>
    compose(
      { account, own, engine, work, now: sentAt + 5, sealed, renewed },
      { intent: of, ...(quoted === undefined ? {} : { quoted }) },
    ),
  );
}

async function drafted(of: Intent, how: Parameters<typeof composed>[1] = {}): Promise<Draft> {
  const result = await composed(of, how);
  if (result.kind !== 'draft') throw new Error(result.kind);
  return result.draft;
}

const incoming = ({ what }: Draft) => decodeContent(what.content);
async function data(of: Intent, quoted?: string) {
  const read = incoming(await drafted(of, quoted === undefined ? {} : { quoted }));
  if (read.kind !== 'data') throw new Error(read.kind);
  return read.data;
}

describe('a message', () => {
  test('says its text, its styles, its timer and my profile key', async () => {
    const content: Content = {
      text: 'bold words',
      ranges: [
        { at: 0, length: 4, as: 'bold' },
        { at: 5, length: 5, as: { mention: peerOf(alice) } },
        { at: 0, length: 1, as: { mention: 'email|x' as never } },
      ],
      files: [],
    };
    const draft = await drafted(saying(content, { timer: { ms: 60_000, version: 3 } }));
    expect(draft).toMatchObject({ to: alice, sentAt, urgent: true, hint: 'resendable', keptMs: 60_000 });
    expect(incoming(draft)).toMatchObject({
      kind: 'data',
      data: {
        sentAt,
        profileKey: own.profileKey,
        timer: { ms: 60_000, version: 3 },
        what: {
          text: 'bold words',
          ranges: [
            { at: 0, length: 4, as: 'bold' },
            { at: 5, length: 5, as: { mention: alice } },
          ],
        },
      },
    });
  });

  test('that answers another names it and its words', async () => {
    const answer = saying({ ...textOnly('yes'), quote: key(`${alice}:7`) });
    expect((await data(answer, 'really?')).what).toMatchObject({ quote: { author: alice, sentAt: 7 } });
    const mine = saying({ ...textOnly('yes'), quote: key('me:8') });
    expect((await data(mine, 'I said')).what).toMatchObject({ quote: { author: me, sentAt: 8 } });
    expect((await data(saying({ ...textOnly('x'), quote: key('what?') }))).what).toMatchObject({
      quote: null,
    });
  });

  test('with files, or longer than Signal shows, is not possible', async () => {
    const files = saying({ ...textOnly('x'), files: ['f' as never] });
    expect(await composed(files)).toEqual({ kind: 'failed', failure: 'not-possible' });
    const long = saying(textOnly('ä'.repeat(33_000)));
    expect(await composed(long)).toEqual({ kind: 'failed', failure: 'too-large' });
  });

  test('that is long has its whole text uploaded first, and names the same file each time', async () => {
    const text = 'word '.repeat(500);
    expect(await composed(saying(textOnly(text)))).toEqual({ kind: 'upload', text });
    const pointer = pointerTo(Buffer.from(text), { id: 'file' });
    await state.run(async (work) => {
      await work.get({ space: 'long-text', key: `me:${sentAt}` });
      writeLongText(work, key(`me:${sentAt}`), pointer);
    });
    const { what } = await data(saying(textOnly(text)));
    expect(what).toMatchObject({ text: text.slice(0, MAX_BODY_BYTES), longText: { id: 'file', cdn: 3 } });
  });

  test('to myself is nothing but what my other devices are told', async () => {
    const draft = await drafted({ ...saying(textOnly('note')), conversation: conversationWith(account, me) });
    expect(draft).toMatchObject({ to: me, told: null, urgent: false });
    expect(incoming(draft)).toMatchObject({
      kind: 'sync',
      sync: { kind: 'sent', to: me, sentAt, message: { data: { what: { text: 'note' } } } },
    });
  });

  test('in no conversation of Signal goes nowhere', async () => {
    for (const conversation of [null, 'account|email|x@example.org', 'other|signal|' + alice]) {
      const of = { ...saying(textOnly('x')), conversation: conversation as ConversationId | null };
      expect(recipientOf(account, me, of)).toBeNull();
      expect(await composed(of)).toEqual({ kind: 'failed', failure: 'not-possible' });
    }
  });
});

test('a body fits, ends between characters, and is the beginning of the text', () => {
  const text = fc.array(fc.constantFrom('a', 'ä', '語', '👍', '👩‍👩‍👧‍👦', 'e\u0301', '\ud800'), { maxLength: 900 });
  fc.assert(
    fc.property(text, (parts) => {
      const whole = parts.join('').toWellFormed();
      const body = bodyOf(whole);
      expect(whole.startsWith(body)).toBe(true);
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_BODY_BYTES);
      expect(body.isWellFormed()).toBe(true);
    }),
    { numRuns: 50 },
  );
  const marks = 'e' + '\u0301'.repeat(4_000);
  expect(Buffer.byteLength(bodyOf(marks))).toBe(MAX_BODY_BYTES - 1);
});

describe('a reaction', () => {
  const react = (emoji: readonly string[], by = 'r1'): Intent =>
    intent({ kind: 'reaction', key: key(by), target: key(`${alice}:7`), emoji });

  test('is the last of the set; taken back, it names the one before, however often it is composed', async () => {
    expect((await data(react(['👍', '❤️']))).what).toMatchObject({
      kind: 'reaction',
      emoji: '❤️',
      remove: false,
      target: { author: alice, sentAt: 7 },
    });
    for (let time = 0; time < 2; time++)
      expect((await data(react([], 'r2'))).what).toMatchObject({ emoji: '❤️', remove: true });
  });

  test('nobody remembers is taken back all the same', async () => {
    expect((await data(react([]))).what).toMatchObject({ remove: true });
  });

  test('to what is no message of Signal is not possible', async () => {
    const of = intent({ kind: 'reaction', key: key('r'), target: key('x@y'), emoji: ['👍'] });
    expect(await composed(of)).toEqual({ kind: 'failed', failure: 'not-possible' });
  });
});

describe('deleting and editing', () => {
  test('name my message by its time; what stands in the log of it goes', async () => {
    await state.run((work) => writeSent(work, alice, 7, record(), sentAt));
    const draft = await drafted(intent({ kind: 'delete', key: key('d'), target: key('me:7') }));
    expect(incoming(draft)).toMatchObject({ data: { what: { kind: 'delete', targetSentAt: 7 } } });
    expect(await state.run((work) => readSent(work, alice, 7, sentAt))).toBeNull();
    const edit = intent({ kind: 'edit', key: key('e'), target: key('me:7'), content: textOnly('new') });
    expect(incoming(await drafted(edit))).toMatchObject({
      kind: 'edit',
      targetSentAt: 7,
      data: { sentAt, what: { text: 'new' } },
    });
    expect(await drafted(edit)).toMatchObject({ told: { editOf: 7 } });
  });

  test("somebody else's message is not mine to change", async () => {
    const target = key(`${alice}:7`);
    for (const what of [
      { kind: 'delete', key: key('d'), target } as const,
      { kind: 'edit', key: key('e'), target, content: textOnly('x') } as const,
    ])
      expect(await composed(intent(what))).toEqual({ kind: 'failed', failure: 'not-possible' });
  });
});

test('a timer of the conversation is told', async () => {
  const draft = await drafted(intent({ kind: 'timer', key: key('t'), timer: { ms: 3_600_000, version: 9 } }));
  expect(incoming(draft)).toMatchObject({
    data: { timer: { ms: 3_600_000, version: 9 }, what: { kind: 'timer' } },
  });
  expect(draft.urgent).toBe(false);
});

describe('a receipt', () => {
  const receipt = (as: 'read' | 'delivered', tell: boolean, of = [`${alice}:7`, `${alice}:8`]): Intent =>
    intent({ kind: 'receipt', key: key('r'), of: of.map(key), as, tell });
  const synced = (enqueue: readonly Intent[]) =>
    enqueue.map(({ what }) => {
      if (what.kind !== 'protocol') throw new Error(what.kind);
      const errand = readErrand(what);
      return errand !== null && 'content' in errand ? decodeContent(errand.content) : null;
    });
  const read = [
    {
      kind: 'sync',
      sync: {
        kind: 'read',
        of: [
          { author: alice, sentAt: 7 },
          { author: alice, sentAt: 8 },
        ],
      },
    },
  ];

  test('of reading goes to the author and to my own devices', async () => {
    const draft = await drafted(receipt('read', true));
    expect(incoming(draft)).toEqual({ kind: 'receipt', as: 'read', of: [7, 8] });
    expect(draft.urgent).toBe(false);
    expect(synced(draft.enqueue)).toEqual(read);
  });

  test('that nobody is to be told of goes to my own devices alone', async () => {
    const result = await composed(receipt('read', false));
    expect(result).toMatchObject({ kind: 'void' });
    expect(synced(result.kind === 'void' ? result.enqueue : [])).toEqual(read);
  });

  test('of reading goes to my own devices alone where my phone says so; one of delivery goes out', async () => {
    await state.run((work) => notePhoneSettings(work, { readReceipts: false, typing: null }));
    expect(await composed(receipt('read', true))).toMatchObject({ kind: 'void', enqueue: [{}] });
    expect(await composed(receipt('delivered', true))).toMatchObject({ kind: 'draft' });
    await state.run((work) => notePhoneSettings(work, { readReceipts: true, typing: null }));
    expect(await composed(receipt('read', true))).toMatchObject({ kind: 'draft' });
  });

  test('of delivery goes to the author alone', async () => {
    const draft = await drafted(receipt('delivered', true));
    expect(incoming(draft)).toEqual({ kind: 'receipt', as: 'delivered', of: [7, 8] });
    expect(draft.enqueue).toEqual([]);
  });

  test("is never given for anybody else's messages", async () => {
    const bob = '00000000-0000-4000-8000-00000000000b';
    expect(await composed(receipt('delivered', true, [`${bob}:7`, 'me:8', 'nonsense']))).toEqual({
      kind: 'void',
      enqueue: [],
    });
  });
});

const record = (more: Partial<SentRecord> = {}): SentRecord => ({
  item: 'item' as OutboxId,
  content: Uint8Array.of(1, 2, 3),
  hint: 'resendable',
  identity: IDENTITY,
  devices: [1],
  evidence: null,
  resends: 0,
  expiresAt: sentAt + SENT_FOR_MS,
  ...more,
});

describe('a device that could not open something', () => {
  const RATCHET = new Uint8Array(33).fill(9);
  const asks = (device = 1, at = 7, ratchetKey: Uint8Array | null = RATCHET): Intent =>
    errandIntent({ op: 'resend', to: { service: alice, device }, sentAt: at, ratchetKey }, sentAt);
  const keep = (more: Partial<SentRecord> = {}) =>
    state.run((work) => writeSent(work, alice, 7, record(more), sentAt));

  test('gets the very same content under its own time; the others get nothing', async () => {
    await keep();
    const draft = await drafted(asks());
    expect(draft).toMatchObject({
      to: alice,
      sentAt: 7,
      keptMs: null,
      told: null,
      what: { kind: 'one-device', device: 1, content: Uint8Array.of(1, 2, 3) },
    });
    const { what } = draft;
    expect(what.kind === 'one-device' && decodeContent(what.others)).toMatchObject({ kind: 'nothing' });
  });

  test('and names the ratchet in use gets a new session first', async () => {
    await keep();
    ratchet = RATCHET;
    expect(await composed(asks())).toEqual({ kind: 'renew', to: { service: alice, device: 1 } });
  });

  test.each([
    ['another identity', { identity: 'bb' }],
    ['another device', { devices: [2, 3] }],
    ['too often already', { resends: MAX_RESENDS }],
    ['too long ago', { expiresAt: sentAt + 1 }],
  ])('gets nothing of what was sealed for %s', async (_what, more) => {
    await keep(more);
    expect(await composed(asks())).toEqual({ kind: 'void', enqueue: [] });
    const draft = await drafted(asks(), { renewed: true });
    expect(decodeContent(draft.what.content)).toMatchObject({ kind: 'nothing', what: 'null-message' });
  });

  test('gets nothing that was never sent', async () => {
    await keep();
    expect(await composed(asks(1, 8))).toEqual({ kind: 'void', enqueue: [] });
  });

  test('whatever it asks for, gets only what was sealed for it under that identity', async () => {
    const kept = fc.record({
      at: fc.integer({ min: 1, max: 4 }),
      devices: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
      identity: fc.constantFrom(IDENTITY, 'bb'),
      resends: fc.constantFrom(0, MAX_RESENDS - 1, MAX_RESENDS),
      lastsMs: fc.constantFrom(1, SENT_FOR_MS),
    });
    const request = fc.record({
      device: fc.integer({ min: 1, max: 5 }),
      at: fc.integer({ min: 0, max: 5 }),
      ratchetKey: fc.option(fc.uint8Array({ maxLength: 33 })),
      renewed: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(kept, { selector: ({ at }) => at, maxLength: 4 }),
        fc.array(request, { maxLength: 6 }),
        async (log, requests) => {
          state = createCells();
          for (const { at, lastsMs, ...more } of log)
            await state.run((work) =>
              writeSent(
                work,
                alice,
                at,
                record({ ...more, content: Uint8Array.of(at), expiresAt: sentAt + lastsMs }),
                sentAt,
              ),
            );
          const given = new Map<number, number>();
          for (const { device, at, ratchetKey, renewed } of requests) {
            const result = await composed(asks(device, at, ratchetKey && Uint8Array.from(ratchetKey)), {
              renewed,
            });
            const one = log.find((entry) => entry.at === at);
            const times = given.get(at) ?? 0;
            const may =
              one !== undefined &&
              one.devices.includes(device) &&
              one.identity === IDENTITY &&
              one.lastsMs === SENT_FOR_MS &&
              one.resends + times < MAX_RESENDS;
            if (may) given.set(at, times + 1);
            if (result.kind !== 'draft' || result.draft.what.kind !== 'one-device') {
              expect([result.kind, may, renewed]).toEqual(['void', false, false]);
              continue;
            }
            const { content, others } = result.draft.what;
            expect(result.draft.sentAt).toBe(at);
            expect(decodeContent(others)).toMatchObject({ kind: 'nothing' });
            if (may) expect(content).toEqual(Uint8Array.of(at));
            else expect(decodeContent(content)).toMatchObject({ kind: 'nothing' });
          }
        },
      ),
    );
  });

  test('gets it so many times and no more', async () => {
    await keep();
    for (let time = 0; time < MAX_RESENDS; time++)
      expect(await composed(asks())).toMatchObject({ kind: 'draft' });
    expect(await composed(asks())).toMatchObject({ kind: 'void' });
    // What was sealed already is not asked again.
    expect(await composed(asks(), { sealed: true })).toMatchObject({ kind: 'draft' });
  });
});

describe('errands', () => {
  test('to my own devices say what they carry, and forget what was deleted', async () => {
    await state.run((work) => writeSent(work, me, 7, record(), sentAt));
    const content = Uint8Array.of(9);
    const draft = await drafted(errandIntent({ op: 'transcript', content, forget: 7, endsAt: null }, sentAt));
    expect(draft).toMatchObject({ to: me, sentAt, what: { kind: 'content', content }, told: null });
    expect(await state.run((work) => readSent(work, me, 7, sentAt))).toBeNull();
  });

  test('that tell of a message that disappears are kept as long as it, and not sent once it is over', async () => {
    // As this file composes.
    const now = sentAt + 5;
    const telling = (endsAt: number | null) =>
      errandIntent({ op: 'transcript', content: Uint8Array.of(9), forget: null, endsAt }, sentAt);
    expect((await drafted(telling(null))).keptMs).toBe(SENT_FOR_MS);
    expect((await drafted(telling(sentAt + 2 * SENT_FOR_MS))).keptMs).toBe(SENT_FOR_MS);
    expect((await drafted(telling(now + 300_000))).keptMs).toBe(300_000);
    expect(await composed(telling(now))).toEqual({ kind: 'void', enqueue: [] });
    // What is sealed already goes as it is.
    expect(await composed(telling(now), { sealed: true })).toMatchObject({
      kind: 'draft',
      draft: { keptMs: 0 },
    });
  });

  test('that ask for something again go unsealed, to every device', async () => {
    const content = Uint8Array.of(9);
    const to = { service: alice, device: 3 };
    expect(await drafted(errandIntent({ op: 'retry-request', to, content }, sentAt))).toMatchObject({
      to: alice,
      what: { kind: 'plaintext', content },
      keptMs: null,
    });
  });

  test.each([
    ['blocked', 'block', [alice]],
    ['accepted', 'accept', []],
  ] as const)('that I %s somebody is told to my own devices, and kept', async (op, answer, kept) => {
    const what = {
      kind: 'protocol',
      key: key('p'),
      op,
      data: new TextEncoder().encode(peerOf(alice)),
    } as const;
    await state.run(async (work) => {
      await readPeer(work, alice);
      writePeer(work, alice, { ...unknownPeer, conversation: true });
    });
    const draft = await drafted(intent(what, null));
    expect(draft.to).toBe(me);
    expect(incoming(draft)).toEqual({
      kind: 'sync',
      sync: { kind: 'request-response', service: alice, answer },
    });
    expect(await state.run((work) => readBlocked(work))).toEqual(kept);
    expect((await state.run((work) => readPeer(work, alice)))?.accepted).toBe(op === 'accepted');
  });

  test('that do not read are damaged', async () => {
    for (const op of ['resend', 'transcript', 'other'])
      expect(
        await composed(intent({ kind: 'protocol', key: key('p'), op, data: Uint8Array.of(1) }, null)),
      ).toEqual({ kind: 'failed', failure: 'damaged' });
  });
});
