import { beforeEach, describe, expect, test } from 'vitest';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { ConversationId, NetworkKey } from '../../../shared/ids.ts';
import type { GroupChange } from '../../../shared/lane/intent.ts';
import { conversationOfGroup, peerOf } from '../names.ts';
import { performErrand, performGroup } from '../perform-change.ts';
import { itemOf, openMember, type Member } from '../test/company.ts';
import { transact } from '../turn.ts';
import { errandIntent } from './errand.ts';
import { foundGroup } from './found.ts';
import { faceNow } from './view.ts';

const MADE = 'made' as ConversationId;

/** A group of four: Alice has made it. */
let alice: Member;
let bob: Member;
let carol: Member;
let dave: Member;
let group: GroupKey;
let all: readonly Member[];
let items = 0;
const signal = new AbortController().signal;

beforeEach(async () => {
  [alice, bob, carol, dave] = [
    await openMember(),
    await openMember(),
    await openMember(),
    await openMember(),
  ];
  all = [alice, bob, carol, dave];
  const others = [bob, carol, dave];
  const members = await Promise.all(others.map((one) => one.offer()));
  const { value } = await transact(alice.running, (turn) =>
    foundGroup(turn, { conversation: MADE, direct: null, title: 'Walks', members }),
  );
  if (value.kind === 'failed') throw new Error(value.failure);
  ({ group } = value);
  const sent = await alice.sent();
  for (const one of others) {
    await one.accept(alice);
    await one.take(sent);
  }
});

const placeOf = (of: Member): ConversationId =>
  of === alice ? MADE : conversationOfGroup(of.running.context.account, group);

/** Who somebody sees in the group, by name. */
async function seenBy(of: Member): Promise<string> {
  const { members } = await faceNow({ running: of.running, work: of.state.work() }, group);
  return all
    .filter(({ key }) => members.includes(key))
    .map((one) => nameOf(one))
    .join(' ');
}
const nameOf = (one: Member): string => (['alice', 'bob', 'carol', 'dave'] as const)[all.indexOf(one)] ?? '';

const change = (of: Member, wanted: GroupChange): Promise<unknown> => {
  const what = { kind: 'group', key: `key ${(items += 1)}` as NetworkKey, change: wanted } as const;
  return performGroup(
    of.running,
    itemOf(`item ${items}`, { conversation: placeOf(of), sentAt: Date.now(), what }),
    wanted,
    signal,
  );
};
const letGo = (of: Member): Promise<unknown> => {
  const errand = { op: 'depart', group, keys: [] } as const;
  items += 1;
  return performErrand(of.running, itemOf(`item ${items}`, errandIntent(errand, Date.now())), errand, signal);
};

/** Everything anybody has sent reaches everybody, also whoever sent it, until nobody sends more. */
async function spread(): Promise<void> {
  for (;;) {
    const sent = (await Promise.all(all.map((one) => one.sent()))).flat();
    if (sent.length === 0) return;
    for (const one of all) await one.take(sent);
  }
}
const leave = { act: 'leave' } as const;

describe('several leave at once', () => {
  test('one commit lets go all of them, in one epoch', async () => {
    await Promise.all([change(bob, leave), change(carol, leave)]);
    await spread();
    expect(await seenBy(dave)).toBe('alice bob carol dave');
    const before = (await dave.running.engine.standing(group, dave.state.work())).current.number;
    await letGo(dave);
    await spread();
    for (const one of [alice, dave]) expect(await seenBy(one), nameOf(one)).toBe('alice dave');
    const { current } = await alice.running.engine.standing(group, alice.state.work());
    expect(current.number).toBe(before + 1n);
    for (const one of [bob, carol])
      expect((await one.running.engine.standing(group, one.state.work())).active, nameOf(one)).toBe(false);
  });

  test('two who let them go at the same time end in one state', async () => {
    await Promise.all([change(bob, leave), change(carol, leave)]);
    await spread();
    await Promise.all([letGo(dave), letGo(alice)]);
    await spread();
    for (const one of [alice, dave]) expect(await seenBy(one), nameOf(one)).toBe('alice dave');
    const authenticators = await Promise.all(
      [alice, dave].map(async (one) =>
        Buffer.from(await one.running.engine.epochAuthenticator(group, one.state.work())).toString('hex'),
      ),
    );
    expect(new Set(authenticators).size).toBe(1);
  });

  test('who leaves lets nobody else go: a commit renews the keys of its author, who stays', async () => {
    await Promise.all([change(bob, leave), change(carol, leave)]);
    await spread();
    await letGo(bob);
    expect(await bob.sent()).toEqual([]);
    expect(await seenBy(alice)).toBe('alice bob carol dave');
  });

  test('who said so in an epoch that another commit ended says it again, and goes', async () => {
    await Promise.all([change(bob, leave), change(alice, { act: 'rename', title: 'Other walks' })]);
    await spread();
    expect(await seenBy(dave)).toBe('alice bob carol dave');
    await letGo(dave);
    await spread();
    for (const one of [alice, carol, dave]) expect(await seenBy(one), nameOf(one)).toBe('alice carol dave');
  });

  test('an admin and a member: the office goes first, then both', async () => {
    await change(alice, { act: 'promote', peer: peerOf(dave.key) });
    await spread();
    await Promise.all([change(alice, leave), change(bob, leave)]);
    await spread();
    const { admins } = await faceNow({ running: dave.running, work: dave.state.work() }, group);
    expect(admins).toEqual([dave.key]);
    await letGo(dave);
    await spread();
    for (const one of [carol, dave]) expect(await seenBy(one), nameOf(one)).toBe('carol dave');
  });

  test('the only admin does not go', async () => {
    await change(alice, leave);
    await spread();
    expect(alice.commits.at(-1)?.outbound).toMatchObject([{ to: 'failed', failure: 'not-possible' }]);
    for (const one of all) expect(await seenBy(one), nameOf(one)).toBe('alice bob carol dave');
  });
});
