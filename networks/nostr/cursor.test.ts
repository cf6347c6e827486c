import { expect, test } from 'vitest';
import { readCaughtUp, sinceOf, writeCaughtUp } from './cursor.ts';
import type { NostrGroupId } from './marmot/routing.ts';
import type { RelayUrl } from './relay-url.ts';
import { createMemoryState } from './test/memory-view.ts';

const group = 'cd'.repeat(32) as NostrGroupId;
const relay = (name: string): RelayUrl => `wss://${name}.example` as RelayUrl;
const DAY = 86_400;

test('asked is from well before, further back for wraps with blurred times; all when nothing was ever whole', () => {
  const at = 1_800_000_000_999;
  expect(sinceOf(group, null, at)).toBeNull();
  expect(sinceOf(group, at, at)).toBe(1_800_000_000 - 3 * DAY);
  expect(sinceOf('inbox', at, at)).toBe(1_800_000_000 - 5 * DAY);
  expect(sinceOf('inbox', 1_000, at)).toBe(0);
});

test('each relay has its own time, which never goes back', async () => {
  const state = createMemoryState();
  for (const [name, at] of [
    ['a', 5],
    ['b', 7],
    ['a', 9],
    ['b', 1],
  ] as const) {
    const work = state.work();
    await writeCaughtUp(work, group, relay(name), at);
    state.commit(work);
  }
  expect(await readCaughtUp(state.work(), group)).toEqual(
    new Map([
      [relay('a'), 9],
      [relay('b'), 7],
    ]),
  );
  expect(await readCaughtUp(state.work(), 'inbox')).toEqual(new Map());
  for (let at = 0; at < 40; at += 1) {
    const work = state.work();
    await writeCaughtUp(work, 'inbox', relay(`r${at}`), 100 + at);
    state.commit(work);
  }
  const kept = await readCaughtUp(state.work(), 'inbox');
  expect(kept.size).toBe(32);
  expect(kept.has(relay('r0'))).toBe(false);
});

test('AT-61 what was noted while my clock was ten years ahead leaves nothing unread', async () => {
  const [now, ahead] = [1_800_000_000_000, 1_800_000_000_000 + 3_650 * DAY * 1_000];
  const state = createMemoryState();
  for (const at of [ahead, now]) {
    const work = state.work();
    await writeCaughtUp(work, group, relay('a'), at);
    state.commit(work);
    const noted = (await readCaughtUp(state.work(), group)).get(relay('a')) ?? null;
    expect(sinceOf(group, noted, now)).toBe(at === ahead ? null : now / 1_000 - 3 * DAY);
  }
});
