import { describe, expect, test } from 'vitest';
import { hexOf, utf8 } from './bytes.ts';
import type { EpochRef } from './cells.ts';
import { KEPT_EPOCHS, MAX_EPOCH_AGE_MS } from './groups.ts';
import { createParty, expectAgreed, groupOf, hand, NOW, type Party } from './test/party.ts';

const parties = (...names: string[]): Party[] => names.map((name) => createParty(name));
const standingOf = (party: Party, group: Parameters<Party['seal']>[0]) =>
  party.run((work) => party.engine.standing(group, work));

describe('two commits of one epoch', () => {
  test('the other one is shown, and wins after going back', async () => {
    const [alice, bob, carol] = parties('alice', 'bob', 'carol') as [Party, Party, Party];
    const group = await groupOf([alice, bob, carol]);
    const base = (await standingOf(carol, group)).current;
    const [a, b] = [await alice.stage(group), await bob.stage(group)];
    await hand(b.commit, [carol]);
    const onB = await standingOf(carol, group);
    expect(await carol.process(a.commit)).toEqual({ kind: 'competing', digest: a.digest, at: [base] });
    expect(await standingOf(carol, group)).toEqual(onB);

    await bob.apply(group);
    const lost = await bob.seal(group, 'said on the branch that loses');
    await carol.run((work) => carol.engine.rewind(group, base.id, work));
    await hand(a.commit, [carol]);
    await alice.apply(group);
    await expectAgreed(group, [alice, carol]);
    // What was said on the other branch still opens.
    expect(await carol.read(lost)).toBe('said on the branch that loses');
    // Bob goes the same way.
    expect((await bob.process(a.commit)).kind).toBe('competing');
    await bob.run((work) => bob.engine.rewind(group, base.id, work));
    await hand(a.commit, [bob]);
    await expectAgreed(group, [alice, bob, carol]);
    expect(await alice.read(await bob.seal(group, 'together again'))).toBe('together again');
  });

  test('a commit of mine waits while another comes first, and may still win', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const base = (await standingOf(alice, group)).current;
    const mine = await alice.stage(group);
    await hand((await bob.commit(group)).commit, [alice]);
    await expectAgreed(group, [alice, bob]);
    expect((await standingOf(alice, group)).pending).toEqual([]);
    await expect(alice.apply(group)).rejects.toMatchObject({ kind: 'not-found' });
    expect(await alice.process(mine.commit)).toMatchObject({ kind: 'competing', at: [base] });
    for (const party of [alice, bob]) {
      await party.run((work) => party.engine.rewind(group, base.id, work));
      expect(await party.process(mine.commit)).toMatchObject({ kind: 'commit', mine: party === alice });
    }
    await expectAgreed(group, [alice, bob]);
    expect([...alice.cells.all.values()].filter(([{ space }]) => space === 'mls-pending')).toEqual([]);
  });

  test('going back and the same way again starts no ratchet anew', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const base = (await standingOf(alice, group)).current;
    const { commit } = await bob.commit(group);
    await hand(commit, [alice]);
    const after = (await standingOf(alice, group)).current;
    expect(await bob.read(await alice.seal(group, 'first'))).toBe('first');
    await alice.run((work) => alice.engine.rewind(group, base.id, work));
    // The commit is known; its epoch is entered again as it was left.
    expect(await alice.process(commit)).toEqual({ kind: 'duplicate' });
    await alice.run((work) => alice.engine.rewind(group, after.id, work));
    expect(await bob.read(await alice.seal(group, 'second'))).toBe('second');
  });

  test('a dropped commit of mine is gone', async () => {
    const [alice] = parties('alice') as [Party];
    const group = await groupOf([alice]);
    const { digest } = await alice.stage(group);
    expect((await standingOf(alice, group)).pending).toEqual([digest]);
    await alice.run((work) => alice.engine.dropPending(group, digest, work));
    await alice.run((work) => alice.engine.dropPending(group, digest, work));
    expect((await standingOf(alice, group)).pending).toEqual([]);
  });

  test('after a start in between, the echo of a commit applies it', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const { commit } = await alice.stage(group);
    const again = createParty('alice', { cells: alice.cells });
    expect(await again.process(commit)).toMatchObject({ kind: 'commit', mine: true });
    expect(await createParty('alice', { cells: alice.cells }).process(commit)).toEqual({ kind: 'duplicate' });
    await hand(commit, [bob]);
    await expectAgreed(group, [again, bob]);
  });
});

describe('what is kept', () => {
  test('messages out of order, and the hundred that were passed over', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const sent: Uint8Array[] = [];
    for (let n = 0; n < 105; n++) sent.push(await alice.seal(group, `${n}`));
    expect(await bob.read(sent[104]!)).toBe('104');
    expect(await bob.read(sent[5]!)).toBe('5');
    expect(await bob.read(sent[103]!)).toBe('103');
    expect(await bob.process(sent[4]!)).toEqual({ kind: 'refused', why: 'key-gone' });
    expect(await bob.process(sent[5]!)).toEqual({ kind: 'refused', why: 'replayed' });
  });

  test('a message that comes after its key was given up is told from one that was read before', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const sent: Uint8Array[] = [];
    for (let n = 0; n < 320; n++) sent.push(await alice.seal(group, `${n}`));
    // The first, one in the middle of what is passed over, and then jumps beyond all that is kept.
    for (const n of [0, 150, 60, 140, 319]) expect(await bob.read(sent[n]!)).toBe(`${n}`);
    const again = async (n: number) => {
      const processed = await bob.process(sent[n]!);
      return processed.kind === 'refused' ? processed.why : processed.kind;
    };
    for (const read of [0, 60, 140, 150, 319]) expect(await again(read)).toBe('replayed');
    for (const gone of [1, 50, 51, 59, 61, 139, 141, 149, 151, 219])
      expect(await again(gone)).toBe('key-gone');
    expect(await again(220)).toBe('application');
    // Also over a start.
    const restarted = createParty('bob', { cells: bob.cells });
    expect(await restarted.process(sent[1]!)).toEqual({ kind: 'refused', why: 'key-gone' });
  });

  test('no ratchet is turned more than a thousand times for one message', async () => {
    const [alice, bob, carol] = parties('alice', 'bob', 'carol') as [Party, Party, Party];
    const group = await groupOf([alice, bob, carol]);
    let last = new Uint8Array();
    for (let n = 0; n <= 1001; n++) last = Uint8Array.from(await alice.seal(group, `${n}`));
    expect(await bob.process(last)).toEqual({ kind: 'refused', why: 'too-far' });
    expect(await carol.process(last)).toEqual({ kind: 'refused', why: 'too-far' });
  }, 60_000);

  test(`messages of ${KEPT_EPOCHS} past epochs, none before, and no cell of those`, async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const old = await alice.seal(group, 'old');
    const gone = (await standingOf(bob, group)).current;
    await hand((await alice.commit(group)).commit, [bob]);
    const late = await alice.seal(group, 'late');
    for (let n = 0; n < 5; n++) await hand((await alice.commit(group)).commit, [bob]);
    expect(await bob.process(old)).toEqual({ kind: 'refused', why: 'old-epoch' });
    expect(await bob.read(late)).toBe('late');
    expect([...bob.cells.all.keys()].filter((name) => name.includes(gone.id))).toEqual([]);
    await expect(bob.authenticator(group, gone.id)).rejects.toMatchObject({ kind: 'not-found' });
    await expect(bob.run((work) => bob.engine.rewind(group, gone.id, work))).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  test('an epoch that ended long ago goes without any commit', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const { commit } = await alice.commit(group);
    await hand(commit, [bob]);
    expect((await standingOf(bob, group)).epochs).toHaveLength(2);
    await bob.run((work) => bob.engine.upkeep(group, work, NOW + MAX_EPOCH_AGE_MS));
    expect((await standingOf(bob, group)).epochs).toHaveLength(2);
    await bob.run((work) => bob.engine.upkeep(group, work, NOW + MAX_EPOCH_AGE_MS + 1));
    expect((await standingOf(bob, group)).epochs).toHaveLength(1);
    await expectAgreed(group, [alice, bob]);
  });

  test('a message of an epoch to come is early, a handshake too', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const first = await alice.commit(group);
    const message = await alice.seal(group, 'x');
    const second = await alice.commit(group);
    expect(await bob.process(message)).toEqual({ kind: 'early', epoch: 2n });
    expect(await bob.process(second.commit)).toEqual({ kind: 'early', epoch: 2n });
    await hand(first.commit, [bob]);
    expect(await bob.read(message)).toBe('x');
    await hand(second.commit, [bob]);
  });

  test('a removed member reads what was sent before, and can come back', async () => {
    const [alice, bob, carol] = parties('alice', 'bob', 'carol') as [Party, Party, Party];
    const group = await groupOf([alice, bob, carol]);
    const before = await carol.seal(group, 'before');
    const gone = await alice.commit(group, [{ kind: 'remove', leaf: 1 }]);
    await hand(gone.commit, [carol]);
    expect((await bob.process(gone.commit)).kind).toBe('removed');
    expect(await bob.read(before)).toBe('before');
    expect(await bob.process(await alice.seal(group, 'x'))).toEqual({ kind: 'refused', why: 'not-active' });
    await expect(bob.seal(group, 'x')).rejects.toMatchObject({ kind: 'refused' });
    expect(await bob.run((work) => bob.engine.stage(group, [], work, NOW))).toEqual({
      kind: 'refused',
      why: 'not-active',
    });
    const back = await alice.commit(group, [{ kind: 'add', keyPackage: await bob.keyPackage() }]);
    await hand(back.commit, [carol]);
    await bob.join(back.welcome!);
    await expectAgreed(group, [alice, bob, carol]);
  });

  test('a group that is forgotten leaves nothing but key packages', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    await bob.seal(group, 'x');
    await bob.stage(group);
    await bob.run((work) => bob.engine.propose(group, { kind: 'self-remove' }, work));
    await bob.run((work) => bob.engine.forget(group, work));
    await bob.run((work) => bob.engine.forget(group, work));
    expect([...bob.cells.all.keys()]).toEqual([]);
  });
});

describe('what a message costs', () => {
  test('one ratchet, and nothing of the tree', async () => {
    const members = Array.from({ length: 60 }, (_, n) => createParty(`member ${n}`));
    const [alice, bob] = members as [Party, Party];
    const group = await groupOf(members);
    const written = async (
      party: Party,
      act: (work: Parameters<Parameters<Party['run']>[0]>[0]) => Promise<unknown>,
    ) =>
      party.run(async (work) => {
        await act(work);
        return work.writes().map(({ key, value }) => [key.space, value?.length ?? 0] as const);
      });
    const say = (text: string) => (work: Parameters<Parameters<Party['run']>[0]>[0]) =>
      alice.engine.seal(group, utf8(text), new Uint8Array(), work, NOW);
    const first = await written(alice, say('first'));
    expect(first.map(([space]) => space).toSorted()).toEqual(['mls-ratchet', 'mls-secrets']);
    const second = await written(alice, say('second'));
    expect(second).toEqual([['mls-ratchet', 39]]);
    const message = await alice.seal(group, 'third');
    const read = await written(bob, (work) => bob.engine.process(message, work, NOW));
    expect(read.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeLessThan(1024);
  });
});

test('exported secrets follow the epoch, also of a past one', async () => {
  const [alice, bob] = parties('alice', 'bob') as [Party, Party];
  const group = await groupOf([alice, bob]);
  const past: EpochRef = (await standingOf(alice, group)).current;
  const secretOf = async (party: Party, epoch?: EpochRef): Promise<string> =>
    party.run(async (work) =>
      hexOf(await party.engine.exportSecret(group, 'marmot', utf8('group-event'), 32, work, epoch?.id)),
    );
  const before = await secretOf(alice);
  expect(await secretOf(bob)).toBe(before);
  await hand((await alice.commit(group)).commit, [bob]);
  expect(await secretOf(alice)).not.toBe(before);
  expect(await secretOf(alice)).toBe(await secretOf(bob));
  expect(await secretOf(bob, past)).toBe(before);
});
