import { PlainsealError } from '../../shared/errors.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import {
  readHead,
  readRatchet,
  readSecretTree,
  writeRatchet,
  writeSecretTree,
  type EpochId,
  type GroupKey,
  type Head,
} from './cells.ts';
import type { Standing } from './commit.ts';
import type { Processed, SealedMessage } from './engine.ts';
import { detailsOf, groupFacts } from './facts.ts';
import { groupKeyOf, headOf, refIn, standingAt } from './groups.ts';
import { hasKeyPackage } from './key-packages.ts';
import { memberOf } from './members.ts';
import { openPrivate, openSenderData, sealPrivate, type Sealed, type SenderData } from './private-message.ts';
import { startRatchet, type Ratchet } from './ratchet.ts';
import { demand, Refused } from './refusal.ts';
import type { Setting } from './setting.ts';
import { leafAt } from './tree.ts';

/** A sender's ratchet in an epoch, made from the secret tree with its first message. @throws PlainsealError `corrupt`. */
async function ratchetOf(
  { suite }: Setting,
  work: Work,
  group: GroupKey,
  id: EpochId,
  leaf: number,
): Promise<{ readonly ratchet: Ratchet; keep(after: Ratchet): void }> {
  const known = await readRatchet(work, group, id, leaf);
  if (known !== null) return { ratchet: known, keep: (after) => writeRatchet(work, group, id, leaf, after) };
  const started = await startRatchet(suite, await readSecretTree(work, group, id), leaf);
  if (started === null) throw new PlainsealError('corrupt', 'a ratchet of MLS is missing');
  return {
    ratchet: started.ratchet,
    keep(after) {
      writeSecretTree(work, group, id, started.rest);
      writeRatchet(work, group, id, leaf, after);
    },
  };
}

/** The facts of a group as it stands. */
export async function factsOf(
  { rosters }: Setting,
  work: Work,
  group: GroupKey,
  head: Head,
  now: Millis,
): Promise<ReturnType<typeof groupFacts>> {
  const roster = await rosters.read(work, group, head.current);
  const isKept = head.keyPackage !== '' && (await hasKeyPackage(work, head.keyPackage));
  return groupFacts(head, roster, isKept, now);
}

/** See {@link MlsEngine.seal}. */
export async function seal(
  setting: Setting,
  group: GroupKey,
  plaintext: Uint8Array,
  authenticatedData: Uint8Array,
  work: Work,
  now: Millis,
): Promise<SealedMessage> {
  const head = await headOf(work, group);
  if (!head.active) throw new PlainsealError('refused', 'no longer a member');
  const { current, signKey } = head;
  const { epoch, roster } = await standingAt(setting, work, group, current);
  const { context, leaf, secrets } = epoch;
  const own = await ratchetOf(setting, work, group, current, leaf);
  const { bytes, ratchet } = await sealPrivate(
    setting.suite,
    plaintext,
    authenticatedData,
    { leaf, signKey, ratchet: own.ratchet },
    context,
    secrets.senderDataSecret,
  );
  own.keep(ratchet);
  const ref = refIn(head, current);
  return {
    bytes,
    epoch: ref,
    facts: await factsOf(setting, work, group, head, now),
    details: detailsOf(ref, ownKeyOf({ epoch, roster }), null),
  };
}

function ownKeyOf({ epoch, roster }: Standing): Uint8Array {
  const node = leafAt(roster.tree, epoch.leaf);
  if (node === null) throw new PlainsealError('corrupt', 'my leaf of MLS is missing');
  return node.signaturePublicKey;
}

/** Opens a private message in whichever kept epoch of its number it belongs to. @throws Refused, Malformed. */
export async function openMessage(
  setting: Setting,
  sealed: Sealed,
  work: Work,
  now: Millis,
): Promise<Processed> {
  const group = groupKeyOf(sealed.groupId);
  const head = await readHead(work, group);
  demand(head !== null, 'unknown-group');
  const candidates = head.epochs.filter(({ number }) => number === sealed.epoch);
  if (candidates.length === 0) {
    demand(sealed.epoch > refIn(head, head.current).number, 'old-epoch');
    demand(head.active, 'not-active');
    return { kind: 'early', epoch: sealed.epoch };
  }
  for (const { id } of candidates) {
    const standing = await standingAt(setting, work, group, id);
    const { senderDataSecret } = standing.epoch.secrets;
    const sender = await senderOf(setting, sealed, senderDataSecret);
    if (sender !== null) return openFrom(setting, { head, group, id, standing }, sealed, sender, work, now);
  }
  throw new Refused('decryption');
}

/** Who sent it, if it is of the epoch with this secret. */
async function senderOf({ suite }: Setting, sealed: Sealed, secret: Uint8Array): Promise<SenderData | null> {
  try {
    return await openSenderData(suite, sealed, secret);
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

interface Place {
  readonly head: Head;
  readonly group: GroupKey;
  readonly id: EpochId;
  readonly standing: Standing;
}

async function openFrom(
  setting: Setting,
  { head, group, id, standing }: Place,
  sealed: Sealed,
  sender: SenderData,
  work: Work,
  now: Millis,
): Promise<Processed> {
  const { epoch, roster } = standing;
  const node = leafAt(roster.tree, sender.leaf);
  demand(node !== null, 'signature');
  const { ratchet, keep } = await ratchetOf(setting, work, group, id, sender.leaf);
  if (sender.leaf === epoch.leaf && sender.generation < ratchet.generation) return { kind: 'duplicate' };
  const { data, ratchet: after } = await openPrivate(
    setting.suite,
    sealed,
    sender,
    ratchet,
    node.signaturePublicKey,
    epoch.context,
  );
  // Mine, and I have not sent it: the signature says that a copy of me did.
  demand(sender.leaf !== epoch.leaf, 'own-ahead');
  keep(after);
  const ref = refIn(head, id);
  return {
    kind: 'application',
    plaintext: data,
    authenticatedData: sealed.authenticatedData,
    from: memberOf(sender.leaf, node),
    epoch: ref,
    generation: sender.generation,
    facts: await factsOf(setting, work, group, head, now),
    details: detailsOf(ref, ownKeyOf(standing), node.signaturePublicKey),
  };
}
