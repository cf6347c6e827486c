import { describe, expect, it } from 'vitest';
import type { Change } from '../../shared/lane/change.ts';
import { encodeContent } from './codec/encode.ts';
import * as oracle from './codec/test/oracle.ts';
import { conversationWith, peerOf } from './names.ts';
import { retryBytes } from './test/clear-engine.ts';
import { pointerTo } from './test/file-pointer.ts';
import { ACCOUNT } from './test/lane-context.ts';
import {
  ALICE,
  BOB,
  createReceivingWorld,
  data,
  keyOf,
  ME,
  MY_PNI,
  OWN_DEVICE,
  text,
  type ReceivingWorld,
} from './test/receiving-world.ts';

const T = 1_799_999_000_000;
const CHAT = conversationWith(ACCOUNT, ALICE);
const kinds = ({ core }: ReceivingWorld): readonly Change['kind'][] =>
  core.commits.flatMap(({ changes }) => changes.map(({ kind }) => kind));
const codes = (world: ReceivingWorld) => world.core.changes('note').map(({ code }) => code);

/** A world in which Alice has said hello. */
async function met(): Promise<ReceivingWorld> {
  const world = createReceivingWorld();
  await world.arrive(world.alice(text('hello', T)));
  return world;
}

describe('a first message', () => {
  it('makes a peer, a request, a message with its evidence, a forecast and one receipt', async () => {
    const world = await met();
    const [commit] = world.core.commits;
    expect(world.core.commits).toHaveLength(1);
    expect(commit?.changes).toMatchObject([
      { kind: 'peer', peer: `signal|${ALICE}`, identity: keyOf(ALICE), address: null, name: null },
      {
        kind: 'conversation',
        id: CHAT,
        patch: { kind: 'direct', peer: `signal|${ALICE}`, protocol: 'signal', state: 'request' },
      },
      {
        kind: 'message',
        target: { conversation: CHAT, key: `${ALICE}:${T}` },
        author: `signal|${ALICE}`,
        sentAt: T,
        content: { text: 'hello', ranges: [], files: [] },
        evidence: {
          how: 'opened-here',
          at: world.now,
          from: {
            peer: `signal|${ALICE}`,
            key: keyOf(ALICE),
            trust: { kind: 'unchecked' },
            proof: 'session',
          },
          details: [{ name: 'sealed-sender', value: 'no' }],
        },
      },
    ]);
    expect(commit?.forecasts).toMatchObject([{ conversation: CHAT, hold: null, facts: [{}] }]);
    expect(commit?.enqueue).toMatchObject([
      { conversation: CHAT, what: { kind: 'receipt', as: 'delivered', tell: true, of: [`${ALICE}:${T}`] } },
    ]);
    expect(commit?.inbound).toMatchObject([{ kind: 'consumed' }]);
    expect(world.acknowledged).toHaveLength(1);
  });

  it('to my phone number is a message in the same conversation', async () => {
    const world = createReceivingWorld();
    await world.arrive(world.alice(text('hi', T), { destination: MY_PNI, envelopeType: 'prekey' }));
    expect(world.core.changes('message')).toMatchObject([{ target: { conversation: CHAT } }]);
  });

  it('is told once with others of its batch', async () => {
    const world = createReceivingWorld();
    await world.arrive(world.alice(text('1', T)), world.alice(text('2', T + 1)), world.bob(text('3', T)));
    expect(world.core.commits).toHaveLength(1);
    const of = world.core.commits[0]?.enqueue.map(({ what }) => what.kind === 'receipt' && what.of);
    expect(of).toEqual([[`${ALICE}:${T}`, `${ALICE}:${T + 1}`], [`${BOB}:${T}`]]);
    const stamps = world.core.commits[0]?.enqueue.map(({ sentAt }) => sentAt) ?? [];
    expect(new Set(stamps).size).toBe(2);
  });
});

describe('a message', () => {
  it('carries styles, mentions and a quote', async () => {
    const world = await met();
    const ranges = [
      { at: 0, length: 2, as: 'bold' as const },
      { at: 1, length: 900, as: 'italic' as const },
      { at: 900, length: 1, as: 'mono' as const },
      { at: 0, length: 1, as: { mention: BOB } },
    ];
    const quote = { name: { author: ME, sentAt: 77 }, text: 'quoted' };
    await world.arrive(world.alice(text('words', T + 1, { what: { ranges, quote } })));
    expect(world.core.changes('message')[1]?.content).toEqual({
      text: 'words',
      ranges: [
        { at: 0, length: 2, as: 'bold' },
        { at: 1, length: 4, as: 'italic' },
        { at: 0, length: 1, as: { mention: peerOf(BOB) } },
      ],
      quote: 'me:77',
      files: [],
    });
  });

  it('that goes by itself says after how long, and its conversation says that this is new', async () => {
    const world = await met();
    const timer = { ms: 60_000, version: 2 };
    await world.arrive(world.alice(text('gone soon', T + 1, { timer })));
    await world.arrive(world.alice(text('too', T + 2, { timer })));
    expect(world.core.changes('message')[1]?.expires).toEqual({ afterMs: 60_000, startedAt: null });
    expect(world.core.changes('conversation').slice(1)).toEqual([
      { kind: 'conversation', id: CHAT, patch: { timer } },
    ]);
    expect(codes(world)).toEqual(['timer-changed']);
    await world.arrive(world.alice(data({ kind: 'timer' }, T + 3, { timer: { ms: null, version: 1 } })));
    expect(codes(world)).toEqual(['timer-changed']);
    await world.arrive(world.alice(data({ kind: 'timer' }, T + 4, { timer: { ms: null, version: 3 } })));
    expect(codes(world)).toEqual(['timer-changed', 'timer-changed']);
    expect(world.core.changes('message')).toHaveLength(3);
  });

  it('whose content has another time than its envelope is refused', async () => {
    const world = await met();
    await world.arrive(world.alice(text('other', T + 1), { sentAt: T + 2, key: 'other' }));
    expect(world.core.changes('message')).toHaveLength(1);
    expect(world.core.outcome('other' as never)).toBe('quarantined');
  });

  it('of a group is kept and shown nowhere', async () => {
    const world = createReceivingWorld();
    const masterKey = new Uint8Array(32).fill(1);
    const groupV2 = { masterKey, revision: 0, groupChange: null };
    const content = oracle.encodeData({ body: 'hi all', timestamp: BigInt(T), groupV2 });
    await world.arrive(world.from({ service: ALICE, device: 1 }, content, { sentAt: T }));
    expect(kinds(world)).toEqual(['peer']);
    expect(world.core.settled()).toMatchObject([{ kind: 'parked', needs: 'acceptance', raw: content }]);
  });

  it.each([
    ['a payment', { payment: { Item: null } }],
    ['of a later version', { body: 'x', requiredProtocolVersion: 9 }],
    ['without anything known', {}],
  ] satisfies readonly (readonly [string, Partial<oracle.DataParams>])[])(
    '%s has its place, and is kept',
    async (_, fields) => {
      const world = createReceivingWorld();
      const content = oracle.encodeData({ timestamp: BigInt(T), ...fields });
      await world.arrive(world.from({ service: ALICE, device: 1 }, content, { sentAt: T }));
      expect(world.core.changes('message')).toMatchObject([
        { content: { text: '', special: 'newer-version' } },
      ]);
      expect(world.core.settled()).toMatchObject([{ kind: 'parked', raw: content }]);
    },
  );

  it('of a kind that is not known yet has its place, and is kept', async () => {
    const world = createReceivingWorld();
    const content = Uint8Array.from([0xfa, 0x07, 0x01, 0x00]);
    await world.arrive(world.from({ service: ALICE, device: 1 }, content, { sentAt: T }));
    expect(world.core.changes('message')).toMatchObject([
      { target: { key: `${ALICE}:${T}` }, content: { special: 'newer-version' } },
    ]);
    expect(world.core.settled()).toMatchObject([{ kind: 'parked', raw: content }]);
  });

  it('that brings files shows its words, says what is not here, and is kept', async () => {
    const world = createReceivingWorld();
    const attachments = [oracle.pointer(pointerTo(new Uint8Array(5), { type: 'image/png' }))];
    const words = oracle.encodeData({ body: 'look', timestamp: BigInt(T), attachments });
    const none = oracle.encodeData({ timestamp: BigInt(T + 1), attachments });
    const alice = { service: ALICE, device: 1 };
    await world.arrive(world.from(alice, words, { sentAt: T }), world.from(alice, none, { sentAt: T + 1 }));
    expect(world.core.changes('message')).toMatchObject([
      { content: { text: 'look' } },
      { content: { text: '', special: 'newer-version' } },
    ]);
    expect(codes(world)).toEqual(['not-fetched']);
    expect(world.core.settled().map(({ kind }) => kind)).toEqual(['parked', 'parked']);
  });

  it('that may be looked at once is named and not kept', async () => {
    const world = createReceivingWorld();
    const content = oracle.encodeData({ timestamp: BigInt(T), isViewOnce: true });
    await world.arrive(world.from({ service: ALICE, device: 1 }, content, { sentAt: T }));
    expect(world.core.changes('message')).toMatchObject([{ content: { special: 'view-once' } }]);
    expect(world.core.settled()).toMatchObject([{ kind: 'consumed' }]);
  });

  it('that says nothing shows nothing', async () => {
    const world = await met();
    const alice = { service: ALICE, device: 1 };
    const end = oracle.encodeData({ timestamp: BigInt(T + 1), flags: 1, body: 'TERMINATE' });
    await world.arrive(
      world.from(alice, end, { sentAt: T + 1 }),
      world.alice({ kind: 'null-message' }),
      world.from(alice, oracle.encodeContent({ content: { storyMessage: emptyStory } })),
    );
    expect(kinds(world).slice(3)).toEqual([]);
    expect(world.core.settled().map(({ kind }) => kind)).toEqual([
      'consumed',
      'consumed',
      'consumed',
      'consumed',
    ]);
  });
});

const emptyStory = {
  profileKey: null,
  group: null,
  attachment: null,
  allowsReplies: null,
  bodyRanges: null,
};

describe('what is about another message', () => {
  it('edits, reacts to and deletes what its author wrote', async () => {
    const world = await met();
    await world.arrive(
      world.alice({
        kind: 'edit',
        targetSentAt: T,
        data: (text('better', T + 1) as never as { data: never }).data,
      }),
      world.alice(
        data({ kind: 'reaction', target: { author: ME, sentAt: 5 }, emoji: '👍', remove: false }, T + 2),
      ),
      world.alice(
        data({ kind: 'reaction', target: { author: ALICE, sentAt: T }, emoji: '👍', remove: true }, T + 3),
      ),
      world.alice(data({ kind: 'delete', targetSentAt: T }, T + 4)),
    );
    const by = peerOf(ALICE);
    // That an edit arrived is told too, by the time of the edit.
    expect(world.core.items().at(-1)?.intent.what).toMatchObject({
      kind: 'receipt',
      of: [`${ALICE}:${T + 1}`],
    });
    expect(world.core.changes('edit')).toMatchObject([
      { target: { conversation: CHAT, key: `${ALICE}:${T}` }, by, content: { text: 'better' } },
    ]);
    expect(world.core.changes('reaction')).toMatchObject([
      { target: { conversation: CHAT, key: 'me:5' }, by, emoji: ['👍'], evidence: { how: 'opened-here' } },
      { target: { key: `${ALICE}:${T}` }, by, emoji: [] },
    ]);
    expect(world.core.changes('delete')).toEqual([
      { kind: 'delete', target: { conversation: CHAT, key: `${ALICE}:${T}` }, by },
    ]);
  });

  it('may name it by one of its edits', async () => {
    const world = await met();
    const edit = (of: number, at: number) =>
      world.alice({ kind: 'edit', targetSentAt: of, data: { ...dataOf('v', at) } });
    await world.arrive(edit(T, T + 1), edit(T + 1, T + 2));
    await world.arrive(
      world.alice(data({ kind: 'delete', targetSentAt: T + 2 }, T + 3)),
      world.alice(
        text('q', T + 4, { what: { quote: { name: { author: ALICE, sentAt: T + 2 }, text: '' } } }),
      ),
    );
    const first = `${ALICE}:${T}`;
    expect(world.core.changes('edit').map(({ target }) => target.key)).toEqual([first, first]);
    expect(world.core.changes('delete').map(({ target }) => target.key)).toEqual([first]);
    expect(world.core.changes('message')[1]?.content.quote).toBe(first);
  });

  it('never touches what somebody else wrote', async () => {
    const world = await met();
    await world.arrive(world.bob(text('hello', T)));
    const target = { author: ALICE, sentAt: T };
    await world.arrive(
      // Names only times: what it means is the writer's own message of that time, in the writer's conversation.
      world.bob(data({ kind: 'delete', targetSentAt: T }, T + 1)),
      world.bob({ kind: 'edit', targetSentAt: T, data: dataOf('mine now', T + 2) }),
      world.bob(data({ kind: 'reaction', target, emoji: '👎', remove: false }, T + 3), { key: 'foreign' }),
    );
    const bobs = { conversation: conversationWith(ACCOUNT, BOB), key: `${BOB}:${T}` };
    expect(world.core.changes('delete')).toEqual([{ kind: 'delete', target: bobs, by: peerOf(BOB) }]);
    expect(world.core.changes('edit')).toMatchObject([{ target: bobs, by: peerOf(BOB) }]);
    expect(world.core.changes('reaction')).toEqual([]);
    expect(world.core.outcome('foreign' as never)).toBe('quarantined');
  });

  it('from a stranger is about nothing', async () => {
    const world = createReceivingWorld();
    await world.arrive(
      world.bob(data({ kind: 'delete', targetSentAt: T }, T + 1)),
      world.bob(
        data({ kind: 'reaction', target: { author: ME, sentAt: 1 }, emoji: '👍', remove: false }, T + 2),
      ),
      world.bob({ kind: 'receipt', as: 'read', of: [1, 2, 3] }),
      world.bob({ kind: 'typing', on: true, at: T }),
      world.bob(data({ kind: 'timer' }, T + 3, { timer: { ms: 1_000, version: 9 } })),
    );
    expect(kinds(world)).toEqual(['peer']);
    expect(world.core.typing).toEqual([]);
    expect(world.core.items()).toEqual([]);
  });
});

const dataOf = (words: string, sentAt: number) => {
  const outgoing = text(words, sentAt);
  if (outgoing.kind !== 'data') throw new Error('not data');
  return outgoing.data;
};

describe('receipts', () => {
  it('of somebody are about my messages', async () => {
    const world = await met();
    await world.arrive(
      world.alice({ kind: 'receipt', as: 'delivered', of: [5, 5, 6] }, { sentAt: T }),
      world.alice({ kind: 'receipt', as: 'read', of: [5] }, { sentAt: world.now * 2 }),
    );
    const by = peerOf(ALICE);
    expect(world.core.changes('receipt').map(({ receipt }) => receipt)).toEqual([
      { kind: 'delivered', of: 'me:5', by, at: T },
      { kind: 'delivered', of: 'me:6', by, at: T },
      // Nobody reads in the future.
      { kind: 'read', of: 'me:5', by, at: world.now },
    ]);
    expect(world.core.items()).toHaveLength(1);
  });

  it('of the server say that it was delivered', async () => {
    const world = await met();
    await world.arrive(world.delivery({ receipt: { from: { service: ALICE, device: 1 }, sentAt: 5 } }));
    expect(world.core.changes('receipt')).toMatchObject([{ receipt: { kind: 'delivered', of: 'me:5' } }]);
  });
});

describe('typing', () => {
  it('is told while it lasts, and ends with a message', async () => {
    const world = await met();
    await world.arrive(world.alice({ kind: 'typing', on: true, at: T }));
    await world.arrive(world.alice({ kind: 'typing', on: true, at: T + 1 }));
    expect(world.core.typing).toEqual([{ conversation: CHAT, on: true }]);
    await world.arrive(world.alice(text('there', T + 2)));
    expect(world.core.typing).toEqual([
      { conversation: CHAT, on: true },
      { conversation: CHAT, on: false },
    ]);
    await world.arrive(
      world.alice({ kind: 'typing', on: true, at: T + 3 }),
      world.alice({ kind: 'typing', on: false, at: T + 4 }),
    );
    expect(world.core.typing.map(({ on }) => on)).toEqual([true, false, true, false]);
    world.receiver.close();
  });
});

describe('who it is', () => {
  it('with another key is a change, told before the message', async () => {
    const world = await met();
    await world.arrive(world.alice(text('new phone', T + 1), { identity: keyOf(ALICE, 1) }));
    expect(world.core.changes('identity')).toEqual([
      {
        kind: 'identity',
        peer: peerOf(ALICE),
        was: keyOf(ALICE),
        now: keyOf(ALICE, 1),
        trust: { kind: 'changed', at: world.now, wasChecked: false },
      },
    ]);
    expect(kinds(world).slice(3)).toEqual(['identity', 'message']);
    expect(world.core.changes('message')[1]?.evidence).toMatchObject({
      from: { key: keyOf(ALICE, 1), trust: { kind: 'changed' } },
    });
    await world.arrive(world.alice(text('again', T + 2), { identity: keyOf(ALICE, 1) }));
    expect(world.core.changes('identity')).toHaveLength(1);
  });

  it('on a further device is stated, the first one is not', async () => {
    const world = await met();
    const second = { service: ALICE, device: 3 };
    await world.arrive(world.from(second, encodeContent(text('from the desk', T + 1)), { sentAt: T + 1 }));
    await world.arrive(world.from(second, encodeContent(text('again', T + 2)), { sentAt: T + 2 }));
    expect(world.core.changes('device')).toEqual([
      { kind: 'device', peer: peerOf(ALICE), device: '3', act: 'added', sameIdentity: true },
    ]);
  });

  it('AT-03 is not learnt from what nothing proves', async () => {
    const world = await met();
    const forged = { type: 'plaintext', identity: keyOf(ALICE, 9), key: 'forged' } as const;
    await world.arrive(world.alice(text('trust me', T + 1), forged));
    expect(world.core.changes('identity')).toEqual([]);
    expect(world.core.changes('message')).toHaveLength(1);
    expect(world.core.outcome('forged' as never)).toBe('quarantined');
  });
});

describe('a retry request', () => {
  const request = { sentAt: 5, device: OWN_DEVICE, ratchetKey: new Uint8Array(33) };
  const content = (of: Parameters<typeof retryBytes>[0]) =>
    oracle.encodeContent({ content: { decryptionErrorMessage: oracle.own(retryBytes(of)) } });
  const alice = { service: ALICE, device: 1 };

  it('is passed on to sending, once it is about this device and from somebody known', async () => {
    const world = await met();
    await world.arrive(
      world.from(alice, content(request), { type: 'plaintext' }),
      world.from(alice, content({ ...request, device: 1 }), { type: 'plaintext' }),
      world.from({ service: BOB, device: 1 }, content(request), { type: 'plaintext' }),
    );
    const errands = world.core.items().filter(({ intent }) => intent.what.kind === 'protocol');
    expect(errands).toMatchObject([{ intent: { conversation: CHAT, what: { op: 'resend' } } }]);
  });

  it('inside a session is refused: libsignal writes none there', async () => {
    const world = await met();
    await world.arrive(world.from(alice, content(request), { key: 'inside' }));
    expect(world.core.outcome('inside' as never)).toBe('quarantined');
    expect(world.core.items()).toHaveLength(1);
  });
});

describe('a sync message', () => {
  it.each([
    ['of a stranger', { service: BOB, device: 1 }, {}],
    ['of somebody known', { service: ALICE, device: 1 }, {}],
    ['to my phone number', { service: ME, device: 1 }, { destination: MY_PNI }],
    ['that nothing proves', { service: ME, device: 1 }, { type: 'plaintext' as const }],
  ])('%s is refused', async (_, device, more) => {
    const world = await met();
    const content = encodeContent({ kind: 'sync-read', of: [{ author: ALICE, sentAt: T }] });
    await world.arrive(world.from(device, content, { key: 'forged', ...more }));
    expect(world.core.changes('own-read')).toEqual([]);
    expect(world.core.outcome('forged' as never)).toBe('quarantined');
    expect(world.acknowledged).toContain('forged');
    expect(codes(world)).toEqual([]);
  });
});
