import { describe, expect, it } from 'vitest';
import { encodeContent } from './codec/encode.ts';
import { readErrand } from './errand.ts';
import { conversationWith } from './names.ts';
import { ACCOUNT } from './test/lane-context.ts';
import {
  ALICE,
  createReceivingWorld,
  text,
  type Envelope,
  type ReceivingWorld,
} from './test/receiving-world.ts';
import { LOST_AFTER_MS } from './unopened.ts';

const T = 1_799_999_000_000;
const CHAT = conversationWith(ACCOUNT, ALICE);
const RETRY = Uint8Array.of(7, 7);
const notes = (world: ReceivingWorld) => world.core.changes('note').map(({ code, key }) => `${code} ${key}`);
const errands = ({ core }: ReceivingWorld) =>
  core.items().flatMap(({ intent: { what } }) => (what.kind === 'protocol' ? [readErrand(what)] : []));

async function met(): Promise<ReceivingWorld> {
  const world = createReceivingWorld();
  await world.arrive(world.alice(text('hello', T)));
  return world;
}
const broken = (world: ReceivingWorld, sentAt: number, more: Envelope = {}) =>
  world.alice(text('broken', sentAt), { refuse: { why: 'decryption', retry: RETRY }, ...more });
const NOTE = `not-opened not-opened:${ALICE}.1:${T + 1}`;

describe('a message that does not open', () => {
  it('is asked for again, once, and nothing is said while it may come', async () => {
    const world = await met();
    await world.arrive(broken(world, T + 1));
    expect(errands(world)).toEqual([
      { op: 'retry-request', to: { service: ALICE, device: 1 }, content: RETRY },
    ]);
    expect(world.core.items().at(-1)?.intent.conversation).toBe(CHAT);
    expect(notes(world)).toEqual([]);
    expect(world.core.settled().at(-1)).toMatchObject({ kind: 'quarantined', why: 'decryption' });
    expect(world.acknowledged).toHaveLength(2);
  });

  it('and comes again is shown, and nothing is said at all', async () => {
    const world = await met();
    await world.arrive(broken(world, T + 1));
    await world.arrive(world.alice(text('here it is', T + 1)));
    expect(world.core.changes('message').at(-1)?.content.text).toBe('here it is');
    world.now += 2 * LOST_AFTER_MS;
    await world.arrive(world.alice(text('later', T + 2)));
    expect(notes(world)).toEqual([]);
    expect(world.core.cells.has('lost\u0000asked')).toBe(false);
  });

  it('and breaks again is stated, and not asked for a second time', async () => {
    const world = await met();
    await world.arrive(broken(world, T + 1));
    await world.arrive(broken(world, T + 1, { hint: 'resendable' }));
    expect(errands(world)).toHaveLength(1);
    expect(notes(world)).toEqual([NOTE]);
    world.now += 2 * LOST_AFTER_MS;
    await world.arrive();
    expect(notes(world)).toEqual([NOTE]);
  });

  it('and does not come within an hour is stated', async () => {
    const world = await met();
    await world.arrive(broken(world, T + 1));
    world.now += LOST_AFTER_MS - 1;
    await world.arrive(world.alice(text('meanwhile', T + 2)));
    expect(notes(world)).toEqual([]);
    world.now += 1;
    await world.arrive();
    expect(notes(world)).toEqual([NOTE]);
    await world.arrive(world.alice(text('later', T + 3)));
    expect(notes(world)).toEqual([NOTE]);
  });

  it('is stated at once where asking is of no use', async () => {
    const world = await met();
    await world.arrive(broken(world, T + 1, { refuse: { why: 'old-version', retry: null } }));
    expect(errands(world)).toEqual([]);
    expect(notes(world)).toEqual([NOTE]);
  });

  it('is not missed where it only was a receipt, or belongs to a group', async () => {
    const world = await met();
    const refuse = { why: 'sender-key', retry: null } as const;
    await world.arrive(
      broken(world, T + 1, { refuse, hint: 'implicit' }),
      broken(world, T + 2, { refuse, group: new Uint8Array(32) }),
    );
    expect(notes(world)).toEqual([]);
  });

  it('and only was a receipt is asked for all the same: the other side puts its session in order', async () => {
    const world = await met();
    await world.arrive(broken(world, T + 1, { hint: 'implicit' }));
    expect(errands(world)).toHaveLength(1);
    world.now += 2 * LOST_AFTER_MS;
    await world.arrive();
    expect(notes(world)).toEqual([]);
  });

  it('of a stranger is asked for, and has no conversation to be stated in', async () => {
    const world = createReceivingWorld();
    await world.arrive(broken(world, T + 1));
    expect(errands(world)).toHaveLength(1);
    expect(world.core.items()[0]?.intent.conversation).toBeNull();
    world.now += LOST_AFTER_MS;
    await world.arrive();
    expect(world.core.commits.flatMap(({ changes }) => changes)).toEqual([]);
  });

  it('AT-59 again and again under a forged name does not make us write letters', async () => {
    const world = await met();
    const forged = Array.from({ length: 300 }, (_, n) => broken(world, T + 10 + n));
    await world.arrive(...forged);
    expect(errands(world)).toHaveLength(10);
    const devices = Array.from({ length: 300 }, (_, n) => {
      const device = { service: ALICE, device: (n % 127) + 1 };
      const content = encodeContent(text('broken', T + 1_000 + n));
      return world.from(device, content, {
        sentAt: T + 1_000 + n,
        refuse: { why: 'no-session', retry: RETRY },
      });
    });
    await world.arrive(...devices);
    expect(errands(world).length).toBeLessThanOrEqual(200);
    expect(world.acknowledged).toHaveLength(601);
  });
});
