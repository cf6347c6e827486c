import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { announce } from './announce.ts';
import { readSignedEvent } from './event.ts';
import { foundGroup } from './group/found.ts';
import { lookFor, type Found } from './group/invitees.ts';
import { readKeyPackageEvent, type FoundKeyPackage } from './marmot/key-package-event.ts';
import { conversationWith } from './names.ts';
import type { Member } from './test/company.ts';
import { offerFound, startMeeting, type Meeting } from './test/meeting.ts';
import { transact } from './turn.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

let meeting: Meeting;

beforeEach(async () => {
  meeting = await startMeeting();
});
afterEach(() => meeting.end());

/** What the relay holds of somebody for others to add them with. */
function offered(): FoundKeyPackage {
  const events = meeting.relay.stored().filter(({ kind }) => kind === 30_443);
  expect(events).toHaveLength(1);
  const found = readKeyPackageEvent(readSignedEvent(events[0])!);
  if (found === null) throw new Error('no key package');
  return found;
}
const handedOver = (): number =>
  meeting.relay.record.events().filter(({ event }) => event.kind === 30_443).length;

/** Somebody with what a relay has of `bob`, to invite him with now or later. */
async function withOffer(bob: Member): Promise<{ readonly alice: Member; readonly found: Found }> {
  const alice = await meeting.member();
  return { alice, found: await offerFound(alice, bob) };
}

/** Whether an invitation made with a key package gets him in. */
async function getsIn(alice: Member, bob: Member, found: Found): Promise<boolean> {
  const conversation = conversationWith(alice.running.context.account, bob.key);
  const { value } = await transact(alice.running, (turn) =>
    foundGroup(turn, { conversation, direct: bob.key, title: '', members: [found] }),
  );
  if (value.kind === 'failed') throw new Error(value.failure);
  await bob.accept(alice);
  await bob.take(await alice.sent());
  return bob.state.keys('mls-group').includes(value.group);
}

describe('a key package', () => {
  test('is offered once, and again when the relay has lost it', async () => {
    const bob = await meeting.member();
    expect(await announce(bob.running)).toBe(true);
    const first = offered();
    expect(await announce(bob.running)).toBe(true);
    expect(handedOver()).toBe(1);
    meeting.relay.forget();
    expect(await announce(bob.running)).toBe(true);
    expect(offered().ref).toBe(first.ref);
  });

  test('is replaced three weeks before it runs out, in its place, and its secrets go a day later', async () => {
    const bob = await meeting.member();
    await announce(bob.running);
    const first = offered();
    meeting.aheadMs = 62 * DAY_MS;
    await announce(bob.running);
    expect(offered().ref).toBe(first.ref);
    meeting.aheadMs = 64 * DAY_MS;
    await announce(bob.running);
    const second = offered();
    expect(second).toMatchObject({ slot: first.slot });
    expect(second.ref).not.toBe(first.ref);
    const read = await bob.running.engine.readKeyPackage(second.message, bob.running.context.now());
    expect(read.kind).not.toBe('refused');
    expect(bob.state.keys('mls-key-package').toSorted()).toEqual([first.ref, second.ref].toSorted());
    meeting.aheadMs += DAY_MS + HOUR_MS;
    await announce(bob.running);
    expect(offered().ref).toBe(second.ref);
    expect(bob.state.keys('mls-key-package')).toEqual([second.ref]);
  });

  test('is replaced once it was used; who took it before still gets in, for a day', async () => {
    const bob = await meeting.member();
    await announce(bob.running);
    const first = offered();
    const [early, soon, late] = [await withOffer(bob), await withOffer(bob), await withOffer(bob)];
    expect(await getsIn(early.alice, bob, early.found)).toBe(true);
    await announce(bob.running);
    const second = offered();
    expect(second.ref).not.toBe(first.ref);
    meeting.aheadMs = 23 * HOUR_MS;
    await announce(bob.running);
    expect(await getsIn(soon.alice, bob, soon.found)).toBe(true);
    meeting.aheadMs = 2 * DAY_MS;
    await announce(bob.running);
    expect(await getsIn(late.alice, bob, late.found)).toBe(false);
    const fresh = await withOffer(bob);
    expect(await getsIn(fresh.alice, bob, fresh.found)).toBe(true);
  });

  test('that was made while the clock was ahead is replaced once it is right: nobody would take it', async () => {
    meeting.aheadMs = 30 * DAY_MS;
    const bob = await meeting.member();
    await announce(bob.running);
    meeting.aheadMs = 0;
    const alice = await meeting.member();
    expect(await lookFor(alice.running, bob.key)).toEqual({ kind: 'no-key' });
    await announce(bob.running);
    expect((await lookFor(alice.running, bob.key)).kind).toBe('found');
  });

  test('that runs out while nobody is online is refused by whoever finds it, and replaced at the next start', async () => {
    const bob = await meeting.member();
    await announce(bob.running);
    meeting.aheadMs = 85 * DAY_MS;
    const alice = await meeting.member();
    expect(await lookFor(alice.running, bob.key)).toEqual({ kind: 'no-key' });
    await announce(bob.running);
    expect(bob.state.keys('mls-key-package')).toEqual([offered().ref]);
    expect((await lookFor(alice.running, bob.key)).kind).toBe('found');
  });
});
