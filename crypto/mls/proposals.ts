import { PlainsealError } from '../../shared/errors.ts';
import type { Work } from '../../shared/lane/state.ts';
import { hexOf, Malformed } from './bytes.ts';
import { proposalCell, under, type EpochId, type EpochRef, type GroupKey, type Head } from './cells.ts';
import type { Chosen, Standing } from './commit.ts';
import type { Processed, Request, Waiting } from './engine.ts';
import {
  decodeSigned,
  encodePublic,
  encodeSigned,
  proposalRef,
  PUBLIC_MESSAGE,
  signFramed,
  type Signed,
} from './framing.ts';
import { headOf, standingAt } from './groups.ts';
import { memberOf, viewOf, type Member } from './members.ts';
import type { Proposed } from './plan.ts';
import type { Commit, Proposal } from './proposal.ts';
import { demand } from './refusal.ts';
import type { Setting } from './setting.ts';
import { leafAt } from './tree.ts';

/** More proposals of one epoch than any group needs are a flood. */
const MAX_WAITING = 256;

/** @throws Refused `not-active` once I was removed. */
export function demandActive(head: Head): void {
  demand(head.active, 'not-active');
}

/** The proposals that wait in an epoch, by reference. @throws PlainsealError `corrupt`. */
export async function allWaiting(
  work: Work,
  group: GroupKey,
  id: EpochId,
): Promise<ReadonlyMap<string, Chosen>> {
  const prefix = `${under(group, id)}/`;
  const cells = await work.scan(proposalCell('').space, prefix);
  return new Map(
    cells.map(([{ key }, bytes]) => {
      const ref = key.slice(prefix.length);
      return [ref, chosenFrom(bytes, ref)];
    }),
  );
}

function chosenFrom(bytes: Uint8Array, ref: string): Chosen {
  try {
    const { framed } = decodeSigned(bytes);
    if (framed.body.kind !== 'proposal') throw new Malformed('no proposal');
    const { proposal } = framed.body;
    return { proposal, sender: framed.leaf, byReference: true, ref: Buffer.from(ref, 'hex') };
  } catch (cause) {
    throw new PlainsealError('corrupt', 'a proposal of MLS does not read', { cause });
  }
}

/** See {@link MlsEngine.propose}. @throws Refused. */
export async function propose(
  setting: Setting,
  group: GroupKey,
  request: Request,
  work: Work,
): Promise<{ readonly kind: 'proposed'; readonly message: Uint8Array; readonly ref: string }> {
  const { suite, rules } = setting;
  const head = await headOf(work, group);
  demandActive(head);
  const { epoch, roster } = await standingAt(setting, work, group, head.current);
  const { context, leaf } = epoch;
  const view = viewOf(context, roster.tree);
  demand(rules.allowsProposal(request.kind, memberAt(roster.tree, leaf), view), 'not-allowed');
  const framed = {
    groupId: context.groupId,
    epoch: context.epoch,
    leaf,
    authenticatedData: new Uint8Array(),
    body: { kind: 'proposal', proposal: request },
  } as const;
  const signature = await signFramed(suite, head.signKey, PUBLIC_MESSAGE, framed, context);
  const signed: Signed = { wireFormat: PUBLIC_MESSAGE, framed, signature, confirmationTag: null };
  const message = await encodePublic(suite, signed, context, epoch.secrets.membershipKey);
  const ref = hexOf(await proposalRef(suite, signed));
  await keep(work, group, head.current, ref, signed);
  return { kind: 'proposed', message, ref };
}

/** Stores a proposal; false when it was there before. @throws Refused `proposals` when too many wait. */
async function keep(work: Work, group: GroupKey, id: EpochId, ref: string, signed: Signed): Promise<boolean> {
  const cell = proposalCell(`${under(group, id)}/${ref}`);
  const all = await work.scan(cell.space, `${under(group, id)}/`);
  if (all.some(([{ key }]) => key === cell.key)) return false;
  demand(all.length < MAX_WAITING, 'proposals');
  work.put(cell, encodeSigned(signed));
  return true;
}

function memberAt(tree: Parameters<typeof leafAt>[0], leaf: number): Member {
  const node = leafAt(tree, leaf);
  demand(node !== null, 'signature');
  return memberOf(leaf, node);
}

/** See {@link MlsEngine.waiting}. */
export async function waiting(setting: Setting, group: GroupKey, work: Work): Promise<readonly Waiting[]> {
  const { current } = await headOf(work, group);
  const { roster } = await standingAt(setting, work, group, current);
  return [...(await allWaiting(work, group, current))].map(([ref, { proposal, sender }]) => ({
    ref,
    by: memberAt(roster.tree, sender),
    what: proposal.kind,
    removes: removedBy(proposal, sender),
  }));
}

function removedBy(proposal: Proposal, sender: number): number | null {
  if (proposal.kind === 'self-remove') return sender;
  return proposal.kind === 'remove' ? proposal.leaf : null;
}

export interface Place {
  readonly group: GroupKey;
  readonly head: Head;
  readonly current: EpochRef;
  readonly standing: Standing;
}

export async function takeProposal(
  { suite, rules }: Setting,
  { group, current, standing }: Place,
  signed: Signed,
  proposal: Proposal,
  work: Work,
): Promise<Processed> {
  const { epoch, roster } = standing;
  const by = memberAt(roster.tree, signed.framed.leaf);
  const ref = hexOf(await proposalRef(suite, signed));
  const view = viewOf(epoch.context, roster.tree);
  demand(rules.allowsProposal(proposal.kind, by, view), 'not-allowed');
  const isNew = await keep(work, group, current.id, ref, signed);
  return isNew ? { kind: 'proposal', ref, what: proposal.kind, by } : { kind: 'duplicate' };
}

/** The proposals of a commit, with those found that it names. @throws Refused `unknown-proposal`. */
export async function proposedIn(
  { group, current }: Pick<Place, 'group' | 'current'>,
  commit: Commit,
  committer: number,
  work: Work,
): Promise<readonly Proposed[]> {
  // Read once, whatever the commit names.
  const waits = await allWaiting(work, group, current.id);
  return commit.proposals.map((entry) => {
    if ('proposal' in entry) return { proposal: entry.proposal, sender: committer, byReference: false };
    const one = waits.get(hexOf(entry.ref));
    demand(one !== undefined, 'unknown-proposal');
    return one;
  });
}
