import { type GroupInfo, type RatchetTree } from 'ts-mls';
import { deriveKeySchedule } from 'ts-mls/keySchedule.js';
import { ratchetTreeFromExtension, verifyGroupInfoSignature } from 'ts-mls/groupInfo.js';
import { encodeLeafNode } from 'ts-mls/leafNode.js';
import { decodeWelcome, decryptGroupInfo, decryptGroupSecrets, encodeWelcome } from 'ts-mls/welcome.js';
import { constantTimeEqual } from 'ts-mls/util/constantTimeCompare.js';
import type { Welcome } from 'ts-mls';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import { hexOf, Malformed, readWhole, sameBytes } from './bytes.ts';
import { readHead, type EpochRef, type GroupKey, type Head, type Roster } from './cells.ts';
import type { Invitation, Joined, KeyPackageRef } from './engine.ts';
import { encodeMessage, readHeader, WELCOME } from './framing.ts';
import { encodeBegan, enter, forget, groupKeyOf } from './groups.ts';
import { dropKeyPackage, ownKeyPackages, type OwnKeyPackage } from './key-packages.ts';
import { checkLeaf } from './leaf-check.ts';
import { isLowOrder } from './low-order.ts';
import { memberOf, viewOf, type GroupView, type Member } from './members.ts';
import { keysFromWelcome } from './path.ts';
import { demand } from './refusal.ts';
import type { Setting } from './setting.ts';
import { SUITE_NAME } from './suite.ts';
import { begin, keyPackageAge, type Began } from './transition.ts';
import {
  hashTree,
  isSound,
  keysDiffer,
  leafAt,
  leavesOf,
  nodeOf,
  parentsHold,
  rootHash,
  type Tree,
} from './tree.ts';

/** A welcome to a thousand members is a third of it. */
const MAX_BYTES = 1024 * 1024;

/** Reads a welcome, and nothing but its form. @throws Malformed. */
export function decodeWelcomeMessage(message: Uint8Array): Welcome {
  if (message.length > MAX_BYTES) throw new Malformed('too large');
  const welcome = readWhole(message, (from) => {
    if (readHeader(from) !== WELCOME) throw new Malformed('no welcome');
    return from.one(decodeWelcome);
  });
  if (!sameBytes(encodeMessage(WELCOME, encodeWelcome(welcome)), message))
    throw new Malformed('not in its one form');
  return welcome;
}

/** See {@link MlsEngine.keyPackagesIn}. */
export function keyPackagesIn(message: Uint8Array): readonly KeyPackageRef[] {
  try {
    return decodeWelcomeMessage(message).secrets.map(({ newMember }) => hexOf(newMember));
  } catch (error) {
    if (error instanceof Malformed) return [];
    throw error;
  }
}

interface Opened {
  readonly ref: KeyPackageRef;
  readonly own: OwnKeyPackage;
  readonly info: GroupInfo;
  readonly joinerSecret: Uint8Array;
  readonly pathSecret: Uint8Array | undefined;
}

/** Opens what is for me in a welcome. @throws Refused, Malformed. */
async function open({ suite }: Setting, welcome: Welcome, work: Work): Promise<Opened> {
  demand(welcome.cipherSuite === SUITE_NAME, 'unsupported');
  // Read once, whatever the welcome names.
  const known = await ownKeyPackages(work);
  for (const { newMember } of welcome.secrets) {
    const ref = hexOf(newMember);
    const own = known.get(ref);
    if (own === undefined) continue;
    const key = await suite.hpke.importPrivateKey(own.secrets.initPrivateKey);
    const secrets = await quiet(decryptGroupSecrets(key, newMember, welcome, suite.hpke));
    // Pre-shared keys are none of this engine's.
    demand(secrets.psks.length === 0, 'unsupported');
    const none = new Uint8Array(suite.kdf.size);
    const info = await quiet(decryptGroupInfo(welcome, secrets.joinerSecret, none, suite));
    return { ref, own, info, joinerSecret: secrets.joinerSecret, pathSecret: secrets.pathSecret };
  }
  demand(false, 'no-key-package');
}

/** What came of an attempt of ts-mls's, which throws or gives nothing for bytes that are wrong. */
async function quiet<T>(attempt: Promise<T | undefined>): Promise<T> {
  const result = await attempt.catch(() => undefined);
  demand(result !== undefined, 'decryption');
  return result;
}

function treeOf(info: GroupInfo): Tree {
  let tree: RatchetTree | undefined;
  try {
    tree = ratchetTreeFromExtension(info);
  } catch {
    // Told below.
  }
  demand(tree !== undefined, 'tree');
  return tree;
}

/** Checks the tree that a welcome brings: nothing of it was seen before (RFC 9420 §12.4.3.1). @throws Refused, Malformed. */
async function checkTree({ suite, rules }: Setting, tree: Tree, info: GroupInfo): Promise<void> {
  const { groupContext } = info;
  demand(isSound(tree) && keysDiffer(tree), 'tree');
  const hashes = await hashTree(suite, tree);
  demand(sameBytes(rootHash(tree, hashes), groupContext.treeHash), 'tree');
  for (const [leaf, node] of leavesOf(tree)) {
    const place = { groupId: groupContext.groupId, leaf };
    await checkLeaf(suite, node, place, groupContext.extensions, rules);
  }
  const weak = tree.some((node) => node?.nodeType === 'parent' && isLowOrder(node.parent.hpkePublicKey));
  demand(!weak && (await parentsHold(suite, tree, hashes)), 'tree');
}

interface Entry {
  readonly group: GroupKey;
  readonly ref: KeyPackageRef;
  readonly own: OwnKeyPackage;
  readonly by: Member;
  readonly view: GroupView;
  readonly began: Began;
}

/** Everything a welcome leads to, checked. @throws Refused, Malformed. */
async function welcomed(setting: Setting, message: Uint8Array, work: Work, now: Millis): Promise<Entry> {
  const { suite, rules } = setting;
  const { ref, own, info, joinerSecret, pathSecret } = await open(
    setting,
    decodeWelcomeMessage(message),
    work,
  );
  const { groupContext, signer, confirmationTag } = info;
  demand(groupContext.cipherSuite === SUITE_NAME && groupContext.version === 'mls10', 'unsupported');
  const tree = treeOf(info);
  const signing = leafAt(tree, signer);
  demand(signing !== null, 'signature');
  demand(await verifyGroupInfoSignature(info, signing.signaturePublicKey, suite.signature), 'signature');
  await checkTree(setting, tree, info);
  const mine = encodeLeafNode(own.keyPackage.leafNode);
  const found = leavesOf(tree).find(([, node]) => sameBytes(encodeLeafNode(node), mine));
  demand(found !== undefined && found[0] !== signer, 'tree');
  const [leaf] = found;
  const none = new Uint8Array(suite.kdf.size);
  const [keySchedule, encryptionSecret] = await deriveKeySchedule(
    joinerSecret,
    none,
    groupContext,
    suite.kdf,
  );
  const tag = await suite.hash.mac(keySchedule.confirmationKey, groupContext.confirmedTranscriptHash);
  demand(constantTimeEqual(tag, confirmationTag), 'confirmation');
  const shared =
    pathSecret === undefined
      ? new Map<number, Uint8Array>()
      : await keysFromWelcome(suite, tree, leaf, signer, pathSecret);
  for (const secret of [joinerSecret, ...(pathSecret ? [pathSecret] : [])]) secret.fill(0);
  const began = await begin(suite, {
    context: groupContext,
    confirmationTag,
    leaf,
    keys: new Map([...shared, [nodeOf(leaf), own.secrets.hpkePrivateKey]]),
    tree,
    renewedAt: agesOf(tree, pathSecret === undefined ? null : signer, now),
    schedule: { keySchedule, encryptionSecret },
  });
  const view = viewOf(groupContext, tree);
  const by = memberOf(signer, signing);
  demand(rules.allowsWelcome(by, view), 'not-allowed');
  return { group: groupKeyOf(groupContext.groupId), ref, own, by, view, began };
}

/** How old the keys of leaves are that I see for the first time: of those who have renewed theirs I do not know when. */
function agesOf(tree: Tree, renewed: number | null, now: Millis): Roster['renewedAt'] {
  const ages = new Map<number, Millis>();
  for (const [leaf, node] of leavesOf(tree)) {
    if (leaf === renewed) ages.set(leaf, now);
    else if (node.leafNodeSource === 'key_package')
      ages.set(leaf, keyPackageAge(node.lifetime.notBefore, now));
  }
  return ages;
}

/** See {@link MlsEngine.readWelcome}. @throws Refused, Malformed. */
export async function readWelcome(
  setting: Setting,
  message: Uint8Array,
  work: Work,
  now: Millis,
): Promise<Extract<Invitation, { kind: 'invitation' }>> {
  const { group, ref, by, view, began } = await welcomed(setting, message, work, now);
  return { kind: 'invitation', group, epoch: began.id, keyPackage: ref, by, view };
}

/** See {@link MlsEngine.join}. @throws Refused, Malformed. */
export async function join(
  setting: Setting,
  message: Uint8Array,
  work: Work,
  now: Millis,
): Promise<Extract<Joined, { kind: 'joined' }>> {
  const { group, ref, own, by, view, began } = await welcomed(setting, message, work, now);
  const known = await readHead(work, group);
  demand(known === null || !known.active, 'already-member');
  // What is kept of the time before I was removed cannot go on into what comes now.
  if (known !== null) await forget(group, work);
  const epoch: EpochRef = {
    id: began.id,
    number: view.epoch,
    parent: null,
    startedAt: now,
    commit: '',
  };
  const head: Head = {
    active: true,
    current: began.id,
    signKey: own.secrets.signaturePrivateKey,
    keyPackage: ref,
    since: now,
    epochs: [],
  };
  await enter(work, group, head, epoch, encodeBegan(began), now);
  if (!own.lastResort) await dropKeyPackage(ref, work);
  return { kind: 'joined', group, by, view };
}
