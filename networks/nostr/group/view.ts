import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { Standing } from '../../../crypto/mls/engine.ts';
import { adminsOf } from '../../../crypto/mls/marmot-rules.ts';
import type { GroupView } from '../../../crypto/mls/members.ts';
import { toHex } from '../hex.ts';
import type { PublicKey } from '../keys.ts';
import { GROUP_PROFILE_COMPONENT, readGroupProfile } from '../marmot/group-profile.ts';
import { LIFECYCLE_COMPONENT, readLifecycle } from '../marmot/lifecycle.ts';
import { accountOf } from '../marmot/member.ts';
import { readRouting, ROUTING_COMPONENT, type Routing } from '../marmot/routing.ts';
import type { Turn } from '../turn.ts';

/** One device of an account in a group. */
export interface Leaf {
  readonly account: PublicKey;
  /** The first bytes of its signature key, in hex: enough to tell one from another. */
  readonly name: string;
}

/** A group as people see it: accounts, and on how many devices. */
export interface GroupFace {
  readonly members: readonly PublicKey[];
  readonly admins: readonly PublicKey[];
  /** All but my own. */
  readonly leaves: readonly Leaf[];
  readonly title: string;
  /** Null: it says nothing that reads, and nobody could be reached. */
  readonly routing: Routing | null;
  readonly disbanded: boolean;
}

const LEAF_NAME_BYTES = 8;

/** What a view of MLS says to people. `me`: my own leaf, where I have one. */
export function faceOf({ members, components }: GroupView, me: number | null = null): GroupFace {
  const accounts = [...new Set(members.flatMap((member) => accountOf(member) ?? []))];
  const leaves = members.flatMap((member): readonly Leaf[] => {
    const account = member.leaf === me ? null : accountOf(member);
    return account === null
      ? []
      : [{ account, name: toHex(member.signatureKey.subarray(0, LEAF_NAME_BYTES)) }];
  });
  const admins = adminsOf(components) ?? new Set<string>();
  const profile = components.get(GROUP_PROFILE_COMPONENT);
  const routing = components.get(ROUTING_COMPONENT);
  const lifecycle = components.get(LIFECYCLE_COMPONENT);
  return {
    members: accounts,
    admins: accounts.filter((key) => admins.has(key)),
    leaves,
    title: (profile && readGroupProfile(profile)?.name) ?? '',
    routing: (routing && readRouting(routing)) ?? null,
    disbanded: lifecycle !== undefined && readLifecycle(lifecycle) === 'disbanded',
  };
}

/** Epochs whose face is remembered: of a large group it takes longer than all else that a message needs. */
const MAX_FACES = 200;

/** A group as people see it now. */
export async function faceNow(
  { running, work }: Pick<Turn, 'running' | 'work'>,
  group: GroupKey,
): Promise<GroupFace> {
  const { view, current, me } = await running.engine.standing(group, work);
  const known = running.faces.get(current.id);
  if (known !== undefined) return known;
  const face = faceOf(view, me);
  running.faces.set(current.id, face);
  const [oldest] = running.faces.keys();
  if (running.faces.size > MAX_FACES && oldest !== undefined) running.faces.delete(oldest);
  return face;
}

/** The leaves of an account in a group. */
export const leavesOf = ({ view }: Pick<Standing, 'view'>, key: PublicKey): readonly number[] =>
  view.members.filter((member) => accountOf(member) === key).map(({ leaf }) => leaf);
