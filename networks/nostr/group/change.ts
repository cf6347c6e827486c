import type { Change, Standing } from '../../../crypto/mls/engine.ts';
import { ADMIN_POLICY, encodeAdmins } from '../../../crypto/mls/marmot-rules.ts';
import { assertNever } from '../../../shared/assert.ts';
import type { FailureCode, GroupChange } from '../../../shared/lane/intent.ts';
import { publicKeyBytes, type PublicKey } from '../keys.ts';
import { encodeGroupProfile, GROUP_PROFILE_COMPONENT, readGroupProfile } from '../marmot/group-profile.ts';
import { keyOfPeer } from '../names.ts';
import type { Found } from './invitees.ts';
import { leavesOf, type GroupFace } from './view.ts';

/** What a wish comes to against a group as it stands. */
export type Planned =
  | { readonly kind: 'changes'; readonly changes: readonly Change[]; readonly added: readonly Found[] }
  /** It is so already: somebody else was quicker. */
  | { readonly kind: 'so-already' }
  | { readonly kind: 'failed'; readonly failure: FailureCode };

const failed = (failure: FailureCode): Planned => ({ kind: 'failed', failure });
const one = (...changes: readonly Change[]): Planned => ({ kind: 'changes', changes, added: [] });

const policy = (admins: readonly PublicKey[]): Change => ({
  kind: 'app-data-update',
  component: ADMIN_POLICY,
  data: encodeAdmins(admins.map(publicKeyBytes)),
});

/** A change that a group has to commit; leaving is not one of them. */
export type Committed = Exclude<GroupChange, { readonly act: 'create' | 'leave' }>;

/**
 * Plans a change against the group as it is now, also after another change was quicker: is it still needed, and am I still allowed?
 * @param found whom an `add` names, as relays know them.
 */
export function planChange(
  standing: Standing,
  face: GroupFace,
  me: PublicKey,
  change: Committed,
  found: readonly Found[],
): Planned {
  if (!face.admins.includes(me)) return failed('not-possible');
  switch (change.act) {
    case 'add': {
      const added = found.filter(({ key }) => !face.members.includes(key));
      if (added.length === 0) return { kind: 'so-already' };
      const changes = added.map(({ keyPackage }) => ({ kind: 'add', keyPackage }) as const);
      return { kind: 'changes', changes, added };
    }
    case 'rename': {
      const { name, description } = profileOf(standing);
      if (name === change.title) return { kind: 'so-already' };
      const data = encodeGroupProfile({ name: change.title, description });
      return one({ kind: 'app-data-update', component: GROUP_PROFILE_COMPONENT, data });
    }
    case 'remove':
    case 'promote':
    case 'demote': {
      const key = keyOfPeer(change.peer);
      return key === null ? failed('address-unknown') : planMember(standing, face, me, change.act, key);
    }
    default:
      return assertNever(change);
  }
}

function planMember(
  standing: Standing,
  { members, admins }: GroupFace,
  me: PublicKey,
  act: 'remove' | 'promote' | 'demote',
  key: PublicKey,
): Planned {
  const isAdmin = admins.includes(key);
  const others = admins.filter((admin) => admin !== key);
  if (!members.includes(key)) return act === 'remove' ? { kind: 'so-already' } : failed('not-possible');
  switch (act) {
    case 'remove': {
      if (key === me) return failed('not-possible');
      const removals = leavesOf(standing, key).map((leaf) => ({ kind: 'remove', leaf }) as const);
      // Who goes is no admin any more, in the same commit (Marmot, admin-policy-v1, "Active admins").
      return one(...removals, ...(isAdmin ? [policy(others)] : []));
    }
    case 'promote':
      return isAdmin ? { kind: 'so-already' } : one(policy([...admins, key]));
    case 'demote':
      if (!isAdmin) return { kind: 'so-already' };
      return others.length === 0 ? failed('not-possible') : one(policy(others));
    default:
      return assertNever(act);
  }
}

function profileOf({ view }: Standing): { readonly name: string; readonly description: string } {
  const bytes = view.components.get(GROUP_PROFILE_COMPONENT);
  return (bytes && readGroupProfile(bytes)) ?? { name: '', description: '' };
}

/** My office laid down before I leave: an admin does not just go, and the last one stays (Marmot, member-departure.md). */
export function planStepDown({ admins }: Pick<GroupFace, 'admins'>, me: PublicKey): Planned {
  const others = admins.filter((admin) => admin !== me);
  return others.length > 0 ? one(policy(others)) : failed('not-possible');
}
