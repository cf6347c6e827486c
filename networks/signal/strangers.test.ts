import { expect, it } from 'vitest';
import { createWork } from '../../shared/lane/work.ts';
import * as oracle from './codec/test/oracle.ts';
import { conversationWith } from './names.ts';
import { readPeer, writePeer } from './peer-record.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { ACCOUNT } from './test/lane-context.ts';
import { ALICE, BOB, createReceivingWorld, text } from './test/receiving-world.ts';

const T = 1_799_999_000_000;
const flood = (count: number) => Array.from({ length: count }, (_, at) => at);

it('AT-59 of strangers for whom there is no room nothing is kept, no session either; it is acknowledged', async () => {
  let isFull = false;
  const world = createReceivingWorld({ hasRoom: () => !isFull });
  await world.arrive(world.alice(text('hello', T)));
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
  const work = createWork(world.core.context.view);
  const peer = await readPeer(work, ALICE);
  if (peer === null) throw new Error('nobody');
  writePeer(work, ALICE, { ...peer, accepted: true });
  await world.core.context.commit({ ...emptyCommit, work: work.writes() });
  await world.arrive(from(2));
  expect(world.core.settled()).toMatchObject([
    { kind: 'parked', needs: 'acceptance' },
    { kind: 'parked', needs: 'newer-version' },
  ]);
});
