import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import { encodeFrame } from '../../../shared/wire/codec.ts';
import { OVERLAP_SECONDS, readCaughtUp, writeCaughtUp } from '../cursor.ts';
import { keepDeferred } from '../deferred.ts';
import { seconds, type EventId, type SignedEvent } from '../event.ts';
import {
  GROUP_EVENT_EXPORTER,
  openGroupEvent,
  readGroupEvent,
  sealGroupEvent,
} from '../marmot/group-event.ts';
import { groupComponents } from '../marmot/member.ts';
import { encodeRouting, ROUTING_COMPONENT, type NostrGroupId } from '../marmot/routing.ts';
import { conversationOfGroup, conversationWith } from '../names.ts';
import { createSubscriptions } from '../subscriptions.ts';
import { openMember, type Member } from '../test/company.ts';
import { RELAY } from '../test/trial.ts';
import { transact } from '../turn.ts';
import { converge, mustRecord } from './converge.ts';
import { foundGroup } from './found.ts';
import { groupOf, groupsAt, readRecord, writeRecord } from './record.ts';
import { forgetGroup } from './replace.ts';
import { sendWelcomes } from './welcomes.ts';

/** Two who talk, and under which name relays know their group: everybody who reads there sees it. */
async function pair() {
  const [alice, bob] = [await openMember(), await openMember()];
  const chat = await alice.found(bob);
  await bob.accept(alice);
  await bob.take(await alice.sent());
  await alice.say(chat, 'one');
  const events = await alice.sent();
  await bob.take(events);
  return { alice, bob, chat, routing: events[0]?.tags[0]?.[1] as NostrGroupId };
}

/** An invitation as another program may make it: into a group that says it has the name of another. */
async function inviteUnder(from: Member, to: Member, routing: NostrGroupId): Promise<readonly SignedEvent[]> {
  const found = await to.offer();
  await transact(from.running, async (turn) => {
    const { engine } = from.running;
    const components = groupComponents({
      name: 'Cats',
      admins: [from.key],
      routing: { group: routing, relays: [RELAY] },
    });
    const group = await engine.createGroup(randomBytes(32), components, turn.work, turn.now);
    const changes = [{ kind: 'add', keyPackage: found.keyPackage }] as const;
    const staged = await engine.stage(group, changes, turn.work, turn.now);
    if (staged.kind === 'refused' || staged.welcome === null) throw new Error('refused');
    await sendWelcomes(turn, group, [RELAY], { message: staged.welcome, to: [found] });
  });
  return from.sent();
}

test('who invites me cannot take away the messages of another group of mine', async () => {
  const { alice, bob, chat, routing } = await pair();
  const mallory = await openMember();
  await bob.accept(mallory);
  await bob.take(await inviteUnder(mallory, bob, routing));
  expect(await groupsAt(bob.state.work(), routing)).toHaveLength(2);
  await alice.say(chat, 'two');
  await bob.take(await alice.sent());
  expect(bob.texts()).toEqual(['one', 'two']);
});

test('nor does who gives a group of theirs that name later, or a group of that name that is over', async () => {
  const { alice, bob, chat, routing } = await pair();
  const mallory = await openMember();
  await mallory.found(bob);
  await bob.accept(mallory);
  await bob.take(await mallory.sent());
  const theirs = await groupOf(bob.state.work(), conversationWith(bob.running.context.account, mallory.key));
  if (theirs === null) throw new Error('no group');
  const own = (await mustRecord({ work: bob.state.work() }, theirs)).routing;
  await transact(bob.running, async (turn) => {
    const data = encodeRouting({ group: routing, relays: [RELAY] });
    const change = { kind: 'app-data-update', component: ROUTING_COMPONENT, data } as const;
    const staged = await bob.running.engine.stage(theirs, [change], turn.work, turn.now);
    if (staged.kind === 'refused') throw new Error(staged.why);
    await bob.running.engine.applyPending(theirs, staged.digest, turn.work, turn.now);
    await converge(turn, theirs);
  });
  expect(await groupsAt(bob.state.work(), own)).toEqual([]);
  expect(await groupsAt(bob.state.work(), routing)).toHaveLength(2);
  const id = 'ab'.repeat(32) as EventId;
  const waits = { id, group: routing, sealed: new Uint8Array(60), datedAt: seconds(Date.now()) };
  await transact(bob.running, async (turn) => {
    await keepDeferred(turn.work, { ...waits, receivedAt: turn.now }, 0);
    await forgetGroup(turn, theirs, await mustRecord(turn, theirs));
  });
  expect(bob.state.keys('deferred')).toHaveLength(1);
  expect(await groupsAt(bob.state.work(), routing)).toHaveLength(1);
  await alice.say(chat, 'two');
  await bob.take(await alice.sent());
  expect(bob.texts()).toEqual(['one', 'two']);
});

test('a name that an earlier version noted for one group is read, and heals when another took it', async () => {
  const { alice, bob, chat, routing } = await pair();
  const group = await groupOf(bob.state.work(), conversationWith(bob.running.context.account, alice.key));
  if (group === null) throw new Error('no group');
  const noteAs = async (named: string): Promise<void> => {
    const work = bob.state.work();
    await work.get({ space: 'route', key: routing });
    work.put({ space: 'route', key: routing }, encodeFrame({ group: named }));
    bob.state.commit(work);
  };
  await noteAs(group);
  await alice.say(chat, 'two');
  await bob.take(await alice.sent());
  expect(bob.texts()).toEqual(['one', 'two']);
  await noteAs('ef'.repeat(32));
  await transact(bob.running, async ({ work }) => {
    await writeRecord(work, group, await mustRecord({ work }, group));
  });
  await alice.say(chat, 'three');
  await bob.take(await alice.sent());
  expect(bob.texts()).toEqual(['one', 'two', 'three']);
});

test('a relay has given all of a name only where it was asked for each group that has it', async () => {
  const { bob, routing } = await pair();
  const [known] = await groupsAt(bob.state.work(), routing);
  if (known === undefined) throw new Error('no group');
  const other = 'cd'.repeat(32) as GroupKey;
  await transact(bob.running, async ({ work, now }) => {
    await writeCaughtUp(work, routing, RELAY, now);
    const record = await mustRecord({ work }, known);
    await writeRecord(work, other, { ...record, since: record.since - 1_000 });
  });
  expect(await readCaughtUp(bob.state.work(), routing)).toEqual(new Map());
  const asked: (number | null)[] = [];
  const pool: typeof bob.running.pool = {
    ...bob.running.pool,
    subscribe(ask, _relays, sink) {
      if (ask.kind === 'groups') asked.push(sink.since(RELAY));
      return { close: () => undefined };
    },
  };
  const inflow = { push: async () => undefined, knows: () => false, idle: async () => undefined };
  const heard = { caughtUp: () => undefined, broken: () => undefined };
  const asking = createSubscriptions(
    { ...bob.running, pool },
    { ...inflow, ended: Promise.resolve() },
    heard,
  );
  await asking.refresh();
  const records = [await readRecord(bob.state.work(), known), await readRecord(bob.state.work(), other)];
  const first = Math.min(...records.map((record) => record?.since ?? Infinity));
  expect(asked).toEqual([first - OVERLAP_SECONDS]);
});

/** What somebody can read of a group event, sealed for another group of theirs: as anybody could who is in both. */
async function resealed(
  by: Member,
  event: SignedEvent,
  from: GroupKey,
  into: GroupKey,
): Promise<SignedEvent> {
  const { engine } = by.running;
  const { label, context, bytes } = GROUP_EVENT_EXPORTER;
  const found = readGroupEvent(event);
  const { value } = await transact(by.running, async ({ work, now }) => {
    const keyOf = (group: GroupKey) => engine.exportSecret(group, label, Buffer.from(context), bytes, work);
    const opened = found && openGroupEvent(found, [await keyOf(from)]);
    if (!opened) throw new Error('not opened');
    const { routing } = await mustRecord({ work }, into);
    return sealGroupEvent(await keyOf(into), routing, opened.message, now);
  });
  return value;
}

test('what was said in one group is taken for said in no other, and is still read in its own', async () => {
  const [alice, bob, mallory] = [await openMember(), await openMember(), await openMember()];
  const walks = 'walks' as ConversationId;
  const found = async (
    by: Member,
    conversation: ConversationId,
    others: readonly Member[],
  ): Promise<GroupKey> => {
    const members = await Promise.all(others.map((one) => one.offer()));
    const { value } = await transact(by.running, (turn) =>
      foundGroup(turn, { conversation, direct: null, title: conversation, members }),
    );
    if (value.kind === 'failed') throw new Error(value.failure);
    const sent = await by.sent();
    for (const one of others) {
      await one.accept(by);
      await one.take(sent);
    }
    return value.group;
  };
  const first = await found(alice, walks, [bob, mallory]);
  const second = await found(mallory, 'cats' as ConversationId, [alice, bob]);
  await alice.say(walks, 'meet me at noon');
  const [event] = await alice.sent();
  if (event === undefined) throw new Error('nothing said');
  await bob.take([await resealed(mallory, event, first, second)]);
  expect(bob.texts()).toEqual([]);
  expect(bob.commits.at(-1)?.inbound).toMatchObject([{ kind: 'quarantined', why: 'unknown-group' }]);
  await bob.take([event]);
  const { account } = bob.running.context;
  const said = bob.commits.flatMap(({ changes }) => changes.filter(({ kind }) => kind === 'message'));
  expect(said).toMatchObject([{ target: { conversation: conversationOfGroup(account, first) } }]);
});
