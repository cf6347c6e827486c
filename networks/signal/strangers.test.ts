import { expect, it } from 'vitest';
import { createWork } from '../../shared/lane/work.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';
import * as oracle from './codec/test/oracle.ts';
import { conversationWith } from './names.ts';
import { readPeer, writePeer } from './peer-record.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { ACCOUNT } from './test/lane-context.ts';
import {
  ALICE,
  BOB,
  createReceivingWorld,
  text,
  textData,
  type ReceivingWorld,
} from './test/receiving-world.ts';

const T = 1_799_999_000_000;
const flood = (count: number) => Array.from({ length: count }, (_, at) => at);

async function accept({ core }: ReceivingWorld, service: ServiceId): Promise<void> {
  const work = createWork(core.context.view);
  const peer = await readPeer(work, service);
  if (peer === null) throw new Error('nobody');
  writePeer(work, service, { ...peer, accepted: true });
  await core.context.commit({ ...emptyCommit, work: work.writes() });
}

const bytesIn = ({ core }: ReceivingWorld): number =>
  [...core.cells.values()].reduce((sum, { value }) => sum + value.length, 0);

it('AT-59 of strangers for whom there is no room nothing is kept, no session either; it is acknowledged', async () => {
  let isFull = false;
  const world = createReceivingWorld({ hasRoom: () => !isFull });
  await world.arrive(world.alice(text('hello', T)));
  await accept(world, ALICE);
  isFull = true;
  await world.arrive(...flood(20).map((at) => world.bob(text(`buy ${at}`, T + at))));
  await world.arrive(world.alice(text('still here', T + 1)));
  expect(world.core.changes('message').map(({ content }) => content.text)).toEqual(['hello', 'still here']);
  expect(world.core.settled().filter(({ kind }) => kind === 'not-kept')).toEqual(
    flood(20).map(() => expect.objectContaining({ conversation: conversationWith(ACCOUNT, BOB) })),
  );
  expect(await readPeer(createWork(world.core.context.view), BOB)).toBeNull();
  expect([...world.core.cells.keys()].filter((cell) => cell.includes(BOB))).toEqual([]);
  expect(world.acknowledged).toHaveLength(22);
});

it('AT-59 what a stranger edits makes no state without a bound, and none at all once there is no room', async () => {
  let isFull = false;
  const world = createReceivingWorld({ hasRoom: () => !isFull });
  const edit = (at: number) => world.bob({ kind: 'edit', targetSentAt: T, data: textData('x', T + at) });
  const revisions = () =>
    [...world.core.cells.keys()].filter((cell) => cell.startsWith('revision\u0000')).length;
  await world.arrive(world.bob(text('hello', T)));
  await world.arrive(...flood(1_500).map((at) => edit(at + 1)));
  expect(revisions()).toBe(1);
  isFull = true;
  const [cells, bytes] = [world.core.cells.size, bytesIn(world)];
  await world.arrive(...flood(100).map((at) => edit(at + 2_000)));
  expect([world.core.cells.size, bytesIn(world)]).toEqual([cells, bytes]);
  expect(world.core.settled().filter(({ kind }) => kind === 'not-kept')).toHaveLength(100);
});

it('AT-59 a stranger gets no receipt, however much they send', async () => {
  const world = createReceivingWorld();
  await world.arrive(...flood(300).map((at) => world.bob(text(`buy ${at}`, T + at))));
  const states = world.core.changes('conversation').map(({ patch }) => patch.state);
  expect(states).toEqual(['request']);
  // A receipt names its conversation: core lets it go where that is a request.
  for (const { intent } of world.core.items())
    expect(intent).toMatchObject({
      conversation: conversationWith(ACCOUNT, BOB),
      what: { kind: 'receipt', as: 'delivered' },
    });
});

it('AT-59 what a newer version could show is kept as a stranger’s until they are accepted', async () => {
  const world = createReceivingWorld();
  const odd = (sentAt: number) => oracle.encodeData({ timestamp: BigInt(sentAt), payment: { Item: null } });
  const from = (at: number) =>
    world.from({ service: ALICE, device: 1 }, odd(T + at), { sentAt: T + at, key: `odd${at}` });
  await world.arrive(from(1));
  await accept(world, ALICE);
  await world.arrive(from(2));
  expect(world.core.settled()).toMatchObject([
    { kind: 'parked', needs: 'acceptance' },
    { kind: 'parked', needs: 'newer-version' },
  ]);
});
