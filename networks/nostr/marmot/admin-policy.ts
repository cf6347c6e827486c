import { publicKeyBytes, publicKeyFromBytes, type PublicKey } from '../keys.ts';
import { encodeVector, readVector } from './varint.ts';

/** The app component `marmot.group.admin-policy.v1`: who may change the group. */
export const ADMIN_POLICY_COMPONENT = 0x8003;

const KEY_BYTES = 32;
const MAX_ADMINS = 1_000;

/** The component's bytes: every admin once, sorted. Hex sorts as its bytes do. */
export function encodeAdminPolicy(admins: readonly PublicKey[]): Uint8Array {
  return encodeVector(Buffer.concat([...new Set(admins)].toSorted().map(publicKeyBytes)));
}

/** Reads the component; null when it is empty, not sorted, or names anything but keys. */
export function readAdminPolicy(bytes: Uint8Array): readonly PublicKey[] | null {
  const list = readVector(bytes, 0, MAX_ADMINS * KEY_BYTES);
  if (list?.end !== bytes.length || list.value.length === 0 || list.value.length % KEY_BYTES !== 0)
    return null;
  const admins: PublicKey[] = [];
  for (let at = 0; at < list.value.length; at += KEY_BYTES) {
    const admin = publicKeyFromBytes(list.value.subarray(at, at + KEY_BYTES));
    const last = admins.at(-1);
    if (admin === null || (last !== undefined && last >= admin)) return null;
    admins.push(admin);
  }
  return admins;
}

/** What a commit does, as far as it needs leave. Accounts are those of the leaves, as MLS has authenticated them. */
export interface CommitAct {
  readonly committer: PublicKey;
  readonly adds: readonly PublicKey[];
  readonly removes: readonly PublicKey[];
  /** Members who leave by themselves (SelfRemove). */
  readonly leaves: readonly PublicKey[];
  /** Components with a new state. */
  readonly updates: readonly number[];
  /** Components taken out of the group. */
  readonly withdraws: readonly number[];
  /** The group's required capabilities or component list change. */
  readonly changesRequirements: boolean;
}

/** A group before or after a commit: its policy, and the account of every leaf. */
export interface Standing {
  readonly admins: readonly PublicKey[];
  readonly members: readonly PublicKey[];
}

/** Why a commit is not allowed. */
export type PolicyFault =
  | 'not-admin'
  | 'admin-leaves' // an admin must hand over first
  | 'leaver-commits' // nobody commits their own leaving
  | 'no-admin' // nobody would be left to change anything
  | 'admin-without-leaf'
  | 'policy-withdrawn';

/**
 * Whether a commit may stand, judged by the group it was made in and the group it leads to (Marmot, admin-policy-v1). Null when it may.
 * Everything but rotating one's own keys and letting somebody leave needs an admin.
 */
export function policyFault(act: CommitAct, parent: Standing, result: Standing): PolicyFault | null {
  const isAdmin = (account: PublicKey): boolean =>
    parent.admins.includes(account) && parent.members.includes(account);
  if (act.withdraws.includes(ADMIN_POLICY_COMPONENT)) return 'policy-withdrawn';
  const gated =
    act.adds.length > 0 ||
    act.removes.length > 0 ||
    act.updates.length > 0 ||
    act.withdraws.length > 0 ||
    act.changesRequirements;
  if (gated && !isAdmin(act.committer)) return 'not-admin';
  if (act.leaves.some(isAdmin)) return 'admin-leaves';
  if (act.leaves.includes(act.committer)) return 'leaver-commits';
  if (result.admins.length === 0) return 'no-admin';
  return result.admins.every((admin) => result.members.includes(admin)) ? null : 'admin-without-leaf';
}

/** True when a welcome comes from somebody who may add members: an admin of the group it leads to. */
export function mayInvite(author: PublicKey, { admins, members }: Standing): boolean {
  return admins.includes(author) && members.includes(author);
}
