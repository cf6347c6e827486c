import type { GroupContext, KeyPackage } from 'ts-mls';
import { addLeafNode, removeLeafNode, updateLeafNode } from 'ts-mls/ratchetTree.js';
import { nodeToLeafIndex, toLeafIndex } from 'ts-mls/treemath.js';
import type { Millis } from '../../shared/ids.ts';
import { sameBytes } from './bytes.ts';
import { componentsOf, withComponents } from './components.ts';
import { checkCapabilities, checkKeyPackage, checkLeaf } from './leaf-check.ts';
import { memberOf, viewOf, type CommitView, type GroupRules, type Member } from './members.ts';
import { APP_DATA_UPDATE, SELF_REMOVE, type Proposal } from './proposal.ts';
import { demand } from './refusal.ts';
import type { Suite } from './suite.ts';
import { keysDiffer, leafAt, leavesOf, type Tree } from './tree.ts';

/** A proposal of a commit, and who made it. `byReference`: it came before the commit, from its own sender. */
export interface Proposed {
  readonly proposal: Proposal;
  readonly sender: number;
  readonly byReference: boolean;
}

type Of<K extends Proposal['kind']> = Proposed & { readonly proposal: { readonly kind: K } };

/** What a commit's proposals make of an epoch, before anything is said of its path. */
export interface Plan {
  readonly tree: Tree;
  /** With the new components; still in the old epoch. */
  readonly context: GroupContext;
  readonly added: readonly { readonly leaf: number; readonly keyPackage: KeyPackage }[];
  readonly gone: readonly number[];
  readonly updated: readonly number[];
  readonly needsPath: boolean;
  readonly view: CommitView;
}

const of = <K extends Proposal['kind']>(list: readonly Proposed[], kind: K): readonly Of<K>[] =>
  list.filter((entry): entry is Of<K> => entry.proposal.kind === kind);

/** @throws Refused `proposals` for what may not stand in one commit together (RFC 9420 §12.2, and the draft for its two). */
function checkList(
  tree: Tree,
  committer: number,
  list: readonly Proposed[],
): { readonly gone: readonly number[] } {
  const updates = of(list, 'update');
  const leavers = of(list, 'self-remove');
  const components = of(list, 'app-data-update').map(({ proposal }) => proposal.component);
  const gone = [
    ...of(list, 'remove').map(({ proposal }) => proposal.leaf),
    ...leavers.map(({ sender }) => sender),
  ];
  const touched = [...gone, ...updates.map(({ sender }) => sender)];
  demand(
    [...updates, ...leavers].every(({ byReference }) => byReference),
    'proposals',
  );
  demand(!touched.includes(committer), 'proposals');
  demand(new Set(touched).size === touched.length, 'proposals');
  demand(new Set(components).size === components.length, 'proposals');
  demand(
    touched.every((leaf) => leafAt(tree, leaf) !== null),
    'proposals',
  );
  const types = [
    ...(components.length > 0 ? [APP_DATA_UPDATE] : []),
    ...(leavers.length > 0 ? [SELF_REMOVE] : []),
  ];
  const able = leavesOf(tree).every(([, { capabilities }]) =>
    types.every((type) => capabilities.proposals.includes(type)),
  );
  demand(able, 'capabilities');
  return { gone };
}

/** The group's context with the components that the commit replaces. */
function changedContext(context: GroupContext, list: readonly Proposed[]): GroupContext {
  const updates = of(list, 'app-data-update');
  if (updates.length === 0) return context;
  const components = new Map(componentsOf(context.extensions));
  for (const { proposal } of updates) {
    const { component, data } = proposal;
    demand(data !== null || components.has(component), 'proposals');
    if (data === null) components.delete(component);
    else components.set(component, data);
  }
  return { ...context, extensions: withComponents(context.extensions, components) };
}

/**
 * Checks the proposals of a commit and applies them, in the order that MLS gives them (RFC 9420 §12.3): components, updates, removals, additions.
 * @param now set for a commit of mine: then those I add must be valid now. Null for commits of others.
 * @throws Refused, Malformed. Nothing is changed then.
 */
export async function planCommit(
  suite: Suite,
  rules: GroupRules,
  before: { readonly tree: Tree; readonly context: GroupContext },
  committer: number,
  list: readonly Proposed[],
  now: Millis | null,
): Promise<Plan> {
  const { groupId } = before.context;
  const { gone } = checkList(before.tree, committer, list);
  const context = changedContext(before.context, list);
  const member = (leaf: number): Member => {
    const node = leafAt(before.tree, leaf);
    demand(node !== null, 'proposals');
    return memberOf(leaf, node);
  };

  let tree = before.tree;
  const updates = of(list, 'update');
  for (const { sender, proposal } of updates) {
    const was = leafAt(before.tree, sender);
    const { leaf } = proposal;
    demand(was !== null && leaf.leafNodeSource === 'update', 'proposals');
    demand(!sameBytes(was.hpkePublicKey, leaf.hpkePublicKey), 'proposals');
    demand(sameBytes(member(sender).identity, memberOf(sender, leaf).identity), 'member');
    await checkLeaf(suite, leaf, { groupId, leaf: sender }, context.extensions, rules);
    tree = updateLeafNode(tree, leaf, toLeafIndex(sender));
  }
  for (const leaf of gone) tree = removeLeafNode(tree, toLeafIndex(leaf));
  const added = [];
  for (const { proposal } of of(list, 'add')) {
    const { keyPackage } = proposal;
    await checkKeyPackage(suite, keyPackage, context.extensions, rules, now);
    const [grown, node] = addLeafNode(tree, keyPackage.leafNode);
    tree = grown;
    added.push({ leaf: nodeToLeafIndex(node), keyPackage });
  }
  demand(keysDiffer(tree), 'tree');
  if (context !== before.context)
    for (const [, node] of leavesOf(tree)) checkCapabilities(node, context.extensions);

  const view: CommitView = {
    by: member(committer),
    added: added.map(({ leaf, keyPackage }) => memberOf(leaf, keyPackage.leafNode)),
    removed: of(list, 'remove').map(({ proposal, sender }) => ({
      member: member(proposal.leaf),
      by: member(sender),
    })),
    left: of(list, 'self-remove').map(({ sender }) => member(sender)),
    updated: updates.map(({ sender }) => member(sender)),
    changed: of(list, 'app-data-update').map(({ proposal, sender }) => ({
      component: proposal.component,
      data: proposal.data,
      by: member(sender),
    })),
  };
  const allowed = rules.allowsCommit(
    view,
    viewOf(before.context, before.tree),
    componentsOf(context.extensions),
  );
  demand(allowed, 'not-allowed');
  return {
    tree,
    context,
    added,
    gone,
    updated: updates.map(({ sender }) => sender),
    needsPath: list.length === 0 || updates.length > 0 || gone.length > 0,
    view,
  };
}
