import type { GroupContext, LeafNode } from 'ts-mls';
import { componentsOf, type Components } from './components.ts';
import { demand } from './refusal.ts';
import { leavesOf, type Tree } from './tree.ts';

/** A leaf as the rules and the network see it. An account on two devices is two members. */
export interface Member {
  readonly leaf: number;
  /** What the basic credential says; proven by nothing but {@link GroupRules.allowsMember}. */
  readonly identity: Uint8Array;
  readonly signatureKey: Uint8Array;
  /** The leaf's own components, e.g. an account's proof. */
  readonly components: Components;
}

/** A group in one epoch. */
export interface GroupView {
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  readonly members: readonly Member[];
  /** Components of the group itself, e.g. its name and who is an admin. */
  readonly components: Components;
}

/** What a commit does. Members who go are given as they were. */
export interface CommitView {
  readonly by: Member;
  readonly added: readonly Member[];
  /** Removed by somebody else. */
  readonly removed: readonly { readonly member: Member; readonly by: Member }[];
  /** Left on their own. */
  readonly left: readonly Member[];
  /** New keys in their own leaf; always so for `by` when the commit carries a path. */
  readonly updated: readonly Member[];
  /** Components replaced, or taken away (null), each with who proposed it. */
  readonly changed: readonly {
    readonly component: number;
    readonly data: Uint8Array | null;
    readonly by: Member;
  }[];
}

/**
 * Who may be a member and who may do what: the profile of a network. There is no default, and none that takes everybody: MLS itself
 * proves only that a member holds the key of its leaf.
 */
export interface GroupRules {
  /** Asked of every leaf at every way in: key packages, trees of welcomes, updates, paths. */
  allowsMember(member: Omit<Member, 'leaf'>): boolean;
  /** Asked of every commit before any of it is applied, mine too. `after`: the group's components with the commit. */
  allowsCommit(commit: CommitView, before: GroupView, after: Components): boolean;
  /** Asked of a proposal that waits for a commit. */
  allowsProposal(
    kind: 'update' | 'remove' | 'add' | 'app-data-update' | 'self-remove',
    by: Member,
    group: GroupView,
  ): boolean;
  /** Asked before joining. `by`: who made the commit that adds me. */
  allowsWelcome(by: Member, group: GroupView): boolean;
}

/** @throws Refused `member` for a credential that is not basic, Malformed for a dictionary that does not read. */
export function memberOf(leaf: number, node: LeafNode): Member {
  const { credential, signaturePublicKey, extensions } = node;
  demand(credential.credentialType === 'basic' && 'identity' in credential, 'member');
  return {
    leaf,
    identity: credential.identity,
    signatureKey: signaturePublicKey,
    components: componentsOf(extensions),
  };
}

const views = new WeakMap<GroupContext, GroupView>();

/** A group as people see it. Made once per context, which says what its tree is and is never changed: every message asks for it. */
export function viewOf(context: GroupContext, tree: Tree): GroupView {
  const view = views.get(context) ?? {
    groupId: context.groupId,
    epoch: context.epoch,
    members: leavesOf(tree).map(([leaf, node]) => memberOf(leaf, node)),
    components: componentsOf(context.extensions),
  };
  views.set(context, view);
  return view;
}
