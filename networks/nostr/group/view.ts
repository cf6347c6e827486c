import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { Standing } from '../../../crypto/mls/engine.ts';
import { adminsOf } from '../../../crypto/mls/marmot-rules.ts';
import type { GroupView } from '../../../crypto/mls/members.ts';
import type { PublicKey } from '../keys.ts';
import { GROUP_PROFILE_COMPONENT, readGroupProfile } from '../marmot/group-profile.ts';
import { LIFECYCLE_COMPONENT, readLifecycle } from '../marmot/lifecycle.ts';
import { accountOf } from '../marmot/member.ts';
import { readRouting, ROUTING_COMPONENT, type Routing } from '../marmot/routing.ts';
import type { Turn } from '../turn.ts';

/** A group as people see it: accounts, not leaves. */
export interface GroupFace {
  readonly members: readonly PublicKey[];
  readonly admins: readonly PublicKey[];
  readonly title: string;
  /** Null: it says nothing that reads, and nobody could be reached. */
  readonly routing: Routing | null;
  readonly disbanded: boolean;
}

/** What a view of MLS says to people. */
export function faceOf({ members, components }: GroupView): GroupFace {
  const accounts = [...new Set(members.flatMap((member) => accountOf(member) ?? []))];
  const admins = adminsOf(components) ?? new Set<string>();
  const profile = components.get(GROUP_PROFILE_COMPONENT);
  const routing = components.get(ROUTING_COMPONENT);
  const lifecycle = components.get(LIFECYCLE_COMPONENT);
  return {
    members: accounts,
    admins: accounts.filter((key) => admins.has(key)),
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
  const { view, current } = await running.engine.standing(group, work);
  const known = running.faces.get(current.id);
  if (known !== undefined) return known;
  const face = faceOf(view);
  running.faces.set(current.id, face);
  const [oldest] = running.faces.keys();
  if (running.faces.size > MAX_FACES && oldest !== undefined) running.faces.delete(oldest);
  return face;
}

/** The leaves of an account in a group. */
export const leavesOf = ({ view }: Pick<Standing, 'view'>, key: PublicKey): readonly number[] =>
  view.members.filter((member) => accountOf(member) === key).map(({ leaf }) => leaf);
