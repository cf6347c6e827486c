import * as v from 'valibot';
import type { EpochId, EpochRef, GroupKey } from '../../../crypto/mls/cells.ts';
import type { Millis } from '../../../shared/ids.ts';
import type { StateKey, Work } from '../../../shared/lane/state.ts';
import { decodeCell, readCell, writeCell } from '../cell.ts';
import type { PublicKey } from '../keys.ts';
import { pathTo, QUORUM_SENDERS, type BranchNode } from './branch.ts';

/*
 * commit/<group>/<digest>   of a commit what the choice between branches needs
 * witness/<group>/<epoch>   who has written in an epoch, as far as that counts
 */

/** A commit that removes me. */
export interface Removal {
  /** The epoch it belongs to. */
  readonly at: EpochId;
  readonly message: Uint8Array;
  /** What comes from then on, and no key opens, is the others going on without me. */
  readonly unreadFrom: Millis;
}

/** A commit, beside the epoch that MLS made of it. */
export interface CommitNote {
  readonly committer: string;
  readonly privileged: boolean;
  /** One that removes me leads to no epoch of mine. Null for others. */
  readonly removal: Removal | null;
  /** Epoch seconds, as its event says; missing where I made it and no echo came. */
  readonly datedAt?: number;
}

const schema: v.GenericSchema<unknown, CommitNote> = v.object({
  committer: v.string(),
  privileged: v.boolean(),
  removal: v.nullable(
    v.object({
      at: v.pipe(
        v.string(),
        v.transform((id) => id as EpochId),
      ),
      message: v.instance(Uint8Array),
      unreadFrom: v.number(),
    }),
  ),
  datedAt: v.exactOptional(v.number()),
});
const witnesses = v.object({ senders: v.array(v.string()) });

const noteKey = (group: GroupKey, digest: string): StateKey => ({
  space: 'commit',
  key: `${group}/${digest}`,
});
const witnessKey = (group: GroupKey, epoch: string): StateKey => ({
  space: 'witness',
  key: `${group}/${epoch}`,
});

/** The name of a commit that removes me, among the epochs. */
export const removalId = (digest: string): string => `out:${digest}`;

/** Notes a commit. */
export async function noteCommit(
  work: Work,
  group: GroupKey,
  digest: string,
  note: CommitNote,
): Promise<void> {
  await work.get(noteKey(group, digest));
  writeCell(work, noteKey(group, digest), { ...note });
}

/** What was noted of a commit. */
export const readNote = (
  work: Pick<Work, 'get'>,
  group: GroupKey,
  digest: string,
): Promise<CommitNote | null> => readCell(work, noteKey(group, digest), schema);

/** Notes that somebody wrote in an epoch; true when that counts. */
export async function noteWitness(
  work: Work,
  group: GroupKey,
  epoch: EpochId,
  sender: PublicKey,
): Promise<boolean> {
  const key = witnessKey(group, epoch);
  const { senders } = (await readCell(work, key, witnesses)) ?? { senders: [] };
  if (senders.length >= QUORUM_SENDERS || senders.includes(sender)) return false;
  writeCell(work, key, { senders: [...senders, sender] });
  return true;
}

/** The kept epochs in which somebody has written. */
export async function heardFrom(
  work: Pick<Work, 'get'>,
  group: GroupKey,
  epochs: readonly EpochRef[],
  sender: PublicKey,
): Promise<readonly EpochId[]> {
  const heard: EpochId[] = [];
  for (const { id } of epochs)
    if ((await readCell(work, witnessKey(group, id), witnesses))?.senders.includes(sender)) heard.push(id);
  return heard;
}

/** What I cannot read after I was removed, and heard nothing since, is the others going on: it counts as so many commits. */
const UNREAD_COMMITS = 3;

/**
 * The epochs that are kept, and the commits that remove me, for the choice between branches.
 * @param unreadAt when the events came that no key opens.
 */
export async function nodesOf(
  work: Pick<Work, 'get' | 'scan'>,
  group: GroupKey,
  epochs: readonly EpochRef[],
  unreadAt: readonly Millis[],
): Promise<readonly BranchNode[]> {
  const nodes: BranchNode[] = [];
  const notes = await notesOf(work, group);
  const byCommit = new Map(notes);
  for (const { id, parent, number, commit } of epochs) {
    const note = byCommit.get(commit);
    const heard = await readCell(work, witnessKey(group, id), witnesses);
    nodes.push({
      id,
      parent,
      number: Number(number),
      digest: commit,
      committer: note?.committer ?? '',
      privileged: note?.privileged ?? false,
      senders: heard?.senders ?? [],
    });
  }
  for (const [digest, { removal, ...note }] of notes) {
    const at = epochs.find(({ id }) => id === removal?.at);
    if (at === undefined || removal === null) continue;
    const beyond = unreadAt.some((came) => came >= removal.unreadFrom) ? UNREAD_COMMITS : 0;
    nodes.push({
      id: removalId(digest),
      parent: at.id,
      number: Number(at.number) + 1,
      digest,
      ...note,
      senders: [],
      beyond,
    });
  }
  return nodes;
}

async function notesOf(
  work: Pick<Work, 'scan'>,
  group: GroupKey,
): Promise<readonly (readonly [string, CommitNote])[]> {
  const cells = await work.scan('commit', `${group}/`);
  return cells.map(([key, bytes]) => [key.key.slice(group.length + 1), decodeCell(bytes, key, schema)]);
}

/**
 * Notes that another has said something that I can read after a commit that was to remove me, on a branch without it: what came before and
 * I cannot read says nothing of who went on. Gives whether that changes anything.
 * @param at the epoch in which it was said.
 */
export async function noteHeard(
  work: Work,
  group: GroupKey,
  epochs: readonly EpochRef[],
  at: EpochId,
  now: Millis,
): Promise<boolean> {
  const before = pathTo(epochs, at);
  let changed = false;
  for (const [digest, note] of await notesOf(work, group)) {
    const { removal } = note;
    // In the very epoch that it left its author need not have known of it.
    if (removal === null || removal.at === at || !before.has(removal.at)) continue;
    writeCell(work, noteKey(group, digest), { ...note, removal: { ...removal, unreadFrom: now + 1 } });
    changed = true;
  }
  return changed;
}

/** Whether some commit, on whatever branch, removes me. */
export const hasRemovals = async (work: Pick<Work, 'scan'>, group: GroupKey): Promise<boolean> =>
  (await notesOf(work, group)).some(([, { removal }]) => removal !== null);

/** Forgets what was noted of epochs that are kept no more. */
export async function dropOldNotes(work: Work, group: GroupKey, epochs: readonly EpochRef[]): Promise<void> {
  const kept = new Set(epochs.map(({ commit }) => commit));
  const ids = new Set<string>(epochs.map(({ id }) => id));
  for (const [digest, { removal }] of await notesOf(work, group))
    if (!kept.has(digest) && (removal === null || !ids.has(removal.at)))
      work.put(noteKey(group, digest), null);
  for (const [key] of await work.scan('witness', `${group}/`))
    if (!ids.has(key.key.slice(group.length + 1))) work.put(key, null);
}
