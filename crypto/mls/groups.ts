import { deriveSecret } from 'ts-mls/crypto/kdf.js';
import { encodeRequiredCapabilities, type Extension, type GroupContext } from 'ts-mls';
import { initializeKeySchedule } from 'ts-mls/keySchedule.js';
import { PlainsealError } from '../../shared/errors.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import { hexOf } from './bytes.ts';
import {
  decodePending,
  encodeEpochKeys,
  encodeHead,
  encodeRoster,
  epochCell,
  groupCell,
  pendingCell,
  proposalCell,
  ratchetCell,
  readEpochKeys,
  readHead,
  secretsCell,
  treeCell,
  under,
  type EpochId,
  type EpochRef,
  type GroupKey,
  type Head,
  type Pending,
} from './cells.ts';
import type { Standing as Known } from './commit.ts';
import { withComponents, type Components } from './components.ts';
import type { Profile, Standing } from './engine.ts';
import { generateKeyPackage } from './key-packages.ts';
import { memberOf, viewOf } from './members.ts';
import { encodeSecretTree } from './ratchet.ts';
import type { Setting } from './setting.ts';
import { SUITE_NAME } from './suite.ts';
import { begin, keyPackageAge, type Began } from './transition.ts';
import { hashTree, nodeOf, rootHash, type Tree } from './tree.ts';

/** So many past epochs are kept: to read what comes late, and to go back when another commit wins (as MDK does). */
export const KEPT_EPOCHS = 5n;
/** And none longer than this after it ended: a quiet group must not keep old keys for ever. */
export const MAX_EPOCH_AGE_MS = 6 * 24 * 60 * 60 * 1_000;

export const groupKeyOf = (groupId: Uint8Array): GroupKey => hexOf(groupId) as GroupKey;

/** @throws PlainsealError `not-found`. */
export async function headOf(work: Pick<Work, 'get'>, group: GroupKey): Promise<Head> {
  const head = await readHead(work, group);
  if (head === null) throw new PlainsealError('not-found', 'no such group');
  return head;
}

/** A kept epoch of a group. @throws PlainsealError `not-found`. */
export function refIn(head: Head, id: EpochId): EpochRef {
  const found = head.epochs.find((epoch) => epoch.id === id);
  if (found === undefined) throw new PlainsealError('not-found', 'no such epoch is kept');
  return found;
}

/** An epoch with its public part. */
export async function standingAt(
  { rosters }: Setting,
  work: Work,
  group: GroupKey,
  id: EpochId,
): Promise<Known> {
  const roster = await rosters.read(work, group, id);
  const { context, confirmationTag, leaf } = roster;
  const epoch = { ...(await readEpochKeys(work, group, id)), context, confirmationTag, leaf };
  return { epoch, roster };
}

/** Deletes a cell that may be there: only what was read can be overwritten. */
async function drop(work: Work, cell: Parameters<Work['put']>[0]): Promise<void> {
  if ((await work.get(cell)) !== null) work.put(cell, null);
}

async function dropEpoch(work: Work, group: GroupKey, id: EpochId): Promise<void> {
  const name = under(group, id);
  for (const cell of [epochCell(name), treeCell(name), secretsCell(name)]) await drop(work, cell);
  for (const cell of [ratchetCell, proposalCell, pendingCell].map((of) => of(`${name}/`)))
    for (const [key] of await work.scan(cell.space, cell.key)) work.put(key, null);
}

/** When an epoch ended: when the first that followed it began. Null for one that nothing followed. */
export function endedAt(head: Head, id: EpochId): Millis | null {
  const after = head.epochs.filter(({ parent }) => parent === id).map(({ startedAt }) => startedAt);
  return after.length === 0 ? null : Math.min(...after);
}

/** Writes the head without the epochs that are no longer kept, and throws those away. */
async function writeHead(work: Work, group: GroupKey, head: Head, now: Millis): Promise<void> {
  const current = refIn(head, head.current);
  const isKept = ({ id, number, startedAt }: EpochRef): boolean =>
    id === current.id ||
    (number >= current.number - KEPT_EPOCHS && now - (endedAt(head, id) ?? startedAt) <= MAX_EPOCH_AGE_MS);
  for (const { id } of head.epochs.filter((epoch) => !isKept(epoch))) await dropEpoch(work, group, id);
  const epochs = head.epochs.filter(isKept);
  await work.get(groupCell(group));
  work.put(groupCell(group), encodeHead({ ...head, epochs }));
}

/** The cells of an epoch that has begun. */
export const encodeBegan = ({ epoch, roster, secrets }: Began): Pending => ({
  epoch: encodeEpochKeys(epoch),
  roster: encodeRoster(roster),
  secrets: encodeSecretTree(secrets),
});

/** Makes an epoch the current one. One that was here before keeps its cells, so that no ratchet starts again. */
export async function enter(
  work: Work,
  group: GroupKey,
  head: Head,
  ref: EpochRef,
  cells: Pending,
  now: Millis,
): Promise<EpochRef> {
  const known = head.epochs.find(({ id }) => id === ref.id);
  if (known === undefined) {
    const name = under(group, ref.id);
    work.put(epochCell(name), cells.epoch);
    work.put(treeCell(name), cells.roster);
    work.put(secretsCell(name), cells.secrets);
  }
  const epochs = known === undefined ? [...head.epochs, ref] : head.epochs;
  await writeHead(work, group, { ...head, active: true, current: ref.id, epochs }, now);
  return known ?? ref;
}

/**
 * A commit of mine for an epoch, that is not applied; null when it is none. It stays as long as that epoch does: after another commit has
 * come first, mine may still be the one that everybody else follows.
 */
export async function pendingOf(
  work: Work,
  group: GroupKey,
  id: EpochId,
  digest: string,
): Promise<Pending | null> {
  const bytes = await work.get(pendingCell(`${under(group, id)}/${digest}`));
  return bytes === null ? null : decodePending(bytes);
}

/** Forgets a commit of mine, applied or not wanted any more. */
export const clearPending = (work: Work, group: GroupKey, id: EpochId, digest: string): Promise<void> =>
  drop(work, pendingCell(`${under(group, id)}/${digest}`));

/** See {@link MlsEngine.dropPending}. */
export async function dropPending(group: GroupKey, digest: string, work: Work): Promise<void> {
  await clearPending(work, group, (await headOf(work, group)).current, digest);
}

/** What the group asks of all members, and its components. */
function extensionsOf({ requires }: Profile, components: Components): Extension[] {
  const required: Extension = {
    extensionType: 'required_capabilities',
    extensionData: encodeRequiredCapabilities({
      extensionTypes: [...requires.extensions],
      proposalTypes: [...requires.proposals],
      credentialTypes: [],
    }),
  };
  const asks = requires.extensions.length + requires.proposals.length > 0 ? [required] : [];
  return components.size === 0 ? asks : withComponents(asks, components);
}

/** See {@link MlsEngine.createGroup}. */
export async function createGroup(
  setting: Setting,
  groupId: Uint8Array,
  components: Components,
  work: Work,
  now: Millis,
): Promise<GroupKey> {
  const { suite, rules } = setting;
  const group = groupKeyOf(groupId);
  if ((await readHead(work, group)) !== null) throw new PlainsealError('conflict', 'there is such a group');
  const { keyPackage, secrets } = await generateKeyPackage(setting, now);
  const { leafNode } = keyPackage;
  if (!rules.allowsMember(memberOf(0, leafNode)))
    throw new PlainsealError('internal', 'my own leaf is not allowed');
  const tree: Tree = [{ nodeType: 'leaf', leaf: leafNode }];
  const context: GroupContext = {
    version: 'mls10',
    cipherSuite: SUITE_NAME,
    groupId,
    epoch: 0n,
    treeHash: rootHash(tree, await hashTree(suite, tree)),
    confirmedTranscriptHash: new Uint8Array(),
    extensions: extensionsOf(setting.profile, components),
  };
  const epochSecret = suite.rng.randomBytes(suite.kdf.size);
  const keySchedule = await initializeKeySchedule(epochSecret, suite.kdf);
  const encryptionSecret = await deriveSecret(epochSecret, 'encryption', suite.kdf);
  epochSecret.fill(0);
  const began = await begin(suite, {
    context,
    confirmationTag: await suite.hash.mac(keySchedule.confirmationKey, new Uint8Array()),
    leaf: 0,
    keys: new Map([[nodeOf(0), secrets.hpkePrivateKey]]),
    tree,
    renewedAt: new Map([[0, keyPackageAge(leafNode.lifetime.notBefore, now)]]),
    schedule: { keySchedule, encryptionSecret },
  });
  const ref: EpochRef = { id: began.id, number: 0n, parent: null, startedAt: now, commit: '' };
  const head: Head = {
    active: true,
    current: began.id,
    signKey: secrets.signaturePrivateKey,
    keyPackage: '',
    since: now,
    epochs: [],
  };
  await enter(work, group, head, ref, encodeBegan(began), now);
  return group;
}

/** See {@link MlsEngine.standing}. */
export async function standing(setting: Setting, group: GroupKey, work: Work): Promise<Standing> {
  const head = await headOf(work, group);
  const { epoch, roster } = await standingAt(setting, work, group, head.current);
  const prefix = `${under(group, head.current)}/`;
  const pending = await work.scan(pendingCell('').space, prefix);
  return {
    active: head.active,
    view: viewOf(epoch.context, roster.tree),
    me: epoch.leaf,
    current: refIn(head, head.current),
    epochs: head.epochs,
    pending: pending.map(([{ key }]) => key.slice(prefix.length)),
  };
}

/** See {@link MlsEngine.rewind}. */
export async function rewind(group: GroupKey, to: EpochId, work: Work): Promise<EpochRef> {
  const head = await headOf(work, group);
  const ref = refIn(head, to);
  // Nothing is thrown away here: what is newer than this may yet turn out to be the branch that wins.
  work.put(groupCell(group), encodeHead({ ...head, active: true, current: to }));
  return ref;
}

/** See {@link MlsEngine.upkeep}. */
export async function upkeep(group: GroupKey, work: Work, now: Millis): Promise<void> {
  await writeHead(work, group, await headOf(work, group), now);
}

/** See {@link MlsEngine.forget}. */
export async function forget(group: GroupKey, work: Work): Promise<void> {
  const head = await readHead(work, group);
  if (head === null) return;
  for (const { id } of head.epochs) await dropEpoch(work, group, id);
  work.put(groupCell(group), null);
}

/** Notes that I was removed: what is kept still opens what was sent before. */
export function deactivate(work: Work, group: GroupKey, head: Head): void {
  work.put(groupCell(group), encodeHead({ ...head, active: false }));
}
