import { describe, expect, test } from 'vitest';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import { conversationWith } from '../names.ts';
import { openMember, type Member } from '../test/company.ts';
import { transact } from '../turn.ts';
import { partFromLostGroups } from './past.ts';
import { groupOf, readRecord } from './record.ts';
import { forgetGroup, isOver, outranks } from './replace.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const MINUTE_MS = 60_000;

/** Two who talk, each by the name of the conversation there. */
async function pair(skewMs = 0) {
  const [alice, bob] = [await openMember(), await openMember(() => skewMs)];
  const chat = await alice.found(bob);
  const theirs = conversationWith(bob.running.context.account, alice.key);
  await bob.accept(alice);
  await bob.take(await alice.sent());
  return { alice, bob, chat, theirs };
}

const groupAt = async (of: Member, chat: Parameters<typeof groupOf>[1]): Promise<GroupKey> => {
  const group = await groupOf(of.state.work(), chat);
  if (group === null) throw new Error('no group');
  return group;
};

describe('a conversation of two is started again', () => {
  test('what the other could not read is said again, what they could is not', async () => {
    const { alice, bob, chat, theirs } = await pair();
    await alice.say(chat, 'to Bob');
    await bob.take(await alice.sent());
    await bob.say(theirs, 'before');
    await alice.take(await bob.sent());
    await alice.say(chat, 'heard');
    await bob.take(await alice.sent());
    const old = await groupAt(bob, theirs);
    // New keys, of which the other never hears.
    await bob.renew(old);
    await bob.say(theirs, 'into the dark');
    await alice.take(await bob.sent());
    expect(alice.texts()).toEqual(['before']);
    bob.givenBack();

    await alice.found(bob);
    await bob.take(await alice.sent());
    const group = await groupAt(bob, theirs);
    expect(group).not.toBe(old);
    expect(await groupAt(alice, chat)).toBe(group);
    expect(bob.givenBack()).toEqual(['into the dark']);
    await bob.say(theirs, 'into the dark');
    await alice.take(await bob.sent());
    expect(alice.texts()).toEqual(['before', 'into the dark']);
  });

  test('what was still under way in the old group is read, until it is forgotten', async () => {
    const { alice, bob, chat, theirs } = await pair();
    await bob.say(theirs, 'under way');
    const late = await bob.sent();
    const old = await groupAt(alice, chat);
    await alice.found(bob);
    await alice.take(late);
    expect(alice.texts()).toEqual(['under way']);

    const work = alice.state.work();
    const record = await readRecord(work, old);
    if (record === null) throw new Error('no record');
    expect([isOver(record, Date.now()), isOver(record, Date.now() + 2 * DAY_MS)]).toEqual([false, true]);
    await transact(alice.running, (turn) => forgetGroup(turn, old, record));
    const spaces = ['group', 'route', 'said', 'commit', 'witness', 'mls-group', 'mls-epoch', 'mls-ratchet'];
    for (const space of spaces)
      expect(alice.state.keys(space).filter((key) => key.startsWith(old) || key === record.routing)).toEqual(
        [],
      );
  });

  test.each([
    ['', 0],
    [', while the clocks differ', 50 * MINUTE_MS],
    [', while they differ the other way', -50 * MINUTE_MS],
  ])('by both at once: both end in one group%s', async (_how, skewMs) => {
    const { alice, bob, chat, theirs } = await pair(skewMs);
    await alice.found(bob);
    await bob.found(alice);
    await alice.say(chat, 'from Alice');
    await bob.say(theirs, 'from Bob');
    const [a, b] = [await alice.sent(), await bob.sent()];
    await alice.take(b);
    await bob.take(a);
    const group = await groupAt(alice, chat);
    expect(await groupAt(bob, theirs)).toBe(group);
    for (const of of [alice, bob]) {
      const again = of.givenBack();
      for (const text of again) await of.say(of === alice ? chat : theirs, text);
    }
    const [a2, b2] = [await alice.sent(), await bob.sent()];
    await alice.take(b2);
    await bob.take(a2);
    expect([alice.texts(), bob.texts()]).toEqual([['from Bob'], ['from Alice']]);
    // And the next to start again is followed, whatever the clocks say.
    for (const [of, other, place] of [
      [alice, bob, theirs],
      [bob, alice, chat],
    ] as const) {
      const mine = await of.found(other);
      await other.take(await of.sent());
      expect(await groupAt(other, place)).toBe(await groupAt(of, mine));
    }
  });
});

test.each([
  ['within the same second', 0],
  ['by a clock that is behind', -50 * MINUTE_MS],
])('somebody who has begun anew is followed, %s', async (_how, skewMs) => {
  let aheadMs = 0;
  const [alice, bob] = [await openMember(() => aheadMs), await openMember()];
  const chat = await alice.found(bob);
  const theirs = conversationWith(bob.running.context.account, alice.key);
  await bob.accept(alice);
  await bob.take(await alice.sent());
  const old = await groupAt(bob, theirs);
  // What begins anew has its records, and nothing of MLS.
  await transact(alice.running, ({ work }) => alice.running.engine.forget(old, work));
  aheadMs = skewMs;
  await partFromLostGroups(alice.running.context);
  expect(await groupOf(alice.state.work(), chat)).toBeNull();

  await alice.found(bob);
  await bob.take(await alice.sent());
  const group = await groupAt(alice, chat);
  expect(group).not.toBe(old);
  expect(await groupAt(bob, theirs)).toBe(group);
});

test('of two groups one outranks the other, whoever compares', () => {
  const [a, b] = ['a' as GroupKey, 'b' as GroupKey];
  expect(outranks({ group: b, foundedAt: 2 }, { group: a, foundedAt: 1 })).toBe(true);
  expect(outranks({ group: a, foundedAt: 1 }, { group: b, foundedAt: 2 })).toBe(false);
  expect(outranks({ group: a, foundedAt: 1 }, { group: b, foundedAt: 1 })).toBe(true);
  expect(outranks({ group: b, foundedAt: 1 }, { group: a, foundedAt: 1 })).toBe(false);
});
