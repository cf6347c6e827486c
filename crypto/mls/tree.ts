import type { LeafNode, Node, ParentNode, RatchetTree } from 'ts-mls';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import { leafNodeEncoder } from 'ts-mls/leafNode.js';
import { parentNodeEncoder } from 'ts-mls/parentNode.js';
import { resolution } from 'ts-mls/ratchetTree.js';
import {
  directPath,
  isLeaf,
  left,
  leafToNodeIndex,
  leafWidth,
  right,
  root,
  toLeafIndex,
  toNodeIndex,
  type NodeIndex,
} from 'ts-mls/treemath.js';
import { joined, sameBytes, u32, u8, vector } from './bytes.ts';
import type { Suite } from './suite.ts';

/** A ratchet tree as an array of nodes (RFC 9420 Appendix C): leaves at even places; its length is 2^n - 1. */
export type Tree = RatchetTree;

/** A place in the array, of the leaf with this number. */
export const nodeOf = (leaf: number): NodeIndex => leafToNodeIndex(toLeafIndex(leaf));

/** The leaf with this number; null where it is blank or there is none. */
export function leafAt(tree: Tree, leaf: number): LeafNode | null {
  const node = tree[nodeOf(leaf)];
  return node?.nodeType === 'leaf' ? node.leaf : null;
}

/** All leaves that are not blank, with their numbers. */
export function leavesOf(tree: Tree): readonly (readonly [number, LeafNode])[] {
  const found: (readonly [number, LeafNode])[] = [];
  for (let at = 0; at < tree.length; at += 2) {
    const node = tree[at];
    if (node?.nodeType === 'leaf') found.push([at / 2, node.leaf]);
  }
  return found;
}

export const parentAt = (tree: Tree, at: number): ParentNode | null => {
  const node = tree[at];
  return node?.nodeType === 'parent' ? node.parent : null;
};

export const rootOf = (tree: Tree): NodeIndex => root(leafWidth(tree.length));

/** The parents above a leaf, from below to the root. */
export const pathOf = (tree: Tree, leaf: number): readonly NodeIndex[] =>
  directPath(nodeOf(leaf), leafWidth(tree.length));

/** The nodes whose keys reach everybody below a node. */
export const resolve = (tree: Tree, at: NodeIndex): readonly NodeIndex[] => resolution(tree, at);

/** Whether a node lies at or below another one. Both are places in the array. */
export function isBelow(at: number, above: number): boolean {
  // A node of level k spans 2^k - 1 places on both sides.
  const span = ((above + 1) & ~above) - 1;
  return at >= above - span && at <= above + span;
}

/** Hashes of every node of a tree (§7.8), by their place. */
export type TreeHashes = readonly Uint8Array[];

const LEAF_NODE = 1;
const PARENT_NODE = 2;

/** Nodes are never changed, and never stand at another place. */
const leafHashes = new WeakMap<Node, Uint8Array>();

async function leafHash(suite: Suite, at: number, node: Node | undefined): Promise<Uint8Array> {
  const known = node && leafHashes.get(node);
  if (known) return known;
  const content = node?.nodeType === 'leaf' ? joined(u8(1), encode(leafNodeEncoder)(node.leaf)) : u8(0);
  const hash = await suite.hash.digest(joined(u8(LEAF_NODE), u32(at / 2), content));
  if (node) leafHashes.set(node, hash);
  return hash;
}

function parentHashOf(
  suite: Suite,
  parent: ParentNode | null,
  leftHash: Uint8Array,
  rightHash: Uint8Array,
): Promise<Uint8Array> {
  const content = parent === null ? u8(0) : joined(u8(1), encode(parentNodeEncoder)(parent));
  return suite.hash.digest(joined(u8(PARENT_NODE), content, vector(leftHash), vector(rightHash)));
}

export async function hashTree(suite: Suite, tree: Tree): Promise<TreeHashes> {
  const hashes: Uint8Array[] = [];
  const hash = async (at: NodeIndex): Promise<Uint8Array> => {
    const found = isLeaf(at)
      ? await leafHash(suite, at, tree[at])
      : await parentHashOf(suite, parentAt(tree, at), await hash(left(at)), await hash(right(at)));
    hashes[at] = found;
    return found;
  };
  await hash(rootOf(tree));
  return hashes;
}

/** The hash of the whole tree. */
export const rootHash = (tree: Tree, hashes: TreeHashes): Uint8Array =>
  hashes[rootOf(tree)] ?? new Uint8Array();

/** The hash of a subtree as it was before some leaves were added (§7.9): they are blank, and in no list of unmerged ones. */
async function hashWithout(
  suite: Suite,
  tree: Tree,
  hashes: TreeHashes,
  at: NodeIndex,
  without: readonly number[],
): Promise<Uint8Array> {
  const gone = without.filter((leaf) => isBelow(nodeOf(leaf), at));
  if (gone.length === 0) return hashes[at] ?? new Uint8Array();
  if (isLeaf(at)) return leafHash(suite, at, undefined);
  const parent = parentAt(tree, at);
  const before = parent && {
    ...parent,
    unmergedLeaves: parent.unmergedLeaves.filter((leaf) => !gone.includes(leaf)),
  };
  return parentHashOf(
    suite,
    before,
    await hashWithout(suite, tree, hashes, left(at), gone),
    await hashWithout(suite, tree, hashes, right(at), gone),
  );
}

/** ParentHashInput, hashed: what the node below a parent vouches for (§7.9). */
export const parentHash = (
  suite: Suite,
  parent: Pick<ParentNode, 'hpkePublicKey' | 'parentHash'>,
  siblingHash: Uint8Array,
): Promise<Uint8Array> =>
  suite.hash.digest(joined(vector(parent.hpkePublicKey), vector(parent.parentHash), vector(siblingHash)));

function vouched(node: Node | undefined): Uint8Array | null {
  if (node?.nodeType === 'parent') return node.parent.parentHash;
  return node?.leaf.leafNodeSource === 'commit' ? node.leaf.parentHash : null;
}

/** Whether a node below one child vouches for a parent: what it did not know of that side was added later. */
async function vouchedFrom(
  suite: Suite,
  tree: Tree,
  hashes: TreeHashes,
  at: NodeIndex,
  [child, sibling]: readonly [NodeIndex, NodeIndex],
): Promise<boolean> {
  const parent = parentAt(tree, at);
  if (parent === null) return false;
  const reached = resolve(tree, child);
  const added = parent.unmergedLeaves.map((leaf) => nodeOf(leaf)).filter((leaf) => isBelow(leaf, child));
  if (reached.length !== added.length + 1) return false;
  const own = reached.filter((node) => !added.includes(node));
  const [below] = own;
  const given = own.length === 1 && below !== undefined ? vouched(tree[below]) : null;
  if (given === null) return false;
  const siblingHash = await hashWithout(suite, tree, hashes, sibling, parent.unmergedLeaves);
  return sameBytes(given, await parentHash(suite, parent, siblingHash));
}

/** Whether somebody vouches for every parent (§7.9.2): then nobody has slipped in keys of others than those below. */
export async function parentsHold(suite: Suite, tree: Tree, hashes: TreeHashes): Promise<boolean> {
  for (let place = 1; place < tree.length; place += 2) {
    const at = toNodeIndex(place);
    if (parentAt(tree, at) === null) continue;
    const [a, b] = [left(at), right(at)];
    const holds =
      (await vouchedFrom(suite, tree, hashes, at, [a, b])) ||
      (await vouchedFrom(suite, tree, hashes, at, [b, a]));
    if (!holds) return false;
  }
  return true;
}

/** Whether leaves and parents stand where they belong, and every unmerged leaf is known to all parents between (§12.4.3.1). */
export function isSound(tree: Tree): boolean {
  return tree.every((node, place) => {
    if (node === undefined) return true;
    if (node.nodeType === 'leaf') return place % 2 === 0;
    if (place % 2 === 0) return false;
    const { unmergedLeaves } = node.parent;
    return unmergedLeaves.every((leaf, n) => {
      const before = unmergedLeaves[n - 1];
      if (before !== undefined && before >= leaf) return false;
      if (leafAt(tree, leaf) === null || !isBelow(nodeOf(leaf), place)) return false;
      return pathOf(tree, leaf).every((above) => {
        const between = isBelow(above, place) ? parentAt(tree, above) : null;
        return between === null || between.unmergedLeaves.includes(leaf);
      });
    });
  });
}

/** Whether no two nodes have one encryption key, and no two leaves one signature key (§7.3). */
export function keysDiffer(tree: Tree): boolean {
  const encryption = new Set<string>();
  const signature = new Set<string>();
  let nodes = 0;
  let leaves = 0;
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  for (const node of tree) {
    if (node === undefined) continue;
    nodes++;
    if (node.nodeType === 'parent') {
      encryption.add(text(node.parent.hpkePublicKey));
      continue;
    }
    leaves++;
    encryption.add(text(node.leaf.hpkePublicKey));
    signature.add(text(node.leaf.signaturePublicKey));
  }
  return encryption.size === nodes && signature.size === leaves;
}
