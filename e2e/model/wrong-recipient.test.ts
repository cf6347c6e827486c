import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useConnection } from '../../renderer/app/core.ts';
import { useChats } from '../../renderer/chats/store.ts';
import { flushDrafts, sendDraft, useDrafts, writeDraft } from '../../renderer/composer/store.ts';
import { useMessages } from '../../renderer/messages/store.ts';
import { createHand, dice, meantFor, meantIn } from './hand.ts';
import { accounts, ways } from './people.ts';
import { openWorld, type Handed, type World } from './world.ts';

/** How much is done: thousands of acts here, a million by `npm run fuzz`. */
const ACTIONS = Number(process.env['FUZZ_ACTIONS'] ?? 6_000);
/** Acts in one turn of the program: nothing of core's answers comes between them. */
const IN_A_ROW = 4;
/** Acts in one world: what a fault needs is found in far fewer, and a part that takes too long loses no other. */
const PART = 50_000;
const parts = Array.from({ length: Math.ceil(ACTIONS / PART) }, (_, part) => ({
  acts: Math.min(PART, ACTIONS - part * PART),
  seed: 62 + part,
}));
/** A machine that does other things too is some twenty times as slow. */
const TIMEOUT_MS = 60_000 + Math.min(PART, ACTIONS) * 30;

/** For everybody to be met, on a machine that does other things too. */
const OPEN_MS = 30_000;

let world: World;
beforeEach(async () => {
  // What somebody of the world before was being written to is nothing to this one: a page lives with one profile.
  useDrafts.setState(useDrafts.getInitialState(), true);
  useChats.setState(useChats.getInitialState(), true);
  useMessages.setState(useMessages.getInitialState(), true);
  vi.stubGlobal('document', { querySelector: () => null });
  world = await openWorld();
  await vi.waitFor(
    () => {
      expect(useConnection.getState().state).toBe('open');
      expect(useChats.getState().rows.size).toBe(ways.length);
    },
    { timeout: OPEN_MS },
  );
}, 2 * OPEN_MS);
afterEach(() => world.close());

/** What went elsewhere than where it was written, of all that was handed to a lane. */
function astray({ account, conversation, said, answers }: Handed): readonly string[] {
  const way = ways.find((each) => each.conversation === conversation);
  const faults = said.flatMap(meantIn).filter((id) => id !== conversation);
  if (way?.account.id !== account) faults.push(`over ${account}`);
  if (answers !== null && answers !== conversation) faults.push(`answers ${answers}`);
  return faults.map((fault) => `${fault} → ${conversation}`);
}

test('what is sent under the row of another conversation is seen to go astray', async () => {
  const [one, other] = ways;
  const row = other && useChats.getState().rows.get(other.conversation);
  if (!one || !row) throw new Error('nobody is there');
  writeDraft(row.id, meantFor(one.conversation, 1));
  await sendDraft(row);
  await vi.waitFor(() => expect(world.handed).toHaveLength(1));
  expect(world.handed.flatMap(astray)).toEqual([`${one.conversation} → ${row.id}`]);
});

test.each(parts)(
  'AT-62 $acts hurried acts among people of one name, seed $seed: nothing reaches anybody else',
  async ({ acts, seed }) => {
    const hand = createHand({ world, roll: dice(seed) });
    for (let done = 0; done < acts; done += 1) {
      hand.act();
      if (done % IN_A_ROW === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await hand.settle();
    flushDrafts();
    await vi.waitFor(
      () => {
        const open = "SELECT count(*) AS n FROM outbox WHERE state IN ('queued', 'sealed')";
        expect(world.rig.db.get<{ readonly n: number }>(open)?.n).toBe(0);
      },
      { timeout: TIMEOUT_MS, interval: 20 },
    );
    expect(world.handed.flatMap(astray)).toEqual([]);
    // What waits in a composer, and what core keeps of it, is for that conversation too.
    for (const [id, draft] of useDrafts.getState().drafts)
      expect([draft.text, ...draft.files.map(({ name }) => name)].flatMap(meantIn).filter((each) => each !== id)).toEqual([]); // prettier-ignore
    const kept = 'SELECT id, draft FROM conversation WHERE draft IS NOT NULL';
    for (const { id, draft } of world.rig.db.all<{ readonly id: string; readonly draft: string }>(kept))
      expect(meantIn(draft).filter((each) => each !== id)).toEqual([]);

    // It was no test of nothing: much was sent, over every account, files and answers among it, and no word twice.
    const words = world.handed.flatMap(({ said }) => said).flatMap((text) => text.match(/<[^<>]+>/gu) ?? []);
    expect(new Set(words).size).toBe(words.length);
    expect(words.length).toBeGreaterThan(hand.written / 4);
    expect(new Set(world.handed.map(({ account }) => account)).size).toBe(accounts.length);
    expect(world.handed.some(({ said }) => said.length > 1)).toBe(true);
    expect(world.handed.some(({ answers }) => answers !== null)).toBe(true);
  },
  TIMEOUT_MS,
);
