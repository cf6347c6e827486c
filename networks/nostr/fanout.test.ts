import { expect, test } from 'vitest';
import type { EventId } from './event.ts';
import { pendingFanouts, settleFanout, startFanout, type Fanout } from './fanout.ts';
import type { RelayUrl } from './relay-url.ts';
import type { RelayOutcome } from './relays/pool.ts';
import { createMemoryState } from './test/memory-view.ts';

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => `wss://${name}.example`) as [
  RelayUrl,
  RelayUrl,
  RelayUrl,
  RelayUrl,
];
const id = 'ab'.repeat(32) as EventId;
const fanout: Fanout = {
  id,
  operation: { kind: 'group-message', account: 'me', group: 'g', text: '[]' },
  left: [a, b, c, d],
  madeAt: 1_000,
};

test('every relay is tried until it has answered, also over a restart', async () => {
  const state = createMemoryState();
  const first = state.work();
  await startFanout(first, { ...fanout, left: [a, b, c, d, a] });
  state.commit(first);
  const outcomes = new Map<RelayUrl, RelayOutcome>([
    [a, { kind: 'accepted' }],
    [b, { kind: 'ambiguous' }],
    [c, { kind: 'offline', fault: 'unreachable' }],
    [d, { kind: 'offline', fault: 'no-tls' }],
  ]);
  const second = state.work();
  expect(await settleFanout(second, id, outcomes)).toEqual([b, c]);
  state.commit(second);
  expect(await pendingFanouts(state.work(), 2_000)).toEqual([{ ...fanout, left: [b, c] }]);
  const third = state.work();
  const busy: RelayOutcome = { kind: 'refused', code: 'rate-limited' };
  expect(await settleFanout(third, id, new Map([[b, busy]]))).toEqual([b, c]);
  const last = new Map<RelayUrl, RelayOutcome>([
    [b, { kind: 'accepted' }],
    [c, { kind: 'refused', code: 'blocked' }],
  ]);
  expect(await settleFanout(third, id, last)).toEqual([]);
  state.commit(third);
  expect(await pendingFanouts(state.work(), 2_000)).toEqual([]);
  expect(await settleFanout(state.work(), id, outcomes)).toEqual([]);
});

test('the oldest comes first, and what is too old is given up', async () => {
  const state = createMemoryState();
  const work = state.work();
  const other = 'cd'.repeat(32) as EventId;
  await startFanout(work, { ...fanout, madeAt: 5_000 });
  await startFanout(work, { ...fanout, id: other, madeAt: 4_000 });
  state.commit(work);
  expect((await pendingFanouts(state.work(), 6_000)).map((one) => one.id)).toEqual([other, id]);
  const later = state.work();
  expect(await pendingFanouts(later, 5_000 + 8 * 86_400_000)).toEqual([]);
  state.commit(later);
  expect(state.keys('fanout')).toEqual([]);
});
