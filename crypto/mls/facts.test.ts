import { describe, expect, test } from 'vitest';
import { label } from '../../shared/label/rules.ts';
import type { SecurityFacts } from '../../shared/label/facts.ts';
import { utf8 } from './bytes.ts';
import type { GroupKey } from './cells.ts';
import { marmotProfile } from './marmot-rules.ts';
import { createParty, groupOf, hand, NOW, type Party } from './test/party.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const HOUR_MS = 60 * 60 * 1_000;

const factsOf = async (party: Party, group: GroupKey, now: number): Promise<SecurityFacts> => {
  const [facts] = await party.run((work) => party.engine.forecast(group, work, now));
  return facts!;
};
const within = (fact: SecurityFacts['recovery'] | SecurityFacts['forwardSecrecy']): number | 'never' =>
  fact === 'unknown' ? 'never' : fact.is.withinMs;

describe('what the label is told of a group', () => {
  test('AT-06 the things that are always so, and that it is not post-quantum', async () => {
    const [alice, bob] = [createParty('alice'), createParty('bob')];
    const group = await groupOf([alice, bob]);
    const from = { asOf: NOW, by: 'group' };
    expect(await factsOf(alice, group, NOW)).toMatchObject({
      endToEnd: { is: true, ...from },
      otherKeyHolders: { is: [], ...from },
      postQuantum: { is: 'none', ...from },
      authenticated: { is: true, ...from },
      exposed: { is: [], ...from },
      engine: { is: { name: 'Plainseal on ts-mls', version: '1.6.4', review: 'unaudited' }, ...from },
    });
  });

  test('recovery is as old as the oldest leaf', async () => {
    const [alice, bob] = [createParty('alice'), createParty('bob')];
    const group = await groupOf([alice, bob]);
    const later = NOW + 2 * DAY_MS;
    // Bob's keys are those of his key package, which says it is an hour older than it is.
    expect(within((await factsOf(alice, group, later)).recovery)).toBe(2 * DAY_MS + HOUR_MS);
    const { commit } = await bob.commit(group, [], later);
    await alice.process(commit, later);
    expect(within((await factsOf(alice, group, later)).recovery)).toBe(2 * DAY_MS);
    await bob.process((await alice.commit(group, [], later)).commit, later);
    for (const party of [alice, bob]) expect(within((await factsOf(party, group, later)).recovery)).toBe(0);
  });

  test('of a leaf that was renewed before I came nothing is known', async () => {
    const [alice, bob, carol] = [createParty('alice'), createParty('bob'), createParty('carol')];
    const group = await groupOf([alice, bob]);
    await hand((await bob.commit(group)).commit, [alice]);
    const { welcome, commit } = await alice.commit(group, [
      { kind: 'add', keyPackage: await carol.keyPackage() },
    ]);
    await hand(commit, [bob]);
    await carol.join(welcome!);
    expect(within((await factsOf(carol, group, NOW)).recovery)).toBe('never');
    const renewed = await bob.commit(group);
    await hand(renewed.commit, [alice, carol]);
    expect(within((await factsOf(carol, group, NOW)).recovery)).toBe(HOUR_MS);
  });

  test('old messages open as far back as old epochs are kept, or the key package I joined with', async () => {
    const [alice, bob] = [createParty('alice'), createParty('bob', { profile: marmotProfile })];
    const group = await alice.create(utf8('g'));
    const keyPackage = await bob.keyPackage();
    const { welcome } = await alice.commit(group, [{ kind: 'add', keyPackage }]);
    await bob.join(welcome!);
    expect(within((await factsOf(alice, group, NOW + DAY_MS)).forwardSecrecy)).toBe(DAY_MS);
    expect(within((await factsOf(bob, group, NOW + DAY_MS)).forwardSecrecy)).toBe(DAY_MS);
    const [kept] = await bob.run((work) => bob.engine.keyPackages(work, NOW));
    await bob.run((work) => bob.engine.dropKeyPackage(kept!.ref, work));
    await bob.run((work) => bob.engine.dropKeyPackage(kept!.ref, work));
    expect(within((await factsOf(bob, group, NOW + DAY_MS)).forwardSecrecy)).toBe(0);
    await alice.run((work) => alice.engine.upkeep(group, work, NOW + 7 * DAY_MS));
    expect(within((await factsOf(alice, group, NOW + 7 * DAY_MS)).forwardSecrecy)).toBe(0);
  });

  test('the label of a fresh group: private, with the limit that nobody has reviewed the engine', async () => {
    const [alice, bob] = [createParty('alice'), createParty('bob')];
    const group = await groupOf([alice, bob]);
    const { readers } = label({
      network: 'nostr',
      protocol: 'mls',
      testNetwork: false,
      facts: [await factsOf(alice, group, NOW)],
      identity: { kind: 'one', trust: { kind: 'unchecked' } },
      hold: null,
      now: NOW,
    });
    expect(readers).toEqual({ kind: 'members-limited', limits: ['engine-unaudited'] });
  });

  test('a message carries suite, epoch and keys', async () => {
    const [alice, bob] = [createParty('alice'), createParty('bob')];
    const group = await groupOf([alice, bob]);
    const sealed = await alice.run((work) => alice.engine.seal(group, utf8('x'), utf8('aad'), work, NOW));
    expect(sealed.details.map(({ name }) => name)).toEqual(['suite', 'epoch', 'own-key']);
    const opened = await bob.process(sealed.bytes);
    if (opened.kind !== 'application') throw new Error(opened.kind);
    expect(Buffer.from(opened.authenticatedData).toString()).toBe('aad');
    expect(opened.details[1]).toEqual({ name: 'epoch', value: '1' });
    expect(opened.details[3]).toEqual({ name: 'peer-key', value: sealed.details[2]!.value });
  });
});

describe('key packages of mine', () => {
  test('are listed until they run out, then gone; one for a single use goes with it', async () => {
    const [alice, bob] = [createParty('alice'), createParty('bob')];
    await bob.keyPackage();
    const keyPackage = await bob.keyPackage(NOW + DAY_MS);
    const list = (now: number) => bob.run((work) => bob.engine.keyPackages(work, now));
    expect(await list(NOW)).toHaveLength(2);
    expect(await list(NOW + 84 * DAY_MS)).toHaveLength(1);
    expect(await list(NOW)).toHaveLength(1);
    const group = await alice.create(utf8('g'));
    const added = await alice.commit(group, [{ kind: 'add', keyPackage }], NOW + DAY_MS);
    const invitation = await bob.run((work) => bob.engine.readWelcome(added.welcome!, work, NOW));
    expect(invitation).toMatchObject({ kind: 'invitation', group });
    expect(await list(NOW)).toHaveLength(1);
    await bob.join(added.welcome!);
    expect(await list(NOW)).toHaveLength(0);
    const again = bob.run((work) => bob.engine.join(added.welcome!, work, NOW));
    expect(await again).toEqual({ kind: 'refused', why: 'no-key-package' });
  });

  test('one of last resort serves twice, but not for a group I am in', async () => {
    const [alice, bob] = [createParty('alice'), createParty('bob', { profile: marmotProfile })];
    const keyPackage = await bob.keyPackage();
    const group = await alice.create(utf8('g'));
    const first = await alice.commit(group, [{ kind: 'add', keyPackage }]);
    await bob.join(first.welcome!);
    const twice = bob.run((work) => bob.engine.join(first.welcome!, work, NOW));
    expect(await twice).toEqual({ kind: 'refused', why: 'already-member' });
    const other = await alice.create(utf8('h'));
    await bob.join((await alice.commit(other, [{ kind: 'add', keyPackage }])).welcome!);
    await expect(alice.create(utf8('h'))).rejects.toMatchObject({ kind: 'conflict' });
  });
});
