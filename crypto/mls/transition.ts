import type { GroupContext } from 'ts-mls';
import { initializeEpoch, type EpochSecrets, type KeySchedule } from 'ts-mls/keySchedule.js';
import type { Millis } from '../../shared/ids.ts';
import { hexOf, joined, vector } from './bytes.ts';
import type { Epoch, EpochId, EpochSecrets as KeptSecrets, Roster } from './cells.ts';
import { transcriptInput, type Signed } from './framing.ts';
import type { Renewed } from './path.ts';
import type { Plan } from './plan.ts';
import { freshSecretTree, type SecretTree } from './ratchet.ts';
import type { Suite } from './suite.ts';
import { hashTree, nodeOf, rootHash, rootOf, type Tree } from './tree.ts';

/** A new epoch, not stored anywhere yet. */
export interface Began {
  readonly id: EpochId;
  readonly epoch: Epoch;
  readonly roster: Roster;
  readonly secrets: SecretTree;
}

const SECOND_MS = 1_000;
const ID_HEX = 32;

/** The name of an epoch: of its authenticator, which no two branches share. */
export async function epochId(suite: Suite, epochAuthenticator: Uint8Array): Promise<EpochId> {
  return hexOf(await suite.hash.digest(epochAuthenticator)).slice(0, ID_HEX) as EpochId;
}

/** Puts together what is known of a new epoch. */
export async function begin(
  suite: Suite,
  parts: {
    readonly context: GroupContext;
    readonly confirmationTag: Uint8Array;
    readonly leaf: number;
    readonly keys: Epoch['keys'];
    readonly tree: Tree;
    readonly renewedAt: Roster['renewedAt'];
    readonly schedule: Pick<EpochSecrets, 'keySchedule' | 'encryptionSecret'>;
  },
): Promise<Began> {
  const { context, confirmationTag, leaf, keys, tree, renewedAt, schedule } = parts;
  const { keySchedule, encryptionSecret } = schedule;
  return {
    id: await epochId(suite, keySchedule.epochAuthenticator),
    epoch: { context, confirmationTag, leaf, keys, secrets: needed(keySchedule) },
    roster: { context, confirmationTag, leaf, tree, renewedAt },
    secrets: freshSecretTree(rootOf(tree), encryptionSecret),
  };
}

/** What nobody here ever uses is not kept: secrets for external joins and for pre-shared keys. */
function needed({ externalSecret, resumptionPsk, ...secrets }: KeySchedule): KeptSecrets {
  for (const secret of [externalSecret, resumptionPsk]) secret.fill(0);
  return secrets;
}

/** When each leaf last had new keys, after a commit. Keys that came in a key package are as old as that may be. */
function renewals(
  before: Roster,
  plan: Plan,
  committer: number,
  hasPath: boolean,
  now: Millis,
): ReadonlyMap<number, Millis> {
  const renewed = new Map(before.renewedAt);
  for (const leaf of plan.gone) renewed.delete(leaf);
  for (const { leaf, keyPackage } of plan.added) {
    const at = keyPackageAge(keyPackage.leafNode.lifetime.notBefore, now);
    renewed.set(leaf, at);
  }
  for (const leaf of plan.updated) renewed.set(leaf, now);
  if (hasPath) renewed.set(committer, now);
  return renewed;
}

/** When the keys of a key package were made, at the earliest. */
export const keyPackageAge = (notBefore: bigint, now: Millis): Millis =>
  Math.min(now, Number(notBefore) * SECOND_MS);

/** What a commit leads to. The joiner and welcome secrets are for who made it, to be wiped. */
export interface Advanced {
  readonly began: Began;
  readonly joinerSecret: Uint8Array;
  readonly welcomeSecret: Uint8Array;
}

/**
 * The next epoch from a plan, a path if the commit has one, and the signed commit (RFC 9420 §8, §12.4).
 * @param signed its confirmation tag is not looked at: it follows from what is computed here.
 */
export async function advance(
  suite: Suite,
  before: { readonly epoch: Epoch; readonly roster: Roster },
  plan: Plan,
  renewed: Renewed | null,
  signed: Signed,
  now: Millis,
): Promise<Advanced> {
  const { epoch, roster } = before;
  const { hash, kdf } = suite;
  const tree = renewed?.tree ?? plan.tree;
  const hashes = renewed?.hashes ?? (await hashTree(suite, tree));
  const interim = await hash.digest(
    joined(epoch.context.confirmedTranscriptHash, vector(epoch.confirmationTag)),
  );
  const confirmedTranscriptHash = await hash.digest(joined(interim, transcriptInput(signed)));
  const context: GroupContext = {
    ...plan.context,
    epoch: epoch.context.epoch + 1n,
    treeHash: rootHash(tree, hashes),
    confirmedTranscriptHash,
  };
  const none = new Uint8Array(kdf.size);
  const commitSecret = renewed?.commitSecret ?? none;
  const schedule = await initializeEpoch(epoch.secrets.initSecret, commitSecret, context, none, kdf);
  commitSecret.fill(0);
  const confirmationTag = await hash.mac(schedule.keySchedule.confirmationKey, confirmedTranscriptHash);
  const kept = renewed?.keys ?? new Map([...epoch.keys].filter(([at]) => tree[at] !== undefined));
  // Keys of places that the tree no longer has, after it shrank.
  const keys = new Map([...kept].filter(([at]) => at < tree.length || at === nodeOf(epoch.leaf)));
  const renewedAt = renewals(roster, plan, signed.framed.leaf, renewed !== null, now);
  const parts = { context, confirmationTag, leaf: epoch.leaf, keys, tree, renewedAt, schedule };
  return {
    began: await begin(suite, parts),
    joinerSecret: schedule.joinerSecret,
    welcomeSecret: schedule.welcomeSecret,
  };
}
