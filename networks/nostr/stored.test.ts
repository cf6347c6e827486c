import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SignedEvent } from './event.ts';
import { conversationWith } from './names.ts';
import type { Arrival } from './receive.ts';
import type { RelayUrl } from './relay-url.ts';
import { createStored } from './stored.ts';
import { openMember } from './test/company.ts';

const [here, there] = ['wss://a.example' as RelayUrl, 'wss://b.example' as RelayUrl];
const event = (id: string, created_at: number, relay = here, content = '') =>
  ({ kind: 'group', event: { id, created_at, content } as SignedEvent, relay }) as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function sink(): { readonly got: string[]; push(arrival: Arrival): Promise<void> } {
  const got: string[] = [];
  return {
    got,
    push: async (arrival) => void (arrival.kind !== 'caught-up' && got.push(arrival.event.id)),
  };
}

test('what is stored comes from the oldest on, once all relays have given all; what is new comes at once', async () => {
  const inflow = sink();
  const stored = createStored(inflow);
  for (const one of [event('c', 3), event('a', 1), event('x', 2, there), event('d', 4), event('x', 2)])
    await stored.take(one);
  expect(inflow.got).toEqual([]);
  expect([stored.holds('a'), stored.holds('x'), stored.holds('y')]).toEqual([true, true, false]);
  const first = stored.whole(here);
  // New, and yet after what the other is still giving.
  await stored.take(event('e', 0));
  expect(inflow.got).toEqual([]);
  await stored.whole(there);
  await first;
  expect(inflow.got).toEqual(['e', 'a', 'x', 'c', 'd']);
  await stored.take(event('f', 0));
  expect(inflow.got.at(-1)).toBe('f');
  expect(stored.holds('f')).toBe(false);
});

test('what is large is not kept back without end', async () => {
  const inflow = sink();
  const stored = createStored(inflow);
  const content = 'x'.repeat(64 * 1024);
  for (let n = 0; n < 511; n += 1) await stored.take(event(`${n}`, n, here, content));
  // The same again is not twice as much.
  await stored.take(event('0', 0, here, content));
  expect(inflow.got).toEqual([]);
  await stored.take(event('last', 0, here, content));
  expect(inflow.got).toHaveLength(512);
  await stored.take(event('another', 0, here, content));
  expect(inflow.got).toHaveLength(512);
});

test('after a break what is stored is held again, and new things of others with it', async () => {
  const inflow = sink();
  const stored = createStored(inflow);
  await Promise.all([stored.whole(here), stored.whole(there)]);
  await stored.broken(here);
  await stored.take(event('a', 1, there));
  expect(inflow.got).toEqual(['a']);
  stored.asked(here);
  await stored.take(event('c', 3, there));
  await stored.take(event('b', 2));
  expect(inflow.got).toEqual(['a']);
  await stored.whole(here);
  expect(inflow.got).toEqual(['a', 'b', 'c']);
});

test('what one relay has is handed on when the connection to the other breaks, or is not made in seconds', async () => {
  for (const give of [(stored: ReturnType<typeof createStored>) => stored.broken(there), null]) {
    const inflow = sink();
    const stored = createStored(inflow, [here, there]);
    stored.asked(here);
    await stored.take(event('a', 1));
    const whole = stored.whole(here);
    vi.advanceTimersByTime(2_999);
    await Promise.resolve();
    expect(inflow.got).toEqual([]);
    if (give === null) vi.advanceTimersByTime(1);
    else await give(stored);
    await whole;
    expect(inflow.got).toEqual(['a']);
  }
});

test('a relay that falls silent is waited for ten seconds, one that never ends a minute', async () => {
  const inflow = sink();
  const stored = createStored(inflow);
  await stored.take(event('b', 2));
  vi.advanceTimersByTime(9_999);
  await stored.take(event('a', 1));
  vi.advanceTimersByTime(9_999);
  expect(stored.holds('a')).toBe(true);
  vi.advanceTimersByTime(1);
  await vi.waitFor(() => expect(inflow.got).toEqual(['a', 'b']));
  for (let second = 0; second < 59; second += 1) {
    await stored.take(event(`n${second}`, 100 - second));
    vi.advanceTimersByTime(1_000);
  }
  expect(inflow.got).toHaveLength(2);
  vi.advanceTimersByTime(1_000);
  await vi.waitFor(() => expect(inflow.got).toHaveLength(61));
  expect(inflow.got[2]).toBe('n58');
});

test('a relay that was waited for in vain holds up nothing when it is asked again, until it has given all once', async () => {
  const inflow = sink();
  const stored = createStored(inflow);
  await stored.whole(there);
  stored.asked(here);
  vi.advanceTimersByTime(10_000);
  await stored.broken(here);
  stored.asked(here);
  await stored.take(event('a', 1, there));
  expect(inflow.got).toEqual(['a']);
  await stored.whole(here);
  stored.asked(here);
  await stored.take(event('b', 1, there));
  expect(inflow.got).toEqual(['a']);
});

test('what comes while much is handed on does not overtake it', async () => {
  const inflow = sink();
  const room = Promise.withResolvers<void>();
  const stored = createStored({
    async push(arrival) {
      if ('event' in arrival && arrival.event.id === 'a') await room.promise;
      await inflow.push(arrival);
    },
  });
  await stored.take(event('b', 2));
  await stored.take(event('a', 1));
  const all = [stored.whole(here), stored.take(event('c', 3))];
  room.resolve();
  await Promise.all(all);
  expect(inflow.got).toEqual(['a', 'b', 'c']);
});

/** A conversation in which Alice has said 250 things, from the oldest on. */
async function muchSaid() {
  const [alice, bob] = [await openMember(), await openMember()];
  const chat = await alice.found(bob);
  await bob.accept(alice);
  await bob.take(await alice.sent());
  for (let n = 0; n < 250; n += 1) await alice.say(chat, `${n}`);
  const events = (await alice.sent()).toSorted((a, b) => a.created_at - b.created_at);
  return { bob, events, theirs: conversationWith(bob.running.context.account, alice.key) };
}

test('the newest of many messages, from a relay that was away meanwhile, do not cost the older ones that another relay has', async () => {
  const { bob, events } = await muchSaid();
  const stored = createStored({
    push: (arrival) => ('event' in arrival ? bob.take([arrival.event]) : Promise.resolve()),
  });
  // Both relays give what they have. One was down until lately, has only the last five, and is done first.
  for (const one of events.toReversed()) await stored.take({ kind: 'group', event: one, relay: here });
  for (const one of events.slice(-5)) await stored.take({ kind: 'group', event: one, relay: there });
  await Promise.all([stored.whole(there), stored.whole(here)]);
  expect(bob.texts()).toHaveLength(250);
});

test('where the newest came long before the others, the conversation says that some could not be opened', async () => {
  const { bob, events, theirs } = await muchSaid();
  const before = bob.commits.length;
  await bob.take(events.slice(-1));
  await bob.take(events.slice(0, -1));
  await bob.take(events.slice(0, -1));
  const after = bob.commits.slice(before);
  const lost = after.flatMap(({ inbound }) =>
    inbound.flatMap((one) => (one.kind === 'quarantined' ? [one] : [])),
  );
  expect(bob.texts()).toHaveLength(100);
  expect(new Set(lost.map(({ envelope }) => envelope)).size).toBe(150);
  expect(new Set(lost.map(({ why }) => why))).toEqual(new Set(['key-gone']));
  const notes = after.flatMap(({ changes }) => changes).filter(({ kind }) => kind === 'note');
  expect(notes[0]).toMatchObject({ conversation: theirs, code: 'not-opened' });
});
