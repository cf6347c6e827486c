import { signWithLabel } from 'ts-mls/crypto/signature.js';
import { encodeLeafNodeTBS } from 'ts-mls/leafNode.js';
import { toNodeIndex } from 'ts-mls/treemath.js';
import type { LeafNode, Node } from 'ts-mls';
import { describe, expect, test } from 'vitest';
import { utf8 } from './bytes.ts';
import { nodeSuite } from './suite.ts';
import { forge, forgerOf } from './test/forge.ts';
import { createParty, expectAgreed, frozen, groupOf, hand, type Party } from './test/party.ts';
import { hashTree, isBelow, isSound, keysDiffer, parentsHold, type Tree } from './tree.ts';

const parties = (...names: string[]): Party[] => names.map((name) => createParty(name));

/** A tree with parents of several commits, and one leaf that no parent above it knows yet. */
async function grown(): Promise<Tree> {
  const [alice, bob, carol, dave, erin, frank] = parties('a', 'b', 'c', 'd', 'e', 'f') as [
    Party,
    Party,
    Party,
    Party,
    Party,
    Party,
  ];
  const group = await groupOf([alice, bob, carol, dave, erin]);
  const all = [alice, bob, carol, dave, erin];
  for (const party of [erin, carol, bob]) {
    const { commit } = await party.commit(group);
    await hand(
      commit,
      all.filter((one) => one !== party),
    );
  }
  await alice.commit(group, [{ kind: 'add', keyPackage: await frank.keyPackage() }]);
  return (await forgerOf(alice, group)).standing.roster.tree;
}

const holds = async (tree: Tree): Promise<boolean> =>
  parentsHold(nodeSuite, tree, await hashTree(nodeSuite, tree));

function parentOf(tree: Tree, at: number): Extract<Node, { nodeType: 'parent' }> {
  const node = tree[at];
  if (node?.nodeType !== 'parent') throw new Error(`no parent at ${at}`);
  return node;
}

describe('a tree that comes from somebody', () => {
  test('is taken as it is in a group', async () => {
    const tree = await grown();
    expect([isSound(tree), keysDiffer(tree), await holds(tree)]).toEqual([true, true, true]);
  });

  test('is refused with nodes out of place or leaves that parents do not know', async () => {
    const tree = await grown();
    const leaf = tree[0];
    const root = parentOf(tree, 7);
    const withUnmerged = (unmergedLeaves: number[], at = 7): Tree =>
      tree.with(at, { nodeType: 'parent', parent: { ...parentOf(tree, at).parent, unmergedLeaves } });
    expect(isSound(tree.with(1, leaf))).toBe(false);
    expect(isSound(tree.with(10, root))).toBe(false);
    expect(isSound(withUnmerged([5, 4]))).toBe(false);
    expect(isSound(withUnmerged([5, 5]))).toBe(false);
    expect(isSound(withUnmerged([7]))).toBe(false); // nobody sits there
    expect(isSound(withUnmerged([4], 3))).toBe(false); // not below it
    expect(isSound(withUnmerged([3]))).toBe(false); // a parent between does not name it
    expect(isSound(withUnmerged([]))).toBe(true);
  });

  test('is refused with two keys alike', async () => {
    const tree = await grown();
    const [a, b] = [tree[0], tree[2]];
    if (a?.nodeType !== 'leaf' || b?.nodeType !== 'leaf') throw new Error('no leaves');
    const like = (part: Partial<LeafNode>): Tree =>
      tree.with(2, { nodeType: 'leaf', leaf: { ...b.leaf, ...part } as LeafNode });
    expect(keysDiffer(like({ hpkePublicKey: a.leaf.hpkePublicKey }))).toBe(false);
    expect(keysDiffer(like({ signaturePublicKey: a.leaf.signaturePublicKey }))).toBe(false);
    const root = parentOf(tree, 7);
    const parent = { ...root.parent, hpkePublicKey: a.leaf.hpkePublicKey };
    expect(keysDiffer(tree.with(7, { nodeType: 'parent', parent }))).toBe(false);
  });

  test('is refused with a parent that nobody below vouches for', async () => {
    const tree = await grown();
    const places = [...tree.keys()].filter((at) => tree[at]?.nodeType === 'parent');
    expect(places.length).toBeGreaterThan(2);
    for (const at of places) {
      const { parent } = parentOf(tree, at);
      const other = (part: Partial<typeof parent>): Tree =>
        tree.with(at, { nodeType: 'parent', parent: { ...parent, ...part } });
      expect(await holds(other({ hpkePublicKey: new Uint8Array(32).fill(7) }))).toBe(false);
      expect(await holds(other({ parentHash: new Uint8Array(32).fill(7) }))).toBe(false);
      // Somebody below whom the parent's maker did not know is somebody who could have been slipped in.
      expect(await holds(other({ unmergedLeaves: [0] }))).toBe(false);
    }
  });

  test('places', () => {
    expect(isBelow(0, 3)).toBe(true);
    expect(isBelow(6, 3)).toBe(true);
    expect(isBelow(8, 3)).toBe(false);
    expect(isBelow(toNodeIndex(4), 4)).toBe(true);
    expect(isBelow(6, 4)).toBe(false);
  });
});

describe('new keys that a member asks others to commit (MLS Update)', () => {
  async function updateOf(party: Party, group: Parameters<typeof forgerOf>[1], part: Partial<LeafNode> = {}) {
    const forger = await forgerOf(party, group);
    const { epoch, roster } = forger.standing;
    const node = roster.tree[epoch.leaf * 2];
    if (node?.nodeType !== 'leaf') throw new Error('no leaf');
    const { credential, capabilities, extensions, signaturePublicKey } = node.leaf;
    const pair = await nodeSuite.hpke.generateKeyPair();
    const tbs = {
      leafNodeSource: 'update' as const,
      hpkePublicKey: await nodeSuite.hpke.exportPublicKey(pair.publicKey),
      signaturePublicKey,
      credential,
      capabilities,
      extensions,
      groupId: epoch.context.groupId,
      leafIndex: epoch.leaf,
      ...part,
    };
    const bytes = encodeLeafNodeTBS(tbs as Parameters<typeof encodeLeafNodeTBS>[0]);
    const signature = await signWithLabel(forger.signKey, 'LeafNodeTBS', bytes, nodeSuite.signature);
    const leaf = { ...tbs, signature } as LeafNode;
    return forge(forger, { kind: 'proposal', proposal: { kind: 'update', leaf } });
  }

  async function committed(update: Uint8Array, by: Party, group: Parameters<typeof forgerOf>[1]) {
    const taken = await by.process(update);
    if (taken.kind !== 'proposal') throw new Error(taken.kind);
    const [waiting] = await by.run((work) => by.engine.waiting(group, work));
    expect(waiting).toMatchObject({ ref: taken.ref, what: 'update', removes: null });
    return by.run((work) => by.engine.stage(group, [{ kind: 'proposed', ref: taken.ref }], work, Date.now()));
  }

  test('is committed by another, and taken by the rest', async () => {
    const [alice, bob, carol] = parties('alice', 'bob', 'carol') as [Party, Party, Party];
    const group = await groupOf([alice, bob, carol]);
    const update = await updateOf(alice, group);
    await carol.process(update);
    const staged = await committed(update, bob, group);
    if (staged.kind !== 'staged') throw new Error(staged.why);
    expect(staged.view.updated).toHaveLength(1);
    await bob.apply(group);
    await hand(staged.commit, [carol]);
    await expectAgreed(group, [bob, carol]);
  });

  test('AT-11 is refused for another account, an old key, a leaf signed elsewhere', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const own = (await forgerOf(alice, group)).standing.roster.tree[0];
    if (own?.nodeType !== 'leaf') throw new Error('no leaf');
    const wrong: readonly (readonly [Partial<LeafNode>, string])[] = [
      [{ credential: { credentialType: 'basic', identity: utf8('carol') } }, 'member'],
      [{ hpkePublicKey: own.leaf.hpkePublicKey }, 'proposals'],
      [{ leafIndex: 5 } as Partial<LeafNode>, 'signature'],
      [{ hpkePublicKey: new Uint8Array(32) }, 'malformed'], // AT-17
    ];
    for (const [part, why] of wrong) {
      const update = await updateOf(alice, group, part);
      expect(await committed(update, bob, group)).toEqual({ kind: 'refused', why });
      const [{ ref } = { ref: '' }] = await bob.run((work) => bob.engine.waiting(group, work));
      expect(ref).not.toBe('');
      // The next one starts without it.
      const cells = [...bob.cells.all.values()].filter(([key]) => key.space === 'mls-proposal');
      bob.cells.commit(cells.map(([key, { version }]) => ({ key, value: null, expect: version })));
    }
  });
});

describe('commits and messages of epochs that have passed', () => {
  test('are only competing if a member of that epoch made them', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const forger = await forgerOf(alice, group);
    await hand((await alice.commit(group)).commit, [bob]);
    const body = { kind: 'commit', commit: { proposals: [], path: null } } as const;
    const proposal = { kind: 'proposal', proposal: { kind: 'self-remove' } } as const;
    const before = frozen(bob);
    const refusedFor = async (message: Promise<Uint8Array>, why: string) =>
      expect(await bob.process(await message)).toEqual({ kind: 'refused', why });
    expect((await bob.process(await forge(forger, body))).kind).toBe('competing');
    await refusedFor(forge(forger, body, { membershipKey: new Uint8Array(32) }), 'membership');
    await refusedFor(forge(forger, body, { leaf: 1 }), 'signature');
    await refusedFor(forge(forger, proposal), 'old-epoch');
    expect(frozen(bob)).toEqual(before);
    for (let n = 0; n < 6; n++) await hand((await alice.commit(group)).commit, [bob]);
    await refusedFor(forge(forger, body), 'old-epoch');
  });

  test('my own commit of which nothing is kept is not taken', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const { commit, digest } = await alice.stage(group);
    await alice.run((work) => alice.engine.dropPending(group, digest, work));
    const before = frozen(alice);
    expect(await alice.process(commit)).toEqual({ kind: 'refused', why: 'not-allowed' });
    expect(frozen(alice)).toEqual(before);
  });

  test('a proposal that is not there cannot be committed', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const staged = alice.run((work) =>
      alice.engine.stage(group, [{ kind: 'proposed', ref: '00' }], work, Date.now()),
    );
    expect(await staged).toEqual({ kind: 'refused', why: 'unknown-proposal' });
  });

  test('a component is taken away, and a group without any has no dictionary', async () => {
    const [alice, bob] = parties('alice', 'bob') as [Party, Party];
    const group = await groupOf([alice, bob]);
    const change = async (data: Uint8Array | null) =>
      hand((await alice.commit(group, [{ kind: 'app-data-update', component: 0x8001, data }])).commit, [bob]);
    const has = async () =>
      (await bob.run((work) => bob.engine.standing(group, work))).view.components.has(0x8001);
    expect(await has()).toBe(false);
    await change(utf8('a name'));
    expect(await has()).toBe(true);
    await change(null);
    expect(await has()).toBe(false);
    await expectAgreed(group, [alice, bob]);
  });
});
