import type { GroupContext, GroupInfo, Welcome } from 'ts-mls';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import { signGroupInfo } from 'ts-mls/groupInfo.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { constantTimeEqual } from 'ts-mls/util/constantTimeCompare.js';
import { encryptGroupInfo, encryptGroupSecrets, welcomeEncoder } from 'ts-mls/welcome.js';
import type { Millis } from '../../shared/ids.ts';
import { sameBytes } from './bytes.ts';
import type { Epoch, Roster } from './cells.ts';
import {
  encodeMessage,
  encodePublic,
  PUBLIC_MESSAGE,
  signFramed,
  verifyFramed,
  verifyMembership,
  WELCOME,
  type Signed,
} from './framing.ts';
import { checkLeaf } from './leaf-check.ts';
import { memberOf, type CommitView, type GroupRules } from './members.ts';
import { makePath, meeting, readPath, type PathSecrets } from './path.ts';
import { planCommit, type Plan, type Proposed } from './plan.ts';
import type { Commit, ProposalOrRef } from './proposal.ts';
import { demand } from './refusal.ts';
import { SUITE_NAME, type Suite } from './suite.ts';
import { keysDiffer, leafAt } from './tree.ts';
import { advance, type Advanced, type Began } from './transition.ts';

/** An epoch with its public part. */
export interface Standing {
  readonly epoch: Epoch;
  readonly roster: Roster;
}

/** A proposal to commit: mine, or one that waits, under its reference. */
export type Chosen = Proposed & { readonly ref: Uint8Array | null };

/** A commit that is made and not applied. */
export interface Made {
  /** An MLSMessage. */
  readonly commit: Uint8Array;
  /** An MLSMessage for those who are added; null when nobody is. */
  readonly welcome: Uint8Array | null;
  readonly view: CommitView;
  readonly began: Began;
}

/**
 * Makes a commit. It always has a path, also where MLS could do without: every commit of mine locks out who had my keys.
 * @throws Refused as a receiver would refuse it.
 */
export async function makeCommit(
  suite: Suite,
  rules: GroupRules,
  standing: Standing,
  signKey: Uint8Array,
  chosen: readonly Chosen[],
  now: Millis,
): Promise<Made> {
  const { epoch, roster } = standing;
  const { context, leaf } = epoch;
  const before = { tree: roster.tree, context };
  const plan = await planCommit(suite, rules, before, leaf, chosen, now);
  const node = leafAt(plan.tree, leaf);
  demand(node !== null, 'tree');
  const added = plan.added.map((one) => one.leaf);
  const me = { leaf, node, signKey, keys: epoch.keys };
  const { path, secrets, ...renewed } = await makePath(suite, plan.tree, me, plan.context, added);
  const proposals = chosen.map(({ ref, proposal }): ProposalOrRef => (ref === null ? { proposal } : { ref }));
  const unsigned = {
    groupId: context.groupId,
    epoch: context.epoch,
    leaf,
    authenticatedData: new Uint8Array(),
    body: { kind: 'commit', commit: { proposals, path } },
  } as const;
  const signature = await signFramed(suite, signKey, PUBLIC_MESSAGE, unsigned, context);
  const signed: Signed = {
    wireFormat: PUBLIC_MESSAGE,
    framed: unsigned,
    signature,
    confirmationTag: new Uint8Array(),
  };
  const advanced = await advance(suite, standing, plan, renewed, signed, now);
  const { confirmationTag } = advanced.began.epoch;
  const commit = await encodePublic(
    suite,
    { ...signed, confirmationTag },
    context,
    epoch.secrets.membershipKey,
  );
  const welcome = await makeWelcome(suite, signKey, leaf, plan, advanced, secrets);
  for (const secret of [...secrets.values(), advanced.joinerSecret, advanced.welcomeSecret]) secret.fill(0);
  return { commit, welcome, view: plan.view, began: advanced.began };
}

/** The welcome for those whom a commit adds, with the whole tree in it (RFC 9420 §12.4.3.1). */
async function makeWelcome(
  suite: Suite,
  signKey: Uint8Array,
  signer: number,
  plan: Plan,
  { began, joinerSecret, welcomeSecret }: Advanced,
  pathSecrets: PathSecrets,
): Promise<Uint8Array | null> {
  if (plan.added.length === 0) return null;
  const { context, confirmationTag } = began.epoch;
  const { tree } = began.roster;
  const info: GroupInfo = await signGroupInfo(
    {
      groupContext: context,
      extensions: [{ extensionType: 'ratchet_tree', extensionData: encodeRatchetTree(tree) }],
      confirmationTag,
      signer,
    },
    signKey,
    suite.signature,
  );
  const encryptedGroupInfo = await encryptGroupInfo(info, welcomeSecret, suite);
  const secrets: Welcome['secrets'] = [];
  for (const { leaf, keyPackage } of plan.added) {
    const shared = meeting(tree, signer, leaf);
    const pathSecret = shared === null ? undefined : pathSecrets.get(shared);
    const key = await suite.hpke.importPublicKey(keyPackage.initKey);
    const sealed = await encryptGroupSecrets(
      key,
      encryptedGroupInfo,
      { joinerSecret, pathSecret, psks: [] },
      suite.hpke,
    );
    secrets.push({
      newMember: await makeKeyPackageRef(keyPackage, suite.hash),
      encryptedGroupSecrets: { kemOutput: sealed.enc, ciphertext: sealed.ct },
    });
  }
  const welcome: Welcome = { cipherSuite: SUITE_NAME, secrets, encryptedGroupInfo };
  return encodeMessage(WELCOME, encode(welcomeEncoder)(welcome));
}

/** @throws Refused unless a member of this epoch made it: signature and membership tag (§6.1, §6.2). */
export async function checkHandshake(
  suite: Suite,
  { epoch, roster }: Standing,
  signed: Signed,
  membershipTag: Uint8Array,
): Promise<void> {
  const { context, secrets } = epoch;
  const own = await verifyMembership(suite, signed, membershipTag, context, secrets.membershipKey);
  demand(own, 'membership');
  const node = leafAt(roster.tree, signed.framed.leaf);
  demand(node !== null, 'signature');
  demand(await verifyFramed(suite, node.signaturePublicKey, signed, context), 'signature');
}

/** What a commit of another member leads to: the next epoch, or my removal. */
export type Applied =
  | { readonly kind: 'next'; readonly view: CommitView; readonly began: Began }
  | { readonly kind: 'removed'; readonly view: CommitView };

/**
 * Applies a commit whose sender is proven ({@link checkHandshake}). The proposals it names were found by the caller.
 * @throws Refused, Malformed. Nothing is changed then.
 */
export async function applyCommit(
  suite: Suite,
  rules: GroupRules,
  standing: Standing,
  signed: Signed,
  commit: Commit,
  proposed: readonly Proposed[],
  now: Millis,
): Promise<Applied> {
  const { epoch, roster } = standing;
  const { context } = epoch;
  const committer = signed.framed.leaf;
  // My own commits are made from what is pending; nobody else signs with my key.
  demand(committer !== epoch.leaf, 'not-allowed');
  const before = { tree: roster.tree, context };
  const plan = await planCommit(suite, rules, before, committer, proposed, null);
  const { path } = commit;
  demand(path !== null || !plan.needsPath, 'path');
  if (path !== null) await checkCommitter(suite, rules, plan, committer, path.leafNode, context);
  if (plan.gone.includes(epoch.leaf)) return { kind: 'removed', view: plan.view };
  const added = plan.added.map(({ leaf }) => leaf);
  const me = { leaf: epoch.leaf, keys: epoch.keys };
  const renewed =
    path === null ? null : await readPath(suite, plan.tree, committer, path, me, plan.context, added);
  if (renewed) demand(keysDiffer(renewed.tree), 'tree');
  const { began, joinerSecret, welcomeSecret } = await advance(suite, standing, plan, renewed, signed, now);
  for (const secret of [joinerSecret, welcomeSecret]) secret.fill(0);
  const tag = signed.confirmationTag;
  demand(tag !== null && constantTimeEqual(tag, began.epoch.confirmationTag), 'confirmation');
  return { kind: 'next', view: plan.view, began };
}

/** The committer's new leaf: the same account, with a new encryption key, allowed as any leaf is. */
async function checkCommitter(
  suite: Suite,
  rules: GroupRules,
  plan: Plan,
  committer: number,
  node: NonNullable<Commit['path']>['leafNode'],
  { groupId }: GroupContext,
): Promise<void> {
  const was = leafAt(plan.tree, committer);
  demand(was !== null && node.leafNodeSource === 'commit', 'path');
  demand(!sameBytes(was.hpkePublicKey, node.hpkePublicKey), 'path');
  demand(sameBytes(memberOf(committer, was).identity, memberOf(committer, node).identity), 'member');
  await checkLeaf(suite, node, { groupId, leaf: committer }, plan.context.extensions, rules);
}
