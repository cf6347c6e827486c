import { expect, test } from 'vitest';
import type { SignedEvent } from './event.ts';
import type { Arrival } from './receive.ts';
import type { RelayUrl } from './relay-url.ts';
import { createStored } from './stored.ts';

const [here, there] = ['wss://a.example' as RelayUrl, 'wss://b.example' as RelayUrl];
const event = (id: string, created_at: number, relay = here) =>
  ({ kind: 'group', event: { id, created_at } as SignedEvent, relay }) as const;

function sink(): { readonly got: string[]; push(arrival: Arrival): Promise<void> } {
  const got: string[] = [];
  return {
    got,
    push: async (arrival) => void (arrival.kind !== 'caught-up' && got.push(arrival.event.id)),
  };
}

test('what is stored comes from the oldest on, once all is there; what is new comes at once', async () => {
  const inflow = sink();
  const stored = createStored(inflow);
  for (const [id, at] of [
    ['c', 3],
    ['a', 1],
    ['b', 2],
  ] as const)
    await stored.take(event(id, at));
  await stored.take(event('x', 9, there));
  expect(inflow.got).toEqual([]);
  expect([stored.holds('a'), stored.holds('x'), stored.holds('y')]).toEqual([true, true, false]);
  await stored.whole(here);
  expect(inflow.got).toEqual(['a', 'b', 'c']);
  await stored.take(event('d', 0));
  expect(inflow.got).toEqual(['a', 'b', 'c', 'd']);
  expect(stored.holds('x')).toBe(true);
  await stored.broken(there);
  expect(inflow.got.at(-1)).toBe('x');
});

test('after a break it is held again', async () => {
  const inflow = sink();
  const stored = createStored(inflow);
  await stored.whole(here);
  await stored.broken(here);
  await stored.take(event('a', 1));
  expect(inflow.got).toEqual([]);
  await stored.whole(here);
  expect(inflow.got).toEqual(['a']);
});
