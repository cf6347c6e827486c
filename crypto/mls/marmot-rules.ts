import { hexOf, Malformed, readWhole, vectorOf } from './bytes.ts';
import { APP_COMPONENTS, decodeIds, DICTIONARY, LAST_RESORT, type Components } from './components.ts';
import type { Profile } from './engine.ts';
import type { CommitView, GroupRules, GroupView, Member } from './members.ts';
import { APP_DATA_UPDATE, SELF_REMOVE } from './proposal.ts';

/** Component of a group: who its admins are (Marmot, app-components/admin-policy-v1). */
export const ADMIN_POLICY = 0x8003;
/** Component of a leaf: the account has signed for the leaf's key. */
export const ACCOUNT_PROOF = 0x8009;

const IDENTITY_BYTES = 32;

/** What groups and leaves of Marmot v2 ask for and can do. */
export const marmotProfile: Profile = {
  extensions: [DICTIONARY],
  proposals: [APP_DATA_UPDATE, SELF_REMOVE],
  requires: { extensions: [DICTIONARY], proposals: [APP_DATA_UPDATE, SELF_REMOVE] },
  keyPackageComponents: new Map([[LAST_RESORT, new Uint8Array()]]),
};

/** The admin policy of these accounts: identities sorted, each once. */
export const encodeAdmins = (identities: readonly Uint8Array[]): Uint8Array => {
  const sorted = identities.toSorted((a, b) => Buffer.compare(a, b));
  return vectorOf(sorted.filter((one, n) => n === 0 || Buffer.compare(one, sorted[n - 1] ?? one) !== 0));
};

/** The admins of a group, in hex; null when there is no policy that reads, so that nobody is one. */
export function adminsOf(components: Components): ReadonlySet<string> | null {
  const policy = components.get(ADMIN_POLICY);
  if (policy === undefined) return null;
  try {
    const admins = readWhole(policy, (from) => {
      const inner = from.list((entry) => hexOf(entry.take(IDENTITY_BYTES)));
      if (inner.length === 0) throw new Malformed('no admin');
      if (inner.some((one, n) => n > 0 && one <= (inner[n - 1] ?? one))) throw new Malformed('order');
      return inner;
    });
    return new Set(admins);
  } catch {
    return null;
  }
}

/** Whether a list component names all of these ids. */
function lists(components: Components, ids: readonly number[]): boolean {
  const listed = components.get(APP_COMPONENTS);
  if (listed === undefined) return false;
  try {
    const known = new Set(decodeIds(listed));
    return ids.every((id) => known.has(id));
  } catch {
    return false;
  }
}

/** The components that a group asks its members to know; null when its list does not read. */
function askedOf(components: Components): readonly number[] | null {
  const listed = components.get(APP_COMPONENTS);
  if (listed === undefined) return [];
  try {
    return decodeIds(listed);
  } catch {
    return null;
  }
}

/** The accounts that have a leaf after a commit, in hex. */
function membersAfter({ added, removed, left }: CommitView, before: GroupView): ReadonlySet<string> {
  const gone = new Set([...removed.map(({ member }) => member), ...left].map(({ leaf }) => leaf));
  const stay = before.members.filter(({ leaf }) => !gone.has(leaf));
  return new Set([...stay, ...added].map(({ identity }) => hexOf(identity)));
}

/** Every admin has a leaf (Marmot, admin-policy-v1, "Active admins"). */
const allMembers = (admins: ReadonlySet<string>, members: ReadonlySet<string>): boolean =>
  [...admins].every((admin) => members.has(admin));

/** A member who changes nothing but its own keys, or only commits that others leave. */
export const touchesNobody = ({ added, removed, changed, updated }: CommitView): boolean =>
  added.length + removed.length + changed.length + updated.length === 0;

/**
 * The rules of Marmot v2: every leaf carries its account's proof; admins decide on everything but a member's own keys and own leaving.
 * @param proofHolds checks the proof (component 0x8009) against identity and signature key. It belongs to the network.
 */
export function marmotRules(
  proofHolds: (proof: Uint8Array, member: Omit<Member, 'leaf'>) => boolean,
): GroupRules {
  const isAdmin = (admins: ReadonlySet<string> | null, { identity }: Member): boolean =>
    admins?.has(hexOf(identity)) ?? false;
  return {
    allowsMember(member) {
      const proof = member.components.get(ACCOUNT_PROOF);
      return (
        member.identity.length === IDENTITY_BYTES &&
        proof !== undefined &&
        lists(member.components, [ACCOUNT_PROOF]) &&
        proofHolds(proof, member)
      );
    },
    allowsCommit(commit, before, after) {
      const asked = askedOf(after);
      const next = adminsOf(after);
      // A policy that does not read would leave the group without admins for good.
      if (asked === null || next === null) return false;
      if (!commit.added.every(({ components }) => lists(components, asked))) return false;
      const admins = adminsOf(before.components);
      // An admin hands the office on before leaving, and takes nobody's along unsaid.
      if (commit.left.some((member) => isAdmin(admins, member))) return false;
      if (!allMembers(next, membersAfter(commit, before))) return false;
      return touchesNobody(commit) || isAdmin(admins, commit.by);
    },
    allowsProposal(kind, by, group) {
      const admin = isAdmin(adminsOf(group.components), by);
      return kind === 'self-remove' ? !admin : admin;
    },
    allowsWelcome: (by, group) => isAdmin(adminsOf(group.components), by),
  };
}
