import type { GroupContext, LeafNode, Node, UpdatePath } from 'ts-mls';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import { decryptWithLabel, encryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { deriveSecret } from 'ts-mls/crypto/kdf.js';
import { groupContextEncoder } from 'ts-mls/groupContext.js';
import { signLeafNodeCommit } from 'ts-mls/leafNode.js';
import { getHpkePublicKey } from 'ts-mls/ratchetTree.js';
import { left, right, type NodeIndex } from 'ts-mls/treemath.js';
import { sameBytes } from './bytes.ts';
import { isLowOrder } from './low-order.ts';
import { demand } from './refusal.ts';
import type { Suite } from './suite.ts';
import {
  hashTree,
  isBelow,
  nodeOf,
  parentHash,
  pathOf,
  resolve,
  rootHash,
  type Tree,
  type TreeHashes,
} from './tree.ts';

/** Private keys of nodes, by their place. Raw bytes. */
export type NodeKeys = ReadonlyMap<number, Uint8Array>;

/** A parent on a committer's filtered direct path (§4.1.2), with the child that the committer is not below. */
interface Step {
  readonly at: NodeIndex;
  readonly copath: NodeIndex;
  /** Who is told the secret of this parent: everybody below `copath` but those who are added just now. */
  readonly tell: readonly NodeIndex[];
}

/** The parents that a commit of a leaf renews, from below to the top. `added`: leaves of the same commit, who learn theirs in the welcome. */
function stepsOf(tree: Tree, leaf: number, added: readonly number[]): readonly Step[] {
  const fresh = new Set<number>(added.map(nodeOf));
  return pathOf(tree, leaf).flatMap((at) => {
    const copath = isBelow(nodeOf(leaf), left(at)) ? right(at) : left(at);
    const reached = resolve(tree, copath);
    return reached.length === 0 ? [] : [{ at, copath, tell: reached.filter((n) => !fresh.has(n)) }];
  });
}

/** A commit's effect on the tree, and the secrets that come with it. */
export interface Renewed {
  readonly tree: Tree;
  readonly hashes: TreeHashes;
  /** The keys of my own nodes after it. */
  readonly keys: NodeKeys;
  readonly commitSecret: Uint8Array;
}

/** Path secrets of the parents of my own commit, by place: those who are added get the one they share with me. */
export type PathSecrets = ReadonlyMap<number, Uint8Array>;

/** The tree with a committer's new leaf and parents, before anything is known of their secrets. */
function grafted(tree: Tree, leaf: number, node: LeafNode, parents: ReadonlyMap<number, Node>): Tree {
  const next = tree.slice();
  for (const at of pathOf(tree, leaf)) next[at] = parents.get(at);
  next[nodeOf(leaf)] = { nodeType: 'leaf', leaf: node };
  return next;
}

/** The parents of a path from their public keys, and the hash that the leaf vouches for them with. From the top down, as each hash is over the one above. */
async function parentsOf(
  suite: Suite,
  hashes: TreeHashes,
  steps: readonly Step[],
  keys: readonly Uint8Array[],
): Promise<{ readonly parents: ReadonlyMap<number, Node>; readonly leafHash: Uint8Array }> {
  const parents = new Map<number, Node>();
  let above: Uint8Array = new Uint8Array();
  for (const [n, { at, copath }] of [...steps.entries()].toReversed()) {
    const parent = { hpkePublicKey: keys[n] ?? new Uint8Array(), parentHash: above, unmergedLeaves: [] };
    parents.set(at, { nodeType: 'parent', parent });
    above = await parentHash(suite, parent, hashes[copath] ?? new Uint8Array());
  }
  return { parents, leafHash: above };
}

async function keyPairOf(suite: Suite, pathSecret: Uint8Array) {
  const nodeSecret = await deriveSecret(pathSecret, 'node', suite.kdf);
  const pair = await suite.hpke.deriveKeyPair(nodeSecret);
  nodeSecret.fill(0);
  return {
    secret: await suite.hpke.exportPrivateKey(pair.privateKey),
    public: await suite.hpke.exportPublicKey(pair.publicKey),
  };
}

const LABEL = 'UpdatePathNode';

/** My keys after a commit: those above the committer are new or gone, as are those of parents that became blank. */
function keptKeys(tree: Tree, keys: NodeKeys, committer: number): Map<number, Uint8Array> {
  const above = new Set<number>(pathOf(tree, committer));
  return new Map([...keys].filter(([at]) => tree[at] !== undefined && !above.has(at)));
}

/**
 * Renews my leaf and the parents above it (§7.5), in the tree with the commit's proposals applied.
 * The commit secret comes from a secret drawn here also where no parent is renewed: a member who was removed as the last
 * other one must not be able to compute it (ts-mls takes zeros there).
 * @param context the group's context with new extensions, in its old epoch.
 */
export async function makePath(
  suite: Suite,
  tree: Tree,
  me: {
    readonly leaf: number;
    readonly node: LeafNode;
    readonly signKey: Uint8Array;
    readonly keys: NodeKeys;
  },
  context: GroupContext,
  added: readonly number[],
): Promise<Renewed & { readonly path: UpdatePath; readonly secrets: PathSecrets }> {
  const steps = stepsOf(tree, me.leaf, added);
  let secret: Uint8Array = suite.rng.randomBytes(suite.kdf.size);
  const own = await keyPairOf(suite, secret);
  const secrets = new Map<number, Uint8Array>();
  const keys = keptKeys(tree, me.keys, me.leaf);
  keys.set(nodeOf(me.leaf), own.secret);
  const publicKeys: Uint8Array[] = [];
  for (const { at } of steps) {
    const next = await deriveSecret(secret, 'path', suite.kdf);
    if (secrets.size === 0) secret.fill(0);
    secret = next;
    const pair = await keyPairOf(suite, secret);
    secrets.set(at, secret);
    keys.set(at, pair.secret);
    publicKeys.push(pair.public);
  }
  const commitSecret = await deriveSecret(secret, 'path', suite.kdf);
  if (secrets.size === 0) secret.fill(0);
  const { parents, leafHash } = await parentsOf(suite, await hashTree(suite, tree), steps, publicKeys);
  const { credential, capabilities, extensions, signaturePublicKey } = me.node;
  const leafNode = await signLeafNodeCommit(
    {
      leafNodeSource: 'commit',
      hpkePublicKey: own.public,
      signaturePublicKey,
      credential,
      capabilities,
      extensions,
      parentHash: leafHash,
      groupId: context.groupId,
      leafIndex: me.leaf,
    },
    me.signKey,
    suite.signature,
  );
  const renewed = grafted(tree, me.leaf, leafNode, parents);
  const hashes = await hashTree(suite, renewed);
  const info = encode(groupContextEncoder)(next(context, rootHash(renewed, hashes)));
  const nodes = [];
  for (const [n, { at, tell }] of steps.entries()) {
    const encryptedPathSecret = [];
    for (const to of tell) {
      const key = await suite.hpke.importPublicKey(keyAt(tree, to));
      const sealed = await encryptWithLabel(key, LABEL, info, secrets.get(at) ?? secret, suite.hpke);
      encryptedPathSecret.push({ kemOutput: sealed.enc, ciphertext: sealed.ct });
    }
    nodes.push({ hpkePublicKey: publicKeys[n] ?? own.public, encryptedPathSecret });
  }
  return { tree: renewed, hashes, keys, commitSecret, path: { leafNode, nodes }, secrets };
}

function keyAt(tree: Tree, at: number): Uint8Array {
  const node = tree[at];
  demand(node !== undefined, 'tree');
  return getHpkePublicKey(node);
}

/** The context that path secrets are sealed under (§12.4.1): the next epoch's, with the transcript of the old one. */
const next = (context: GroupContext, treeHash: Uint8Array): GroupContext => ({
  ...context,
  epoch: context.epoch + 1n,
  treeHash,
});

/**
 * Applies another member's path to the tree with the commit's proposals applied, and opens what it tells me.
 * The new leaf was checked by the caller; its place in the tree is checked here.
 * @throws Refused `path` when it is not the path of that leaf, or what it tells me are not the keys it shows.
 */
export async function readPath(
  suite: Suite,
  tree: Tree,
  committer: number,
  path: UpdatePath,
  me: { readonly leaf: number; readonly keys: NodeKeys },
  context: GroupContext,
  added: readonly number[],
): Promise<Renewed> {
  const steps = stepsOf(tree, committer, added);
  const { nodes, leafNode } = path;
  demand(nodes.length === steps.length && leafNode.leafNodeSource === 'commit', 'path');
  const fits = steps.every(({ tell }, n) => nodes[n]?.encryptedPathSecret.length === tell.length);
  demand(fits, 'path');
  const shown = nodes.map((node) => node.hpkePublicKey);
  // Of parents that are not mine nobody shows me the secret: their keys could be anything.
  demand(!shown.some(isLowOrder), 'path');
  const { parents, leafHash } = await parentsOf(suite, await hashTree(suite, tree), steps, shown);
  demand(sameBytes(leafHash, leafNode.parentHash), 'path');
  const renewed = grafted(tree, committer, leafNode, parents);
  const hashes = await hashTree(suite, renewed);
  const info = encode(groupContextEncoder)(next(context, rootHash(renewed, hashes)));

  const first = steps.findIndex(({ copath }) => isBelow(nodeOf(me.leaf), copath));
  const told = first < 0 ? -1 : (steps[first]?.tell.findIndex((at) => me.keys.has(at)) ?? -1);
  const sealed = nodes[first]?.encryptedPathSecret[told];
  const own = me.keys.get(steps[first]?.tell[told] ?? -1);
  demand(sealed !== undefined && own !== undefined, 'path');
  const key = await suite.hpke.importPrivateKey(own);
  let secret = await opened(
    decryptWithLabel(key, LABEL, info, sealed.kemOutput, sealed.ciphertext, suite.hpke),
  );
  demand(secret.length === suite.kdf.size, 'path');
  const keys = keptKeys(tree, me.keys, committer);
  for (let n = first; n < steps.length; n++) {
    if (n > first) secret = await replaced(suite, secret);
    const pair = await keyPairOf(suite, secret);
    demand(sameBytes(pair.public, shown[n] ?? new Uint8Array()), 'path');
    keys.set(steps[n]?.at ?? -1, pair.secret);
  }
  return { tree: renewed, hashes, keys, commitSecret: await replaced(suite, secret) };
}

/** The next secret of a path; the one before is gone. */
async function replaced(suite: Suite, secret: Uint8Array): Promise<Uint8Array> {
  const following = await deriveSecret(secret, 'path', suite.kdf);
  secret.fill(0);
  return following;
}

async function opened(decrypted: Promise<Uint8Array>): Promise<Uint8Array> {
  const secret = await decrypted.catch(() => null);
  demand(secret !== null, 'path');
  return secret;
}

/**
 * The keys of the parents that I share with the one who welcomed me, from the path secret in the welcome.
 * @throws Refused `tree` when the tree shows other keys.
 */
export async function keysFromWelcome(
  suite: Suite,
  tree: Tree,
  me: number,
  signer: number,
  pathSecret: Uint8Array,
): Promise<NodeKeys> {
  const shared = stepsOf(tree, signer, []).filter(({ at }) => isBelow(nodeOf(me), at));
  demand(shared.length > 0, 'tree');
  const keys = new Map<number, Uint8Array>();
  let secret: Uint8Array = Uint8Array.from(pathSecret);
  for (const [n, { at }] of shared.entries()) {
    if (n > 0) secret = await replaced(suite, secret);
    const pair = await keyPairOf(suite, secret);
    demand(sameBytes(pair.public, keyAt(tree, at)), 'tree');
    keys.set(at, pair.secret);
  }
  secret.fill(0);
  return keys;
}

/** Where the paths of two leaves meet on the filtered path of the first; null when they do not. */
export const meeting = (tree: Tree, leaf: number, other: number): number | null =>
  stepsOf(tree, leaf, []).find(({ copath }) => isBelow(nodeOf(other), copath))?.at ?? null;
