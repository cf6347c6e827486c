// The oracle has enums; the numbers themselves are what is tested.
// oxlint-disable typescript/no-unsafe-enum-assignment
import { describe, expect, it, vi } from 'vitest';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { NetworkKey, OutboxId } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { createWork } from '../../shared/lane/work.ts';
import type { AttachmentPointer } from './codec/content.ts';
import * as oracle from './codec/test/oracle.ts';
import { writeLongText } from './long-text.ts';
import { conversationWith, peerOf } from './names.ts';
import { readPeer } from './peer-record.ts';
import { readPendingContacts, readPhoneSettings } from './phone-record.ts';
import { readSent, writeSent } from './send-log.ts';
import { pointerTo } from './test/file-pointer.ts';
import { ACCOUNT } from './test/lane-context.ts';
import {
  ALICE,
  BOB,
  createReceivingWorld,
  data,
  keyOf,
  ME,
  text,
  textData,
  transcript,
  type ReceivingWorld,
} from './test/receiving-world.ts';

const T = 1_799_999_000_000;
const CHAT = conversationWith(ACCOUNT, ALICE);
const PHONE = { service: ME, device: 1 };
const codes = (world: ReceivingWorld) => world.core.changes('note').map(({ code }) => code);
const viewOf = ({ core }: ReceivingWorld) => createWork(core.context.view);
/** A sync message of my phone that only the oracle writes. */
const synced = (world: ReceivingWorld, fields: Parameters<typeof oracle.encodeSync>[0]) =>
  world.from(PHONE, oracle.encodeSync(fields));

/** That I deleted messages for myself there, each in each of the conversations. */
function forMe(
  world: ReceivingWorld,
  threads: readonly ServiceId[],
  messages: readonly (readonly [author: ServiceId, sentAt: bigint])[],
) {
  const messageDeletes = threads.map((thread) => ({
    conversation: { identifier: { threadServiceIdBinary: oracle.idBytes(thread) } },
    messages: messages.map(([author, sentTimestamp]) => ({
      author: { authorServiceIdBinary: oracle.idBytes(author) },
      sentTimestamp,
    })),
  }));
  const deleteForMe = {
    messageDeletes,
    conversationDeletes: null,
    localOnlyConversationDeletes: null,
    attachmentDeletes: null,
  };
  return synced(world, { content: { deleteForMe } });
}

async function met(): Promise<ReceivingWorld> {
  const world = createReceivingWorld();
  await world.arrive(world.alice(text('hello', T)));
  return world;
}

describe('a transcript', () => {
  it('is a message of mine, as told by the phone, and opens the conversation', async () => {
    const world = createReceivingWorld();
    await world.arrive(world.phone(transcript(ALICE, textData('from the phone', T))));
    expect(world.core.changes('peer')).toMatchObject([{ peer: peerOf(ALICE), identity: '' }]);
    expect(world.core.changes('conversation')).toMatchObject([{ id: CHAT, patch: { state: 'active' } }]);
    expect(world.core.changes('message')).toMatchObject([
      {
        target: { conversation: CHAT, key: `me:${T}` },
        author: 'me',
        content: { text: 'from the phone' },
        evidence: { how: 'told-by-own-device', device: '1', facts: [{}] },
      },
    ]);
    expect(world.core.items()).toEqual([]);
  });

  it('of an answer accepts a request', async () => {
    const world = await met();
    await world.arrive(world.phone(transcript(ALICE, textData('hi', T + 1))));
    expect(world.core.changes('conversation').map(({ patch }) => patch)).toEqual([
      { kind: 'direct', peer: peerOf(ALICE), protocol: 'signal', state: 'request' },
      { state: 'active' },
    ]);
    await world.arrive(world.phone(transcript(ALICE, textData('more', T + 2))));
    expect(world.core.changes('conversation')).toHaveLength(2);
  });

  it('carries when its time began, and the timer of the conversation', async () => {
    const world = await met();
    const timer = { ms: 5_000, version: 1 };
    const sent = transcript(ALICE, textData('hi', T + 1, { timer }), { expirationStartedAt: T + 9 });
    await world.arrive(world.phone(sent));
    expect(world.core.changes('message')[1]?.expires).toEqual({ afterMs: 5_000, startedAt: T + 9 });
    expect(codes(world)).toEqual(['timer-changed']);
  });

  it('edits, reacts, deletes in my name', async () => {
    const world = await met();
    const reaction = {
      kind: 'reaction' as const,
      target: { author: ALICE, sentAt: T },
      emoji: '👍',
      remove: false,
    };
    await world.arrive(
      world.phone(transcript(ALICE, textData('better', T + 1), { editOf: 5 })),
      world.phone(transcript(ALICE, dataOf(data(reaction, T + 2)))),
      world.phone(transcript(ALICE, dataOf(data({ kind: 'delete', targetSentAt: T + 1 }, T + 3)))),
    );
    expect(world.core.changes('edit')).toMatchObject([
      { target: { conversation: CHAT, key: 'me:5' }, by: 'me', content: { text: 'better' } },
    ]);
    expect(world.core.changes('reaction')).toMatchObject([
      { target: { key: `${ALICE}:${T}` }, by: 'me', emoji: ['👍'], evidence: { how: 'told-by-own-device' } },
    ]);
    // The deletion names the edit; what goes is the message.
    expect(world.core.changes('delete')).toEqual([
      { kind: 'delete', target: { conversation: CHAT, key: 'me:5' }, by: 'me' },
    ]);
  });

  it.each(['deletes it for everybody', 'deletes it for me'])(
    'that %s leaves nothing to be given again of what was sent here',
    async (how) => {
      const world = await met();
      const [work, at] = [viewOf(world), T + 1];
      const [item, identity, now] = ['i' as OutboxId, keyOf(ALICE), world.now];
      const rest = {
        hint: 'resendable',
        devices: [1],
        evidence: null,
        resends: 0,
        expiresAt: now + 1e9,
      } as const;
      for (const to of [ALICE, ME])
        await writeSent(work, to, at, { item, identity, content: Buffer.from('secret'), ...rest }, now);
      const longText = { space: 'long-text', key: `me:${at}` };
      await work.get(longText);
      writeLongText(work, longText.key as NetworkKey, pointerTo(new Uint8Array(3_000)));
      await world.core.context.commit({ ...emptyCommit, work: work.writes() });
      await world.arrive(
        how === 'deletes it for me'
          ? forMe(world, [ALICE], [[ME, BigInt(at)]])
          : world.phone(transcript(ALICE, dataOf(data({ kind: 'delete', targetSentAt: at }, T + 3)))),
      );
      expect(world.core.changes('delete')).toMatchObject([{ target: { key: `me:${at}` }, by: 'me' }]);
      for (const to of [ALICE, ME]) expect(await readSent(viewOf(world), to, at, now)).toBeNull();
      expect(await viewOf(world).get(longText)).toBeNull();
    },
  );

  it('to myself is a note to myself', async () => {
    const world = createReceivingWorld();
    await world.arrive(world.phone(transcript(ME, textData('buy milk', T))));
    const self = conversationWith(ACCOUNT, ME);
    expect(world.core.changes('peer')).toMatchObject([{ peer: peerOf(ME), identity: keyOf(ME) }]);
    expect(world.core.changes('conversation')).toMatchObject([
      { id: self, patch: { kind: 'self', peer: peerOf(ME), protocol: 'signal', state: 'active' } },
    ]);
    expect(world.core.changes('message')).toMatchObject([
      { target: { conversation: self, key: `me:${T}` }, author: 'me' },
    ]);
  });

  it('to a number, of a group, of nothing, or said again for others makes no message', async () => {
    const world = createReceivingWorld();
    const groupV2 = { masterKey: new Uint8Array(32), revision: 0, groupChange: null };
    const message = oracle.data({ body: 'x', timestamp: BigInt(T), groupV2 });
    const pni = 'PNI:00000000-0000-4000-8000-0000000000a1' as ServiceId;
    const update = oracle.sent({
      timestamp: BigInt(T),
      destinationServiceIdBinary: oracle.idBytes(ALICE),
      message: oracle.data({ body: 'x', timestamp: BigInt(T) }),
      isRecipientUpdate: true,
    });
    await world.arrive(
      world.phone(transcript(pni, textData('x', T))),
      synced(world, { content: { sent: oracle.sent({ timestamp: BigInt(T), message }) } }),
      synced(world, { content: { sent: oracle.sent({ timestamp: BigInt(T) }) } }),
      synced(world, { content: { sent: update } }),
    );
    expect(world.core.commits.flatMap(({ changes }) => changes)).toEqual([]);
    expect(world.core.settled().map(({ kind }) => kind)).toEqual([
      'consumed',
      'parked',
      'consumed',
      'consumed',
    ]);
  });
});

const dataOf = (outgoing: ReturnType<typeof data>) => {
  if (outgoing.kind !== 'data') throw new Error('not data');
  return outgoing.data;
};

describe('my phone says', () => {
  it('what I read there', async () => {
    const world = await met();
    const of = [
      { author: ALICE, sentAt: T },
      { author: BOB, sentAt: T },
    ];
    await world.arrive(world.phone({ kind: 'sync-read', of }, { sentAt: T + 5 }));
    expect(world.core.changes('own-read')).toEqual([
      { kind: 'own-read', target: { conversation: CHAT, key: `${ALICE}:${T}` }, at: T + 5 },
    ]);
  });

  it('whom I accept and block', async () => {
    const world = await met();
    await world.arrive(
      world.phone({ kind: 'sync-request-response', service: ALICE, answer: 'accept' }),
      world.phone({ kind: 'sync-request-response', service: BOB, answer: 'accept' }),
    );
    expect(world.core.changes('conversation').at(-1)).toMatchObject({ id: CHAT, patch: { state: 'active' } });
    // Whom it accepted before they wrote is no stranger when they do.
    await world.arrive(world.bob(text('hi', T)));
    expect(world.core.changes('conversation').at(-1)).toMatchObject({
      id: conversationWith(ACCOUNT, BOB),
      patch: { kind: 'direct', state: 'active' },
    });
    await world.arrive(world.phone({ kind: 'sync-request-response', service: ALICE, answer: 'block' }));
    expect(world.core.changes('conversation').at(-1)).toMatchObject({
      id: CHAT,
      patch: { state: 'blocked' },
    });
  });

  it('whom it blocks, before they write and after', async () => {
    const world = await met();
    const acisBinary = [oracle.idBytes(ALICE), oracle.idBytes(BOB)];
    const blocked = { numbers: null, acis: null, groupIds: null, acisBinary };
    await world.arrive(synced(world, { content: { blocked } }));
    expect(world.core.changes('conversation').at(-1)).toMatchObject({
      id: CHAT,
      patch: { state: 'blocked' },
    });
    const before = world.core.changes('conversation').length;
    await world.arrive(synced(world, { content: { blocked } }));
    expect(world.core.changes('conversation')).toHaveLength(before);
    await world.arrive(world.bob(text('let me in', T)));
    expect(world.core.changes('conversation').at(-1)).toMatchObject({ patch: { state: 'blocked' } });
  });

  it('its switches', async () => {
    const world = createReceivingWorld();
    const switches = (readReceipts: boolean | null, typingIndicators: boolean | null) =>
      synced(world, {
        content: {
          configuration: {
            readReceipts,
            typingIndicators,
            unidentifiedDeliveryIndicators: null,
            linkPreviews: null,
          },
        },
      });
    await world.arrive(switches(true, null));
    await world.arrive(switches(null, false));
    expect(await readPhoneSettings(viewOf(world))).toEqual({ readReceipts: true, typing: false });
  });

  it('whose key was compared, which counts for that very key', async () => {
    const world = await met();
    const verified = (service: ServiceId, identity: string) =>
      world.phone({
        kind: 'sync-verified',
        service,
        identityKey: Buffer.from(identity, 'hex'),
        state: 'verified',
      });
    await world.arrive(verified(ALICE, keyOf(ALICE, 1)), verified(BOB, keyOf(BOB)));
    expect(world.core.changes('identity')).toEqual([]);
    await world.arrive(verified(ALICE, keyOf(ALICE)));
    expect(world.core.changes('identity')).toEqual([
      {
        kind: 'identity',
        peer: peerOf(ALICE),
        was: keyOf(ALICE),
        now: keyOf(ALICE),
        trust: { kind: 'checked', at: world.now, by: 'own-device' },
      },
    ]);
    await world.arrive(world.alice(text('still me', T + 1)));
    expect(world.core.changes('message')[1]?.evidence).toMatchObject({
      from: { trust: { kind: 'checked' } },
    });
    await world.arrive(world.alice(text('another me', T + 2), { identity: keyOf(ALICE, 1) }));
    expect(world.core.changes('identity')[1]?.trust).toMatchObject({ kind: 'changed', wasChecked: true });
    await world.arrive(world.alice(text('and on', T + 3), { identity: keyOf(ALICE, 1) }));
    expect(world.core.changes('message')[3]?.evidence).toMatchObject({
      from: { trust: { kind: 'unchecked' } },
    });
  });

  it('what I deleted for myself', async () => {
    const world = await met();
    await world.arrive(
      forMe(
        world,
        [ALICE, BOB],
        [
          [ALICE, BigInt(T)],
          [ME, 5n],
          [BOB, 6n],
        ],
      ),
    );
    expect(world.core.changes('delete')).toEqual([
      { kind: 'delete', target: { conversation: CHAT, key: `${ALICE}:${T}` }, by: peerOf(ALICE) },
      { kind: 'delete', target: { conversation: CHAT, key: 'me:5' }, by: 'me' },
    ]);
  });

  it('much that changes nothing here', async () => {
    const world = createReceivingWorld();
    const keys = { master: null, accountEntropyPool: 'a'.repeat(64), mediaRootBackupKey: null };
    await world.arrive(
      world.phone({ kind: 'sync-request', what: 'contacts' }),
      synced(world, { content: { fetchLatest: { type: 1 } } }),
      synced(world, { content: { keys } }),
      world.phone(text('a message to myself', T), { key: 'direct' }),
      world.phone({ kind: 'receipt', as: 'read', of: [1] }),
    );
    expect(world.core.commits.flatMap(({ changes }) => changes)).toEqual([]);
    expect(world.core.outcome('direct' as never)).toBe('quarantined');
    expect(world.acknowledged).toHaveLength(5);
  });
});

describe('a list of contacts', () => {
  const entry = (
    service: ServiceId,
    name: string | null,
    number: string | null,
    expireTimer = 0,
  ): number[] => {
    const details = oracle.Proto.ContactDetails.encode({
      number,
      aci: null,
      aciBinary: oracle.idBytes(service),
      name,
      avatar: null,
      expireTimer,
      expireTimerVersion: expireTimer === 0 ? null : 1,
      inboxPosition: null,
    });
    return [details.length, ...details];
  };
  const listAt = (bytes: Uint8Array, id = 'contacts'): AttachmentPointer =>
    pointerTo(bytes, { id, type: 'application/octet-stream' });
  const list = (world: ReceivingWorld, blob: AttachmentPointer) =>
    synced(world, { content: { contacts: { blob: oracle.pointer(blob), complete: true } } });

  it('names peers, and whoever is in it is no stranger', async () => {
    const world = await met();
    const bytes = Uint8Array.from([
      ...entry(ALICE, 'Alice', '+15550001', 60),
      ...entry(BOB, 'Bob', null),
      ...entry(ME, 'Me', '+15550000'),
    ]);
    world.files.set('contacts', bytes);
    await world.arrive(list(world, listAt(bytes)));
    await world.receiver.idle();
    expect(world.core.changes('peer').slice(1)).toEqual([
      { kind: 'peer', peer: peerOf(ALICE), identity: keyOf(ALICE), address: '+15550001', name: 'Alice' },
      { kind: 'peer', peer: peerOf(BOB), identity: '', address: null, name: 'Bob' },
    ]);
    expect(
      world.core
        .changes('conversation')
        .slice(1)
        .map(({ id, patch }) => [id, patch]),
    ).toEqual([
      [CHAT, { state: 'active' }],
      [CHAT, { timer: { ms: 60_000, version: 1 } }],
    ]);
    expect(await readPendingContacts(viewOf(world))).toBeNull();
    await world.arrive(world.bob(text('hi', T)));
    expect(world.core.changes('conversation').at(-1)).toMatchObject({ patch: { state: 'active' } });
    expect(world.core.changes('identity')).toMatchObject([
      { peer: peerOf(BOB), was: null, now: keyOf(BOB), trust: { kind: 'unchecked' } },
    ]);
    // The same list again is no news.
    const { length } = world.core.changes('peer');
    world.files.set('again', bytes);
    await world.arrive(list(world, listAt(bytes, 'again')));
    await world.receiver.idle();
    expect(world.core.changes('peer')).toHaveLength(length);
  });

  it('that was noted and not fetched is fetched at the next start', async () => {
    const bytes = Uint8Array.from(entry(BOB, 'Bob', null));
    const world = createReceivingWorld();
    world.files.set('contacts', bytes);
    world.receiver.close();
    await world.arrive(list(world, listAt(bytes)));
    await world.receiver.idle();
    expect(await readPendingContacts(viewOf(world))).not.toBeNull();
    const work = [...world.core.cells].map(([name, { value }]) => {
      const [space = '', key = ''] = name.split('\u0000');
      return { key: { space, key }, value, expect: 0 };
    });
    const next = createReceivingWorld({ work });
    next.files.set('contacts', bytes);
    await next.arrive();
    await next.receiver.idle();
    expect(next.core.changes('peer')).toMatchObject([{ name: 'Bob' }]);
  });

  it('that cannot be had just now is tried again: after a while, and on the next connection', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const bytes = Uint8Array.from(entry(BOB, 'Bob', null));
    const world = createReceivingWorld();
    world.files.set('contacts', bytes);
    world.offline = true;
    await world.arrive(list(world, listAt(bytes)));
    await world.receiver.idle();
    await world.arrive();
    await world.receiver.idle();
    expect(world.downloads).toHaveLength(2);
    world.offline = false;
    await vi.advanceTimersByTimeAsync(60_000);
    await world.receiver.idle();
    expect(world.core.changes('peer')).toMatchObject([{ name: 'Bob' }]);
    expect(await readPendingContacts(viewOf(world))).toBeNull();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(world.downloads).toHaveLength(3);
    vi.useRealTimers();
  });

  it('that is gone, forged or nonsense is let go', async () => {
    const world = createReceivingWorld();
    const bytes = Uint8Array.from(entry(BOB, 'Bob', null));
    world.files.set('forged', Uint8Array.from([...bytes, ...bytes]));
    const nonsense = Uint8Array.of(5, 1, 2);
    world.files.set('nonsense', nonsense);
    for (const blob of [listAt(bytes, 'gone'), listAt(bytes, 'forged'), listAt(nonsense, 'nonsense')]) {
      await world.arrive(list(world, blob));
      await world.receiver.idle();
      expect(await readPendingContacts(viewOf(world))).toBeNull();
    }
    expect(world.core.changes('peer')).toEqual([]);
    expect(world.downloads).toEqual(['gone', 'forged', 'nonsense']);
  });

  it('of thousands is made durable piece by piece', async () => {
    const world = createReceivingWorld();
    const someone = (n: number): ServiceId =>
      `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}` as ServiceId;
    const bytes = Uint8Array.from(
      Array.from({ length: 1_200 }, (_, n) => entry(someone(n + 100), `N${n}`, null)).flat(),
    );
    world.files.set('contacts', bytes);
    await world.arrive(list(world, listAt(bytes)));
    await world.receiver.idle();
    expect(world.core.changes('peer')).toHaveLength(1_200);
    expect(Math.max(...world.core.commits.map(({ changes }) => changes.length))).toBe(500);
    expect((await readPeer(viewOf(world), someone(1_299)))?.accepted).toBe(true);
  });
});
