import { describe, expect, test } from 'vitest';
import { createParty, expectAgreed, groupOf, hand, NOW } from './test/party.ts';
import { utf8 } from './bytes.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe('a group', () => {
  test('two talk both ways', async () => {
    const [alice, bob] = [createParty('alice'), createParty('bob')];
    const group = await groupOf([alice, bob]);
    await expectAgreed(group, [alice, bob]);
    expect(await bob.read(await alice.seal(group, 'hello'))).toBe('hello');
    expect(await alice.read(await bob.seal(group, 'hello back'))).toBe('hello back');
  });

  test('adds, removes, renews, and goes on', async () => {
    const people = ['alice', 'bob', 'carol', 'dave', 'erin'].map((name) => createParty(name));
    const [alice, bob, carol, dave, erin] = people as [
      (typeof people)[0],
      (typeof people)[0],
      (typeof people)[0],
      (typeof people)[0],
      (typeof people)[0],
    ];
    const group = await groupOf([alice, bob, carol]);
    await expectAgreed(group, [alice, bob, carol]);
    const added = await bob.commit(group, [{ kind: 'add', keyPackage: await dave.keyPackage() }]);
    await hand(added.commit, [alice, carol]);
    await dave.join(added.welcome!);
    await expectAgreed(group, [alice, bob, carol, dave]);
    await hand((await carol.commit(group)).commit, [alice, bob, dave]);
    await expectAgreed(group, [alice, bob, carol, dave]);
    const swapped = await dave.commit(group, [
      { kind: 'remove', leaf: 1 },
      { kind: 'add', keyPackage: await erin.keyPackage() },
    ]);
    expect(swapped.view.removed.map(({ member }) => text(member.identity))).toEqual(['bob']);
    await hand(swapped.commit, [alice, carol]);
    await erin.join(swapped.welcome!);
    expect((await bob.process(swapped.commit)).kind).toBe('removed');
    await expectAgreed(group, [alice, carol, dave, erin]);
    expect(await erin.read(await alice.seal(group, 'welcome'))).toBe('welcome');
    const late = await alice.seal(group, 'not for bob');
    expect((await bob.process(late)).kind).toBe('refused');
  });

  test('a member leaves, an app component changes', async () => {
    const [alice, bob, carol] = [createParty('alice'), createParty('bob'), createParty('carol')];
    const group = await groupOf([alice, bob, carol], new Map([[0x8001, utf8('one')]]));
    const asked = await bob.run((work) => bob.engine.propose(group, { kind: 'self-remove' }, work));
    if (asked.kind !== 'proposed') throw new Error(asked.why);
    for (const party of [alice, carol]) expect((await party.process(asked.message)).kind).toBe('proposal');
    const commit = await carol.commit(group, [
      { kind: 'proposed', ref: asked.ref },
      { kind: 'app-data-update', component: 0x8001, data: utf8('two') },
    ]);
    expect(commit.view.left.map(({ identity }) => text(identity))).toEqual(['bob']);
    await hand(commit.commit, [alice]);
    expect((await bob.process(commit.commit)).kind).toBe('removed');
    await expectAgreed(group, [alice, carol]);
    const { view } = await alice.run((work) => alice.engine.standing(group, work));
    expect(text(view.components.get(0x8001)!)).toBe('two');
    expect(view.members.map(({ identity }) => text(identity))).toEqual(['alice', 'carol']);
  });

  test('a stage is nothing until it is applied; an echo applies it once', async () => {
    const [alice, bob] = [createParty('alice'), createParty('bob')];
    const group = await groupOf([alice, bob]);
    const before = await alice.authenticator(group);
    const { commit } = await alice.stage(group);
    expect(await alice.authenticator(group)).toBe(before);
    expect(await bob.read(await alice.seal(group, 'still here'))).toBe('still here');
    expect(await alice.process(commit)).toMatchObject({ kind: 'commit', mine: true });
    expect(await alice.process(commit)).toEqual({ kind: 'duplicate' });
    expect((await bob.process(commit)).kind).toBe('commit');
    expect(await bob.process(commit)).toEqual({ kind: 'duplicate' });
    await expectAgreed(group, [alice, bob]);
  });

  test('forecast', async () => {
    const alice = createParty('alice');
    const group = await alice.create(utf8('g'));
    const [facts] = await alice.run((work) => alice.engine.forecast(group, work, NOW));
    expect(facts).toMatchObject({ postQuantum: { is: 'none' }, engine: { is: { review: 'unaudited' } } });
  });
});
