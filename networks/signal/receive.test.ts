import { afterEach, describe, expect, it, vi } from 'vitest';
import { PlainsealError } from '../../shared/errors.ts';
import type { EnvelopeKey } from '../../shared/ids.ts';
import { ABSENT } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import type { AttachmentPointer } from './codec/content.ts';
import { encodeContent } from './codec/encode.ts';
import * as oracle from './codec/test/oracle.ts';
import { conversationWith } from './names.ts';
import { readPeer } from './peer-record.ts';
import type { Delivery } from './service/service.ts';
import { pointerTo } from './test/file-pointer.ts';
import { ACCOUNT } from './test/lane-context.ts';
import {
  ALICE,
  BOB,
  createReceivingWorld,
  OWN_DEVICE,
  ME,
  text,
  type ReceivingWorld,
} from './test/receiving-world.ts';

const T = 1_799_999_000_000;
const CHAT = conversationWith(ACCOUNT, ALICE);
const alice = { service: ALICE, device: 1 };
const texts = ({ core }: ReceivingWorld) => core.changes('message').map(({ content }) => content.text);
const codes = (world: ReceivingWorld) => world.core.changes('note').map(({ code }) => code);
const key = (name: string) => name as EnvelopeKey;

async function met(options: Parameters<typeof createReceivingWorld>[0] = {}): Promise<ReceivingWorld> {
  const world = createReceivingWorld(options);
  await world.arrive(world.alice(text('hello', T)));
  return world;
}

describe('a batch', () => {
  it('is one commit of up to a hundred, in the order of the server', async () => {
    const world = createReceivingWorld();
    await world.arrive(...Array.from({ length: 250 }, (_, n) => world.alice(text(`${n}`, T + n))));
    expect(world.core.commits.map(({ inbound }) => inbound.length)).toEqual([100, 100, 50]);
    expect(texts(world)).toEqual(Array.from({ length: 250 }, (_, n) => `${n}`));
    expect(world.acknowledged).toHaveLength(250);
    // One receipt and one forecast each.
    expect(world.core.commits.map(({ enqueue, forecasts }) => [enqueue.length, forecasts.length])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });

  it('drops what a failed envelope wrote and keeps the rest', async () => {
    const world = createReceivingWorld();
    await world.arrive(
      world.alice(text('before', T)),
      world.alice(text('lost', T + 1), { key: 'fault', fault: true, identity: 'ff' }),
      world.bob(text('refused', T + 2), {
        key: 'refused',
        refuse: { why: 'decryption', retry: null },
        identity: 'ff',
      }),
      world.alice(text('after', T + 3)),
    );
    expect(texts(world)).toEqual(['before', 'after']);
    expect(world.core.outcome(key('fault'))).toBe('quarantined');
    expect(world.core.outcome(key('refused'))).toBe('quarantined');
    expect(await readPeer(createWork(world.core.context.view), BOB)).toBeNull();
    expect(world.core.cells.has(`identity\u0000${BOB}`)).toBe(false);
    expect(world.core.changes('identity')).toEqual([]);
    expect(world.acknowledged).toHaveLength(4);
  });

  it('keeps the ratchet of an envelope whose content is nonsense', async () => {
    const world = await met();
    const nonsense = Uint8Array.of(0x0a, 0x05, 1);
    const one = world.from(alice, nonsense, { key: 'nonsense', sentAt: T + 1 });
    await world.arrive(one);
    expect(world.core.settled().at(-1)).toMatchObject({ kind: 'quarantined', why: 'content', raw: nonsense });
    expect(codes(world)).toEqual(['not-opened']);
    await world.arrive({ ...one, key: key('again') });
    expect(world.core.outcome(key('again'))).toBe('duplicate');
    expect(codes(world)).toEqual(['not-opened']);
  });

  it('with the same delivery twice settles it once', async () => {
    const world = createReceivingWorld();
    const content = oracle.encodeData({ timestamp: BigInt(T), payment: { Item: null } });
    const parked = world.from(alice, content, { key: 'parked', sentAt: T });
    await world.arrive(parked, parked);
    expect(world.core.settled()).toMatchObject([{ kind: 'parked', envelope: 'parked' }]);
    expect(world.acknowledged).toEqual(['parked', 'parked']);
  });

  it('of what was delivered before changes nothing', async () => {
    const world = createReceivingWorld();
    const one = world.alice(text('hello', T), { key: 'one' });
    await world.arrive(one);
    await world.arrive(one);
    expect(texts(world)).toEqual(['hello']);
    expect(world.core.settled().map(({ kind }) => kind)).toEqual(['consumed', 'duplicate']);
    expect(world.acknowledged).toEqual(['one', 'one']);
    expect(world.core.items()).toHaveLength(1);
  });

  it('that says much goes into more than one commit', async () => {
    const world = await met();
    const of = (from: number) => Array.from({ length: 3_000 }, (_, n) => from + n);
    await world.arrive(
      ...[1, 2, 3, 4].map((n) =>
        world.alice({ kind: 'receipt', as: 'read', of: of(n * 10_000) }, { sentAt: T + n }),
      ),
    );
    expect(world.core.commits.slice(1).map(({ changes }) => changes.length)).toEqual([6_000, 6_000]);
    expect(world.acknowledged).toHaveLength(5);
  });

  it('from nobody in particular is refused and acknowledged', async () => {
    const world = createReceivingWorld();
    await world.arrive(
      world.delivery({ malformed: true }),
      world.delivery({}),
      world.from(alice, new Uint8Array(0), { unseal: 'certificate' }),
      world.from(alice, new Uint8Array(0), { unseal: 'wrong-destination' }),
      world.from(
        { service: 'PNI:00000000-0000-4000-8000-0000000000a1' as never, device: 1 },
        encodeContent(text('x', T)),
      ),
    );
    expect(world.core.settled().map((one) => one.kind === 'quarantined' && one.why)).toEqual([
      'malformed',
      'malformed',
      'certificate',
      'wrong-destination',
      'sender',
    ]);
    expect(world.core.commits.flatMap(({ changes }) => changes)).toEqual([]);
    expect(world.acknowledged).toHaveLength(5);
  });

  it('goes on past a cell that does not read: only whom it is about is set aside', async () => {
    const world = await met();
    const nonsense = { value: Uint8Array.of(0xc1), expect: ABSENT };
    world.core.put([
      { key: { space: 'peer', key: ALICE }, ...nonsense },
      { key: { space: 'lost', key: 'asked' }, ...nonsense },
    ]);
    await world.arrive(world.alice(text('lost', T + 1), { key: 'lost' }), world.bob(text('fine', T + 2)));
    expect(texts(world)).toEqual(['hello', 'fine']);
    expect(world.core.outcome(key('lost'))).toBe('quarantined');
    expect(world.acknowledged).toHaveLength(3);
  });

  it('that this very device wrote is no news', async () => {
    const world = createReceivingWorld();
    await world.arrive(
      world.from({ service: ME, device: OWN_DEVICE }, encodeContent({ kind: 'sync-request', what: 'keys' })),
      world.from(alice, new Uint8Array(0), { unseal: 'own-message' }),
    );
    expect(world.core.settled().map(({ kind }) => kind)).toEqual(['consumed', 'consumed']);
  });
});

describe('a commit', () => {
  it('stands before anything is acknowledged', async () => {
    const world = createReceivingWorld();
    const moments: string[] = [];
    world.core.onCrashPoint((name) => {
      moments.push(`${name} ${world.core.commits.length} ${world.acknowledged.length}`);
    });
    await world.arrive(world.alice(text('hello', T)));
    expect(moments).toEqual([
      'lane.before-commit 0 0',
      'lane.after-commit 1 0',
      'lane.before-acknowledge 1 0',
      'lane.after-acknowledge 1 1',
    ]);
  });

  it('that conflicts is made anew over what is there now', async () => {
    const world = await met();
    let conflicts = 0;
    world.core.intercept(() => {
      if (conflicts === 3) return null;
      conflicts += 1;
      const cell = { space: 'peer', key: ALICE };
      const { value = null } = world.core.cells.get(`peer\u0000${ALICE}`) ?? {};
      world.core.put([{ key: cell, value, expect: ABSENT }]);
      return { ok: false, why: 'conflict' };
    });
    await world.arrive(world.alice(text('again', T + 1)));
    expect(conflicts).toBe(3);
    expect(texts(world)).toEqual(['hello', 'again']);
    expect(world.acknowledged).toHaveLength(2);
  });

  it.each(['conflict', 'disk-full', 'io'] as const)(
    'that cannot stand (%s) acknowledges nothing',
    async (why) => {
      const world = await met();
      let tries = 0;
      world.core.intercept(() => {
        tries += 1;
        return { ok: false, why };
      });
      const one = world.alice(text('again', T + 1), { key: 'one' });
      await expect(world.arrive(one)).rejects.toMatchObject({ name: 'CommitFault', why });
      expect(tries).toBe(why === 'conflict' ? 5 : 1);
      expect(world.acknowledged).not.toContain('one');
      world.core.intercept(null);
      await world.arrive(one);
      expect(texts(world)).toEqual(['hello', 'again']);
      expect(world.acknowledged).toContain('one');
    },
  );

  it('that core is not there for acknowledges nothing', async () => {
    const world = createReceivingWorld();
    world.core.intercept(() => {
      throw new PlainsealError('gone', 'core has ended');
    });
    await expect(world.arrive(world.alice(text('x', T)))).rejects.toMatchObject({ kind: 'gone' });
    expect(world.acknowledged).toEqual([]);
  });

  it('that core refuses is taken apart: one bad delivery does not stop the others', async () => {
    const world = createReceivingWorld();
    world.core.intercept(({ changes }) => {
      const isBad = changes.some((change) => change.kind === 'message' && change.content.text === 'bad');
      if (isBad) throw new PlainsealError('refused', 'against the rules');
      return null;
    });
    await world.arrive(
      world.alice(text('1', T)),
      world.alice(text('bad', T + 1), { key: 'bad' }),
      world.alice(text('2', T + 2)),
    );
    expect(texts(world)).toEqual(['1', '2']);
    expect(world.core.outcome(key('bad'))).toBe('quarantined');
    expect(world.acknowledged).toHaveLength(3);
  });
});

describe('while a commit is made', () => {
  const many = (world: ReceivingWorld, faultAt: number | null = null) =>
    Array.from({ length: 250 }, (_, n) =>
      world.alice(text(`${n}`, T + 10 + n), { key: `${n}`, ...(n === faultAt ? { fault: true } : {}) }),
    );

  it('the next is opened over the state it leaves', async () => {
    const world = await met();
    let first = true;
    world.core.onCrashPoint(async (name) => {
      if (name !== 'lane.before-commit' || !first) return;
      first = false;
      // Number 150 belongs into the commit after this one.
      await world.core.until('the next batch', () =>
        world.core.logged.some(({ event }) => event === 'envelope-set-aside'),
      );
    });
    await world.arrive(...many(world, 150));
    expect(texts(world)).toHaveLength(250);
    expect(world.core.commits.map(({ inbound }) => inbound.length)).toEqual([1, 100, 100, 50]);
    expect(world.acknowledged.slice(1)).toEqual(Array.from({ length: 250 }, (_, n) => `${n}`));
  });

  it('what was opened ahead is opened anew when it does not stand', async () => {
    const world = await met();
    let commits = 0;
    world.core.intercept(() => (++commits === 1 || commits === 3 ? { ok: false, why: 'conflict' } : null));
    await world.arrive(...many(world));
    expect(texts(world)).toEqual(['hello', ...Array.from({ length: 250 }, (_, n) => `${n}`)]);
    expect(commits).toBe(5);
  });

  it('what was opened ahead of one that cannot stand is not handed to core', async () => {
    const world = await met();
    let commits = 0;
    world.core.intercept(() => (++commits === 2 ? { ok: false, why: 'io' } : null));
    await expect(world.arrive(...many(world))).rejects.toMatchObject({ why: 'io' });
    expect(commits).toBe(2);
    expect(world.acknowledged).toHaveLength(101);
    await world.arrive(...many(world).slice(100));
    expect(texts(world)).toHaveLength(251);
  });

  it('another task that wrote in between makes the next one anew', async () => {
    const world = await met();
    world.core.onCrashPoint((name) => {
      if (name !== 'lane.after-commit') return;
      const known = world.core.cells.get(`peer\u0000${ALICE}`);
      if (known)
        world.core.put([{ key: { space: 'peer', key: ALICE }, value: known.value, expect: known.version }]);
    });
    await world.arrive(...many(world));
    expect(texts(world)).toHaveLength(251);
  });
});

describe('after a run that died', () => {
  it('one delivery is touched at a time, marked before', async () => {
    const world = createReceivingWorld({ careful: true });
    await world.arrive(world.alice(text('1', T), { key: 'a' }), world.alice(text('2', T + 1), { key: 'b' }));
    expect(world.core.marks).toEqual(['a', 'b']);
    expect(world.core.commits.map(({ inbound }) => inbound.length)).toEqual([1, 1]);
  });

  it('what ended two runs is not touched, and its conversation says so', async () => {
    const cells = (await met()).core.cells;
    const work = [...cells].map(([name, { value }]) => {
      const [space = '', cell = ''] = name.split('\u0000');
      return { key: { space, key: cell }, value, expect: ABSENT };
    });
    const mark = (envelope: string) => (envelope.startsWith('deadly') ? 'quarantine' : 'open');
    const world = createReceivingWorld({ careful: true, work, mark });
    await world.arrive(
      world.alice(text('deadly', T + 1), { key: 'deadly', sentAt: T + 1 }),
      world.alice(text('deadly', T + 2), { key: 'deadly-sealed', sealed: true }),
      world.alice(text('fine', T + 3)),
    );
    expect(texts(world)).toEqual(['fine']);
    expect(world.core.outcome(key('deadly'))).toBe('quarantined');
    // Whom a sealed one is from only its opening would say.
    expect(world.core.changes('note')).toMatchObject([{ conversation: CHAT, code: 'not-opened' }]);
    expect(world.acknowledged).toHaveLength(3);
  });
});

describe('a long text', () => {
  const whole = `beginning ${'and more '.repeat(1_000)}end`;
  const long = (world: ReceivingWorld, pointer: AttachmentPointer, sentAt = T) =>
    world.alice(text('beginning', sentAt, { what: { longText: pointer } }));

  it('is fetched before its message is shown, and once', async () => {
    const world = createReceivingWorld();
    world.files.set('long', Buffer.from(whole));
    await world.arrive(
      world.alice(text('before', T)),
      long(world, pointerTo(Buffer.from(whole)), T + 1),
      world.alice(text('after', T + 2)),
    );
    expect(texts(world)).toEqual(['before', whole, 'after']);
    expect(world.downloads).toEqual(['long']);
    expect(world.core.commits).toHaveLength(1);
    expect(world.core.settled().map(({ kind }) => kind)).toEqual(['consumed', 'consumed', 'consumed']);
  });

  it.each([
    ['is gone', null, {}],
    ['is not what was sent', Buffer.from('other'), {}],
    ['is said to be larger than any', Buffer.from(whole), { size: 65 * 1024 }],
  ])('that %s shows its beginning, says so, and is kept', async (_, bytes, more) => {
    const world = createReceivingWorld();
    if (bytes !== null) world.files.set('long', bytes);
    await world.arrive(long(world, pointerTo(Buffer.from(whole), more)));
    expect(texts(world)).toEqual(['beginning']);
    expect(codes(world)).toEqual(['not-fetched']);
    expect(world.core.settled()).toMatchObject([{ kind: 'parked', needs: 'acceptance' }]);
  });

  describe('whose file cannot be had just now', () => {
    afterEach(() => void vi.useRealTimers());
    /** A connection that stays open, over fake time. */
    function connect(world: ReceivingWorld, deliveries: readonly Delivery[]) {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const open = Promise.withResolvers<void>();
      async function* come() {
        yield* deliveries;
        await open.promise;
      }
      const received = world.receiver.receive({
        deliveries: come(),
        queueEmpty: new Promise(() => undefined),
        caughtUp: () => undefined,
      });
      return { end: open.resolve, received };
    }

    it('is not acknowledged, holds nothing up, and is whole on the next connection', async () => {
      const world = createReceivingWorld();
      world.files.set('long', Buffer.from(whole));
      const one = long(world, pointerTo(Buffer.from(whole)), T + 1);
      const [before, after] = [world.alice(text('before', T)), world.alice(text('after', T + 2))];
      world.offline = true;
      await world.arrive(before, one, after);
      expect(texts(world)).toEqual(['before', 'after']);
      expect(world.acknowledged).toEqual([before.key, after.key]);
      world.offline = false;
      await world.arrive(one);
      expect(texts(world)).toEqual(['before', 'after', whole]);
      expect(world.acknowledged.at(-1)).toBe(one.key);
    });

    it('is tried again after a while over the same connection', async () => {
      const world = createReceivingWorld();
      world.files.set('long', Buffer.from(whole));
      world.offline = true;
      const one = long(world, pointerTo(Buffer.from(whole)));
      const { end, received } = connect(world, [one]);
      await vi.waitUntil(() => world.downloads.length === 1);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(world.downloads).toHaveLength(2);
      world.offline = false;
      await vi.advanceTimersByTimeAsync(30_000);
      await vi.waitUntil(() => world.acknowledged.length === 1);
      expect(texts(world)).toEqual([whole]);
      expect(world.downloads).toHaveLength(3);
      end();
      await received;
    });

    it('shows its beginning in the end, and says so', async () => {
      const world = createReceivingWorld();
      world.offline = true;
      const { end, received } = connect(world, [long(world, pointerTo(Buffer.from(whole)))]);
      await vi.waitUntil(() => world.downloads.length === 1);
      await vi.advanceTimersByTimeAsync(20 * 60_000);
      await vi.waitUntil(() => world.acknowledged.length === 1);
      expect(texts(world)).toEqual(['beginning']);
      expect(codes(world)).toEqual(['not-fetched']);
      end();
      await received;
    });

    it('waits with few others of one person: more of them show their beginnings at once', async () => {
      const world = createReceivingWorld();
      world.offline = true;
      await world.arrive(
        ...Array.from({ length: 8 }, (_, n) => long(world, pointerTo(Buffer.from(whole)), T + n)),
      );
      expect(texts(world)).toHaveLength(3);
    });
  });

  it('too long for a row goes along as a file', async () => {
    const world = createReceivingWorld();
    const bytes = Buffer.from('x'.repeat(65_000));
    world.files.set('long', bytes);
    await world.arrive(long(world, pointerTo(bytes)));
    const [message] = world.core.changes('message');
    expect(message?.content.text).toHaveLength(64_000);
    const [file] = message?.content.files ?? [];
    expect(file === undefined ? null : world.core.file(file)?.bytes.length).toBe(65_000);
  });
});
