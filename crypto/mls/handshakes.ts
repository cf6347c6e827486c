import { createHash } from 'node:crypto';
import { PlainsealError } from '../../shared/errors.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import { hexOf, Malformed } from './bytes.ts';
import {
  decodeEpoch,
  encodePending,
  pendingCell,
  proposalCell,
  readHead,
  under,
  type EpochId,
  type EpochRef,
  type GroupKey,
  type Head,
  type Pending,
} from './cells.ts';
import { applyCommit, checkHandshake, makeCommit, type Chosen, type Standing } from './commit.ts';
import type { Change, Processed, Request, Staged, Waiting } from './engine.ts';
import {
  decodeSigned,
  encodePublic,
  encodeSigned,
  proposalRef,
  PUBLIC_MESSAGE,
  signFramed,
  type Signed,
} from './framing.ts';
import {
  clearPending,
  deactivate,
  encodeBegan,
  enter,
  groupKeyOf,
  headOf,
  pendingOf,
  refIn,
  standingAt,
} from './groups.ts';
import { decodeKeyPackageMessage } from './key-packages.ts';
import { memberOf, viewOf, type CommitView, type Member } from './members.ts';
import { planCommit, type Proposed } from './plan.ts';
import type { Commit, Proposal } from './proposal.ts';
import { demand, Refused } from './refusal.ts';
import type { Setting } from './setting.ts';
import { leafAt } from './tree.ts';
import { epochId } from './transition.ts';

/** More proposals of one epoch than any group needs are a flood. */
const MAX_WAITING = 256;

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @throws Refused `not-active` once I was removed. */
function demandActive(head: Head): void {
  demand(head.active, 'not-active');
}

/** A proposal that waits in an epoch; null when there is none of that name. */
async function waitingAt(work: Work, group: GroupKey, id: EpochId, ref: string): Promise<Chosen | null> {
  const bytes = await work.get(proposalCell(`${under(group, id)}/${ref}`));
  return bytes === null ? null : chosenFrom(bytes, ref);
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

/** See {@link MlsEngine.stage}. @throws Refused, Malformed. */
export async function stage(
  setting: Setting,
  group: GroupKey,
  changes: readonly Change[],
  work: Work,
  now: Millis,
): Promise<Extract<Staged, { kind: 'staged' }>> {
  const head = await headOf(work, group);
  demandActive(head);
  const standing = await standingAt(setting, work, group, head.current);
  const chosen: Chosen[] = [];
  for (const change of changes) chosen.push(await chosenOf(change, standing, work, group, head));
  const { suite, rules } = setting;
  const made = await makeCommit(suite, rules, standing, head.signKey, chosen, now);
  const digest = digestOf(made.commit);
  const cell = pendingCell(`${under(group, head.current)}/${digest}`);
  work.put(cell, encodePending(encodeBegan(made.began)));
  return { kind: 'staged', commit: made.commit, welcome: made.welcome, digest, view: made.view };
}

async function chosenOf(
  change: Change,
  { epoch }: Standing,
  work: Work,
  group: GroupKey,
  head: Head,
): Promise<Chosen> {
  if (change.kind === 'proposed') {
    const found = await waitingAt(work, group, head.current, change.ref);
    demand(found !== null, 'unknown-proposal');
    return found;
  }
  const proposal: Proposal =
    change.kind === 'add' ? { kind: 'add', keyPackage: decodeKeyPackageMessage(change.keyPackage) } : change;
  return { proposal, sender: epoch.leaf, byReference: false, ref: null };
}

/** Moves on to the epoch that a pending commit of mine leads to. */
async function enterPending(
  { suite }: Setting,
  group: GroupKey,
  head: Head,
  digest: string,
  pending: Pending,
  work: Work,
  now: Millis,
): Promise<EpochRef> {
  const { context, secrets } = decodeEpoch(pending.epoch);
  const ref: EpochRef = {
    id: await epochId(suite, secrets.epochAuthenticator),
    number: context.epoch,
    parent: head.current,
    startedAt: now,
    commit: digest,
  };
  await clearPending(work, group, head.current, digest);
  return enter(work, group, head, ref, pending, now);
}

/** See {@link MlsEngine.applyPending}. */
export async function applyPending(
  setting: Setting,
  group: GroupKey,
  digest: string,
  work: Work,
  now: Millis,
): Promise<EpochRef> {
  const head = await headOf(work, group);
  const pending = await pendingOf(work, group, head.current, digest);
  if (pending === null) throw new PlainsealError('not-found', 'no such commit is pending');
  return enterPending(setting, group, head, digest, pending, work, now);
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
  const prefix = `${under(group, current)}/`;
  const cells = await work.scan(proposalCell('').space, prefix);
  return cells.map(([{ key }, bytes]) => {
    const ref = key.slice(prefix.length);
    const { proposal, sender } = chosenFrom(bytes, ref);
    return {
      ref,
      by: memberAt(roster.tree, sender),
      what: proposal.kind,
      removes: removedBy(proposal, sender),
    };
  });
}

function removedBy(proposal: Proposal, sender: number): number | null {
  if (proposal.kind === 'self-remove') return sender;
  return proposal.kind === 'remove' ? proposal.leaf : null;
}

/** Takes a proposal or commit that came as a public message. @throws Refused, Malformed. */
export async function takeHandshake(
  setting: Setting,
  message: Uint8Array,
  { signed, membershipTag }: { readonly signed: Signed; readonly membershipTag: Uint8Array },
  work: Work,
  now: Millis,
): Promise<Processed> {
  const { framed } = signed;
  const group = groupKeyOf(framed.groupId);
  const head = await readHead(work, group);
  demand(head !== null, 'unknown-group');
  const digest = digestOf(message);
  if (head.epochs.some(({ commit }) => commit === digest)) return { kind: 'duplicate' };
  demandActive(head);
  const current = refIn(head, head.current);
  if (framed.epoch > current.number) return { kind: 'early', epoch: framed.epoch };
  if (framed.epoch < current.number)
    return competing(setting, { group, head }, signed, membershipTag, digest, work);
  const standing = await standingAt(setting, work, group, current.id);
  await checkHandshake(setting.suite, standing, signed, membershipTag);
  const place: Place = { group, head, current, standing };
  const { body } = framed;
  if (body.kind === 'proposal') return takeProposal(setting, place, signed, body.proposal, work);
  if (body.kind === 'application') throw new Refused('malformed');
  return takeCommit(setting, place, signed, body.commit, digest, work, now);
}

interface Place {
  readonly group: GroupKey;
  readonly head: Head;
  readonly current: EpochRef;
  readonly standing: Standing;
}

/** A commit of an epoch that has passed, if a member of one that is kept made it. */
async function competing(
  setting: Setting,
  { group, head }: Pick<Place, 'group' | 'head'>,
  signed: Signed,
  membershipTag: Uint8Array,
  digest: string,
  work: Work,
): Promise<Processed> {
  demand(signed.framed.body.kind === 'commit', 'old-epoch');
  const at: EpochRef[] = [];
  const candidates = head.epochs.filter(({ number }) => number === signed.framed.epoch);
  demand(candidates.length > 0, 'old-epoch');
  let last: Refused | null = null;
  for (const ref of candidates) {
    const standing = await standingAt(setting, work, group, ref.id);
    try {
      await checkHandshake(setting.suite, standing, signed, membershipTag);
      at.push(ref);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      last = error;
    }
  }
  if (at.length === 0 && last !== null) throw last;
  return { kind: 'competing', digest, at };
}

async function takeProposal(
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
async function proposedIn(
  { group, current }: Pick<Place, 'group' | 'current'>,
  commit: Commit,
  committer: number,
  work: Work,
): Promise<readonly Proposed[]> {
  const found: Proposed[] = [];
  for (const entry of commit.proposals) {
    if ('proposal' in entry) {
      found.push({ proposal: entry.proposal, sender: committer, byReference: false });
      continue;
    }
    const one = await waitingAt(work, group, current.id, hexOf(entry.ref));
    demand(one !== null, 'unknown-proposal');
    found.push(one);
  }
  return found;
}

async function takeCommit(
  setting: Setting,
  place: Place,
  signed: Signed,
  commit: Commit,
  digest: string,
  work: Work,
  now: Millis,
): Promise<Processed> {
  const { suite, rules } = setting;
  const { group, head, current, standing } = place;
  const proposed = await proposedIn(place, commit, signed.framed.leaf, work);
  const pending = await pendingOf(work, group, current.id, digest);
  if (pending !== null) {
    const view = await viewOfCommit(setting, standing, signed.framed.leaf, proposed);
    const epoch = await enterPending(setting, group, head, digest, pending, work, now);
    return { kind: 'commit', view, epoch, mine: true };
  }
  const applied = await applyCommit(suite, rules, standing, signed, commit, proposed, now);
  if (applied.kind === 'removed') {
    deactivate(work, group, head);
    return { kind: 'removed', view: applied.view };
  }
  const { began, view } = applied;
  const ref: EpochRef = {
    id: began.id,
    number: current.number + 1n,
    parent: current.id,
    startedAt: now,
    commit: digest,
  };
  const epoch = await enter(work, group, head, ref, encodeBegan(began), now);
  return { kind: 'commit', view, epoch, mine: false };
}

async function viewOfCommit(
  { suite, rules }: Setting,
  { epoch, roster }: Standing,
  committer: number,
  proposed: readonly Proposed[],
): Promise<CommitView> {
  const before = { tree: roster.tree, context: epoch.context };
  return (await planCommit(suite, rules, before, committer, proposed, null)).view;
}
