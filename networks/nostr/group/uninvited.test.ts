import { expect, test } from 'vitest';
import type { ConversationId } from '../../../shared/ids.ts';
import { createFanoutLoop } from '../fanout-loop.ts';
import { owedFanouts } from '../fanout.ts';
import { peerOf } from '../names.ts';
import { publish } from '../publish.ts';
import type { RelayUrl } from '../relay-url.ts';
import type { RelayOutcome } from '../relays/pool.ts';
import { openMember, type Member } from '../test/company.ts';
import { transact } from '../turn.ts';
import { foundGroup } from './found.ts';
import { isUninvited } from './uninvited.ts';
import { groupOf } from './record.ts';

const GROUP = 'made' as ConversationId;
const [one, two] = ['wss://one.example', 'wss://two.example'] as [RelayUrl, RelayUrl];
const blocked: RelayOutcome = { kind: 'refused', code: 'blocked' };
const busy: RelayOutcome = { kind: 'refused', code: 'rate-limited' };
const accepted: RelayOutcome = { kind: 'accepted' };

async function found(alice: Member, members: readonly Member[]): Promise<void> {
  const offers = await Promise.all(
    members.map(async (each) => ({ ...(await each.offer()), inbox: [one, two] })),
  );
  await transact(alice.running, (turn) =>
    foundGroup(turn, { conversation: GROUP, direct: null, title: 'Walks', members: offers }),
  );
}

/** Tries all that is owed once, at relays that answer so. */
async function tryAt(alice: Member, outcomes: readonly (readonly [RelayUrl, RelayOutcome])[]): Promise<void> {
  const { pending } = await owedFanouts(alice.state.work(), alice.running.context.now());
  const isThere = outcomes.some(([, { kind }]) => kind === 'accepted');
  const pool = {
    ...alice.running.pool,
    publish: () => ({
      first: Promise.resolve(isThere ? ('accepted' as const) : ('nowhere' as const)),
      outcomes: Promise.resolve(new Map(outcomes)),
    }),
  };
  for (const { id, operation, left } of pending)
    await publish({ ...alice.running, pool }, operation, id, left);
  await alice.running.exclusive(async () => undefined);
}

const stated = (of: Member) =>
  of.commits
    .flatMap(({ changes }) => changes)
    .flatMap((change) => (change.kind === 'note' ? [[change.conversation, change.code, change.of]] : []));

test('whose invitation every relay refuses for good is named, once, and stays in the group until somebody decides', async () => {
  const [alice, bob] = [await openMember(), await openMember()];
  await found(alice, [bob]);
  await tryAt(alice, [[one, blocked], [two, busy]]); // prettier-ignore
  expect(stated(alice)).toEqual([]);
  await tryAt(alice, [[two, { kind: 'too-large', most: 1 }]]);
  expect(stated(alice)).toEqual([[GROUP, 'member-not-invited', [peerOf(bob.key)]]]);
  await tryAt(alice, [[two, blocked]]);
  expect(stated(alice)).toHaveLength(1);
});

test('an invitation that one relay has is enough', async () => {
  const [alice, bob] = [await openMember(), await openMember()];
  await found(alice, [bob]);
  await tryAt(alice, [[one, accepted], [two, busy]]); // prettier-ignore
  await tryAt(alice, [[two, blocked]]);
  expect(stated(alice)).toEqual([]);
  expect(alice.state.keys('fanout')).toEqual([]);
});

test('whose relays never answered for a week is named', async () => {
  let aheadMs = 0;
  const [alice, bob, carol] = [await openMember(() => aheadMs), await openMember(), await openMember()];
  await found(alice, [bob, carol]);
  aheadMs = 8 * 24 * 60 * 60_000;
  const fanouts = createFanoutLoop(alice.running);
  fanouts.wake();
  await expect.poll(() => alice.state.keys('fanout')).toEqual([]);
  fanouts.stop();
  const people = stated(alice).map(([, code, of]) => [code, of]);
  const named = [bob, carol].map(({ key }) => ['member-not-invited', [peerOf(key)]]);
  expect(people).toHaveLength(2);
  expect(people).toEqual(expect.arrayContaining(named));
});

test('a chat of two whose invitation reached nobody is one that may be started again', async () => {
  const [alice, bob] = [await openMember(), await openMember()];
  const chat = await alice.found(bob);
  const group = await groupOf(alice.state.work(), chat);
  if (group === null) throw new Error('no group');
  expect(await isUninvited(alice.state.work(), group)).toBe(false);
  await tryAt(alice, [['wss://relay.example' as RelayUrl, blocked]]);
  expect(stated(alice)).toEqual([[chat, 'member-not-invited', [peerOf(bob.key)]]]);
  expect(await isUninvited(alice.state.work(), group)).toBe(true);
});
