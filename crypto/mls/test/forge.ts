import { readEpochKeys, readHead, createRosters, type GroupKey } from '../cells.ts';
import type { Standing } from '../commit.ts';
import { encodePublic, PUBLIC_MESSAGE, signFramed, type Signed } from '../framing.ts';
import { planCommit, type Proposed } from '../plan.ts';
import { makePath } from '../path.ts';
import type { Proposal } from '../proposal.ts';
import { nodeSuite, type Suite } from '../suite.ts';
import { leafAt } from '../tree.ts';
import { advance } from '../transition.ts';
import type { Party } from './party.ts';
import { mlsExporter, type LeafNode } from 'ts-mls';

/** A member who makes what the engine would not make: signed with a real key, tagged with the real secrets of the epoch. */
export interface Forger {
  readonly standing: Standing;
  readonly signKey: Uint8Array;
}

export async function forgerOf(party: Pick<Party, 'run'>, group: GroupKey): Promise<Forger> {
  return party.run(async (work) => {
    const head = await readHead(work, group);
    if (head === null) throw new Error('no group');
    const roster = await createRosters().read(work, group, head.current);
    const epoch = { ...(await readEpochKeys(work, group, head.current)), ...roster };
    return { standing: { epoch, roster }, signKey: head.signKey };
  });
}

/** Signs and tags what it is given, whatever that is. */
export async function forge(
  { standing, signKey }: Forger,
  body: Signed['framed']['body'],
  options: {
    readonly leaf?: number;
    readonly confirmationTag?: Uint8Array;
    readonly membershipKey?: Uint8Array;
    readonly signKey?: Uint8Array;
  } = {},
): Promise<Uint8Array> {
  const { context, leaf, secrets } = standing.epoch;
  const framed = {
    groupId: context.groupId,
    epoch: context.epoch,
    leaf: options.leaf ?? leaf,
    authenticatedData: new Uint8Array(),
    body,
  };
  const key = options.signKey ?? signKey;
  const signature = await signFramed(nodeSuite, key, PUBLIC_MESSAGE, framed, context);
  const signed: Signed = {
    wireFormat: PUBLIC_MESSAGE,
    framed,
    signature,
    confirmationTag: body.kind === 'commit' ? (options.confirmationTag ?? new Uint8Array(32)) : null,
  };
  return encodePublic(nodeSuite, signed, context, options.membershipKey ?? secrets.membershipKey);
}

/** A commit with everything right about it but what the options say. */
export async function forgeCommit(
  forger: Forger,
  proposals: readonly Proposal[],
  options: {
    /** Leaves the path off. */
    readonly withoutPath?: boolean;
    /** What the committer's new leaf says. */
    readonly node?: Partial<LeafNode>;
    /** Signs the leaf as another one. */
    readonly confirmationTag?: Uint8Array;
    /** Makes the path with other keys than it should. */
    readonly suite?: Suite;
    /** Spoils the path after it was made. */
    readonly spoil?: (path: Awaited<ReturnType<typeof makePath>>['path']) => void;
  } = {},
): Promise<Uint8Array> {
  const { standing, signKey } = forger;
  const { epoch, roster } = standing;
  const all = {
    allowsMember: () => true,
    allowsCommit: () => true,
    allowsProposal: () => true,
    allowsWelcome: () => true,
  };
  const list: Proposed[] = proposals.map((proposal) => ({
    proposal,
    sender: epoch.leaf,
    byReference: false,
  }));
  const before = { tree: roster.tree, context: epoch.context };
  const plan = await planCommit(nodeSuite, all, before, epoch.leaf, list, null);
  const node = { ...leafAt(plan.tree, epoch.leaf)!, ...options.node } as LeafNode;
  const me = { leaf: epoch.leaf, node, signKey, keys: epoch.keys };
  const made = options.withoutPath
    ? null
    : await makePath(
        options.suite ?? nodeSuite,
        plan.tree,
        me,
        plan.context,
        plan.added.map(({ leaf }) => leaf),
      );
  if (made) options.spoil?.(made.path);
  const body: Signed['framed']['body'] = {
    kind: 'commit',
    commit: { proposals: proposals.map((proposal) => ({ proposal })), path: made?.path ?? null },
  };
  const framed = {
    groupId: epoch.context.groupId,
    epoch: epoch.context.epoch,
    leaf: epoch.leaf,
    authenticatedData: new Uint8Array(),
    body,
  };
  const signature = await signFramed(nodeSuite, signKey, PUBLIC_MESSAGE, framed, epoch.context);
  const signed: Signed = { wireFormat: PUBLIC_MESSAGE, framed, signature, confirmationTag: new Uint8Array() };
  const { began } = await advance(nodeSuite, standing, plan, made, signed, 0);
  const confirmationTag = options.confirmationTag ?? began.epoch.confirmationTag;
  return forge(forger, body, { confirmationTag });
}

/** The member's exporter, by RFC 9420 section 8.5. */
export const exportOf = (
  { standing }: Forger,
  label: string,
  context: Uint8Array,
  bytes: number,
): Promise<Uint8Array> =>
  mlsExporter(standing.epoch.secrets.exporterSecret, label, context, bytes, nodeSuite);
