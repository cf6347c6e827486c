import { expect, test } from 'vitest';
import type { EventId } from './event.ts';
import { owedFanouts, settleFanout, startFanout, type Fanout } from './fanout.ts';
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
  expect(await settleFanout(second, id, outcomes)).toMatchObject({ reached: true, left: [b, c] });
  state.commit(second);
  const half = { ...fanout, reached: true, left: [b, c] };
  expect((await owedFanouts(state.work(), 2_000)).pending).toEqual([half]);
  const third = state.work();
  const busy: RelayOutcome = { kind: 'refused', code: 'rate-limited' };
  expect(await settleFanout(third, id, new Map([[b, busy]]))).toEqual(half);
  const last = new Map<RelayUrl, RelayOutcome>([
    [b, { kind: 'accepted' }],
    [c, { kind: 'refused', code: 'blocked' }],
  ]);
  expect(await settleFanout(third, id, last)).toMatchObject({ reached: true, left: [] });
  state.commit(third);
  expect((await owedFanouts(state.work(), 2_000)).pending).toEqual([]);
  expect(await settleFanout(state.work(), id, outcomes)).toBe(null);
});

test.each<readonly [RelayOutcome, boolean]>([
  [{ kind: 'refused', code: 'invalid' }, false],
  [{ kind: 'too-large', most: 1 }, false],
  [{ kind: 'refused', code: 'duplicate' }, true],
])('after %j it is known to have reached a relay: %s', async (outcome, reached) => {
  const state = createMemoryState();
  const work = state.work();
  await startFanout(work, fanout);
  expect(await settleFanout(work, id, new Map([[a, outcome]]))).toMatchObject({ reached });
});

test('the oldest comes first, and what is too old is over', async () => {
  const state = createMemoryState();
  const work = state.work();
  const other = 'cd'.repeat(32) as EventId;
  await startFanout(work, { ...fanout, madeAt: 5_000 });
  await startFanout(work, { ...fanout, id: other, madeAt: 4_000 });
  state.commit(work);
  expect((await owedFanouts(state.work(), 6_000)).pending.map((one) => one.id)).toEqual([other, id]);
  const { pending, over } = await owedFanouts(state.work(), 5_000 + 8 * 86_400_000);
  expect([pending.length, over.length]).toEqual([0, 2]);
});
