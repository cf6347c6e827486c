import { describe, expect, it } from 'vitest';
import { conversationWith } from './names.ts';
import { arrivingOf } from './test/arriving.ts';
import { ACCOUNT } from './test/lane-context.ts';
import { ALICE, BOB, createReceivingWorld, text, type ReceivingWorld } from './test/receiving-world.ts';
import type { Delivery } from './service/service.ts';

/* Who is told that their messages arrived, and when. */

const T = 1_799_999_000_000;
const receipts = ({ core }: ReceivingWorld) =>
  core.items().flatMap(({ intent }) => (intent.what.kind === 'receipt' ? [intent] : []));
const gathered = ({ core }: ReceivingWorld) =>
  [...core.cells.keys()].filter((name) => name.startsWith('arrived\u0000'));
const many = (world: ReceivingWorld, count: number, from = T): readonly Delivery[] =>
  Array.from({ length: count }, (_, n) =>
    n % 2 === 0 ? world.alice(text(`${n}`, from + n)) : world.bob(text(`${n}`, from + n)),
  );

describe('receipts for what arrived', () => {
  it('wait for each other while catching up, then name all of a conversation', async () => {
    const world = createReceivingWorld();
    const empty = Promise.withResolvers<void>();
    const states: string[] = [];
    const arriving = arrivingOf(many(world, 650), empty.promise);
    const taken = async function* (): AsyncGenerator<Delivery> {
      yield* arriving.deliveries;
      await world.core.until('all are durable', () => world.core.settled().length === 650);
      states.push(`${receipts(world).length} receipts, ${gathered(world).length} gathered`);
      empty.resolve();
    };
    await world.receiver.receive({
      deliveries: taken(),
      queueEmpty: empty.promise,
      caughtUp: () => states.push(`caught up: ${receipts(world).length} receipts`),
    });
    expect(states).toEqual(['0 receipts, 14 gathered', 'caught up: 2 receipts']);
    expect(gathered(world)).toEqual([]);
    for (const peer of [ALICE, BOB]) {
      const told = receipts(world).filter(
        ({ conversation }) => conversation === conversationWith(ACCOUNT, peer),
      );
      expect(told).toHaveLength(1);
      const [what] = told.map((intent) => intent.what);
      expect(what).toMatchObject({ as: 'delivered', tell: true });
      expect(new Set(what && 'of' in what ? what.of : [])).toHaveProperty('size', 325);
    }
  });

  it('name a bounded number each', async () => {
    const world = createReceivingWorld();
    const deliveries = Array.from({ length: 1_300 }, (_, n) => world.alice(text(`${n}`, T + n)));
    await world.receiver.receive(arrivingOf(deliveries, new Promise(() => undefined)));
    expect([receipts(world).length, gathered(world).length]).toEqual([0, 13]);
    await world.arrive();
    expect(receipts(world).map(({ what }) => ('of' in what ? what.of.length : 0))).toEqual([500, 500, 300]);
    expect(gathered(world)).toEqual([]);
  });

  it('are not lost when the connection ends before the queue is empty', async () => {
    const world = createReceivingWorld();
    await world.receiver.receive(arrivingOf(many(world, 10), new Promise(() => undefined)));
    expect(receipts(world)).toEqual([]);
    expect(gathered(world)).toHaveLength(2);
    await world.arrive();
    expect(receipts(world).map(({ what }) => ('of' in what ? what.of.length : 0))).toEqual([5, 5]);
    expect(gathered(world)).toEqual([]);
  });

  it('go at once, each batch its own, when nothing is left to catch up with', async () => {
    const world = createReceivingWorld();
    const caughtUp = Promise.withResolvers<void>();
    const live = async function* (): AsyncGenerator<Delivery> {
      await caughtUp.promise;
      for (let n = 0; n < 3; n += 1) {
        yield world.alice(text(`${n}`, T + n));
        await world.core.until('its receipt', () => receipts(world).length === n + 1);
      }
    };
    await world.receiver.receive({
      deliveries: live(),
      queueEmpty: Promise.resolve(),
      caughtUp: caughtUp.resolve,
    });
    expect(receipts(world)).toHaveLength(3);
  });

  it('are sent for the rest where a record does not read', async () => {
    const world = createReceivingWorld();
    const key = { space: 'arrived', key: `${conversationWith(ACCOUNT, ALICE)}|x` };
    world.core.put([{ key, value: Uint8Array.of(0xff, 0xff), expect: '' as never }]);
    await world.arrive(world.alice(text('hello', T)));
    expect(receipts(world).map(({ what }) => ('of' in what ? what.of : []))).toEqual([[`${ALICE}:${T}`]]);
    expect(gathered(world)).toEqual([]);
  });
});
