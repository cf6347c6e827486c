import { createHash } from 'node:crypto';
import { PlainsealError } from '../../shared/errors.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import {
  decodeEpochKeys,
  decodeRoster,
  encodePending,
  pendingCell,
  readHead,
  under,
  type EpochRef,
  type GroupKey,
  type Head,
  type Pending,
} from './cells.ts';
import { applyCommit, checkHandshake, makeCommit, type Chosen, type Standing } from './commit.ts';
import type { Change, Processed, Staged } from './engine.ts';
import type { Signed } from './framing.ts';
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
import type { CommitView } from './members.ts';
import { planCommit, type Proposed } from './plan.ts';
import type { Commit, Proposal } from './proposal.ts';
import { allWaiting, demandActive, proposedIn, takeProposal, type Place } from './proposals.ts';
import { demand, Refused } from './refusal.ts';
import type { Setting } from './setting.ts';
import { epochId } from './transition.ts';

/** The name of a commit: SHA-256 over its message, hex. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

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
    const found = (await allWaiting(work, group, head.current)).get(change.ref);
    demand(found !== undefined, 'unknown-proposal');
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
  const { secrets } = decodeEpochKeys(pending.epoch);
  const ref: EpochRef = {
    id: await epochId(suite, secrets.epochAuthenticator),
    number: decodeRoster(pending.roster).context.epoch,
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
