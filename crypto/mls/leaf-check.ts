import {
  decodeRequiredCapabilities,
  type Extension,
  type KeyPackage,
  type LeafNode,
  type RequiredCapabilities,
} from 'ts-mls';
import { verifyKeyPackage } from 'ts-mls/keyPackage.js';
import { verifyLeafNodeSignature, verifyLeafNodeSignatureKeyPackage } from 'ts-mls/leafNode.js';
import type { Millis } from '../../shared/ids.ts';
import { readWhole, sameBytes } from './bytes.ts';
import { isLowOrder } from './low-order.ts';
import { memberOf, type GroupRules } from './members.ts';
import { demand } from './refusal.ts';
import { SUITE_NAME, type Suite } from './suite.ts';

const SECOND_MS = 1_000;
/** The longest that a key package may be valid in Marmot: 84 days and an hour. Seconds. */
const MAX_LIFETIME_S = 7_261_200n;

/** What a group asks of its members, from its extensions. @throws Malformed. */
export function requiredOf(extensions: readonly Extension[]): RequiredCapabilities {
  const found = extensions.find(({ extensionType }) => extensionType === 'required_capabilities');
  if (found === undefined) return { extensionTypes: [], proposalTypes: [], credentialTypes: [] };
  return readWhole(found.extensionData, (from) => from.one(decodeRequiredCapabilities));
}

/** Types of extensions that a leaf must know of: those of RFC 9420 are known to all. */
const typesOf = (extensions: readonly Extension[]): readonly number[] =>
  extensions.flatMap(({ extensionType }) => (typeof extensionType === 'number' ? [extensionType] : []));

/** @throws Refused `capabilities` unless a leaf can do what a group with these extensions asks for. */
export function checkCapabilities(
  { capabilities, credential, extensions }: LeafNode,
  ofGroup: readonly Extension[],
): void {
  const required = requiredOf(ofGroup);
  const known = new Set<number>(capabilities.extensions);
  const able =
    capabilities.versions.includes('mls10') &&
    capabilities.ciphersuites.includes(SUITE_NAME) &&
    [credential.credentialType, ...required.credentialTypes].every((type) =>
      capabilities.credentials.includes(type),
    ) &&
    [...typesOf(extensions), ...typesOf(ofGroup), ...required.extensionTypes].every((type) =>
      known.has(type),
    ) &&
    required.proposalTypes.every((type) => capabilities.proposals.includes(type));
  demand(able, 'capabilities');
}

/** Where a leaf stands, which its signature is over unless it comes from a key package. */
export interface Place {
  readonly groupId: Uint8Array;
  readonly leaf: number;
}

/** Everything about a leaf but its keys' being its own (§7.3), and that something can be sealed to it. @throws Refused, Malformed. */
export async function checkLeaf(
  suite: Suite,
  node: LeafNode,
  place: Place,
  ofGroup: readonly Extension[],
  rules: GroupRules,
): Promise<void> {
  const signed =
    node.leafNodeSource === 'key_package'
      ? verifyLeafNodeSignatureKeyPackage(node, suite.signature)
      : verifyLeafNodeSignature(node, place.groupId, place.leaf, suite.signature);
  demand(await signed, 'signature');
  demand(!isLowOrder(node.hpkePublicKey), 'malformed');
  checkCapabilities(node, ofGroup);
  demand(rules.allowsMember(memberOf(place.leaf, node)), 'member');
}

/**
 * A key package by itself (§10.1). Its lifetime must be one that Marmot allows.
 * @param now whether it is valid now, which only the one who adds can say: members who read the commit days later
 *   must come to the same answer as those who read it at once, or the group splits. Null for them.
 */
export async function checkKeyPackage(
  suite: Suite,
  keyPackage: KeyPackage,
  ofGroup: readonly Extension[],
  rules: GroupRules,
  now: Millis | null,
): Promise<void> {
  const { leafNode, version, cipherSuite, initKey } = keyPackage;
  demand(version === 'mls10' && cipherSuite === SUITE_NAME, 'unsupported');
  demand(leafNode.leafNodeSource === 'key_package', 'malformed');
  demand(await verifyKeyPackage(keyPackage, suite.signature), 'signature');
  await checkLeaf(suite, leafNode, { groupId: new Uint8Array(), leaf: 0 }, ofGroup, rules);
  demand(!sameBytes(initKey, leafNode.hpkePublicKey) && !isLowOrder(initKey), 'malformed');
  const { notBefore, notAfter } = leafNode.lifetime;
  demand(notAfter >= notBefore && notAfter - notBefore <= MAX_LIFETIME_S, 'lifetime');
  if (now === null) return;
  const at = BigInt(Math.floor(now / SECOND_MS));
  demand(notBefore <= at && at <= notAfter, 'lifetime');
}
