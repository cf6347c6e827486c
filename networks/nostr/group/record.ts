import * as v from 'valibot';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { ConversationId, Millis } from '../../../shared/ids.ts';
import type { StateKey, Work } from '../../../shared/lane/state.ts';
import { decodeCell, hexId, readCell, relayUrl, removeCell, writeCell } from '../cell.ts';
import { forgetCaughtUp } from '../cursor.ts';
import type { PublicKey } from '../keys.ts';
import type { NostrGroupId } from '../marmot/routing.ts';
import type { RelayUrl } from '../relay-url.ts';

/*
 * group/<group>           what this lane knows of a group beside MLS
 * route/<name at relays>  the groups that say they have it, the one that said so first at the head
 * place/<conversation>    the group that is written to in a conversation
 */

/** What core was told last of who is in a group. */
export interface Told {
  readonly members: readonly PublicKey[];
  readonly admins: readonly PublicKey[];
  readonly title: string | null;
  /** The leaves by their names ({@link GroupFace.leaves}); none where it was told before these were kept. */
  readonly leaves: readonly string[];
}

/** Core has not heard of it. */
export const NOTHING_TOLD: Told = { members: [], admins: [], title: null, leaves: [] };

/** A group beside what MLS keeps of it. */
export interface GroupRecord {
  readonly conversation: ConversationId;
  /** The other side where it is a conversation of two; null for a group. */
  readonly direct: PublicKey | null;
  readonly routing: NostrGroupId;
  readonly relays: readonly RelayUrl[];
  /** What is dated well before is from before my time; 0 where I founded it. Epoch seconds, by the clock of who invited me. */
  readonly since: number;
  readonly told: Told;
  /** The commit that removed me, by its digest; null while I am in. */
  readonly out: string | null;
  /** I leave; the epoch in which I have said so last, '' for none yet. Null: I stay. */
  readonly leaving: string | null;
  /** When my own keys are to be renewed next; once I am out, until when I listen whether another branch wins. */
  readonly renewAt: Millis;
  /** A member is in a state that this program cannot follow: until it follows a commit of somebody else, or the group is left for another. */
  readonly forked: boolean;
  /** Of a conversation of two: when its founder says that it began, in epoch seconds; 0 where nobody looked. */
  readonly foundedAt: number;
  /** A conversation of two goes on in another group: this one is listened to until `renewAt`, and then forgotten. */
  readonly replaced: boolean;
}

const accounts = v.array(hexId<PublicKey>());
/** How a record lies in a cell. */
export const recordSchema: v.GenericSchema<unknown, GroupRecord> = v.object({
  conversation: v.pipe(
    v.string(),
    v.transform((text) => text as ConversationId),
  ),
  direct: v.nullable(hexId<PublicKey>()),
  routing: hexId<NostrGroupId>(),
  relays: v.array(relayUrl),
  since: v.number(),
  told: v.object({
    members: accounts,
    admins: accounts,
    title: v.nullable(v.string()),
    leaves: v.optional(v.array(v.string()), []),
  }),
  out: v.nullable(v.string()),
  leaving: v.nullable(v.string()),
  renewAt: v.number(),
  forked: v.boolean(),
  // Records of versions before this one have neither.
  foundedAt: v.optional(v.number(), 0),
  replaced: v.optional(v.boolean(), false),
});

const recordKey = (group: GroupKey): StateKey => ({ space: 'group', key: group });
const routeKey = (routing: NostrGroupId): StateKey => ({ space: 'route', key: routing });
const placeKey = (conversation: ConversationId): StateKey => ({ space: 'place', key: conversation });
const named = v.object({ group: v.string() });
/** `others` was not there before several could have one name. */
const routed = v.object({ ...named.entries, others: v.optional(v.array(v.string()), []) });

async function readNamed(work: Pick<Work, 'get'>, key: StateKey): Promise<GroupKey | null> {
  return ((await readCell(work, key, named))?.group ?? null) as GroupKey | null;
}

async function writeNamed(work: Work, key: StateKey, group: GroupKey | null): Promise<void> {
  if ((await readNamed(work, key)) !== group) writeCell(work, key, group === null ? null : { group });
}

/** Writes which groups have a name at relays; with none the name is forgotten. */
function writeRoute(work: Work, routing: NostrGroupId, groups: readonly GroupKey[]): void {
  const [group, ...others] = groups;
  writeCell(work, routeKey(routing), group === undefined ? null : { group, others });
}

/** Events of that name go to a group as well. What relays had under it before was not asked for the sake of this one: it is asked for again. */
async function addRoute(work: Work, routing: NostrGroupId, group: GroupKey): Promise<void> {
  const groups = await groupsAt(work, routing);
  if (groups.includes(group)) return;
  writeRoute(work, routing, [...groups, group]);
  await forgetCaughtUp(work, routing);
}

async function dropRoute(work: Work, routing: NostrGroupId, group: GroupKey): Promise<void> {
  const groups = await groupsAt(work, routing);
  if (groups.includes(group))
    writeRoute(
      work,
      routing,
      groups.filter((one) => one !== group),
    );
}

/** What is known of a group; null when it is none of mine. */
export const readRecord = (work: Pick<Work, 'get'>, group: GroupKey): Promise<GroupRecord | null> =>
  readCell(work, recordKey(group), recordSchema);

/** Whether I am in a group, am not about to leave it, and it is not over. */
export const stays = (record: GroupRecord | null): record is GroupRecord =>
  record !== null && record.out === null && record.leaving === null && !record.replaced;

/** Whether I am in a group that did not fall apart, as far as I know. In another nothing is committed that nobody asked for. */
export const isWhole = (record: GroupRecord | null): record is GroupRecord => stays(record) && !record.forked;

/** Writes what is known of a group, and its name at relays. */
export async function writeRecord(work: Work, group: GroupKey, record: GroupRecord): Promise<void> {
  const before = await readRecord(work, group);
  if (before !== null && before.routing !== record.routing) await dropRoute(work, before.routing, group);
  await addRoute(work, record.routing, group);
  writeCell(work, recordKey(group), { ...record });
}

/** Forgets a group, which is written to nowhere. */
export async function dropRecord(work: Work, group: GroupKey, { routing }: GroupRecord): Promise<void> {
  await dropRoute(work, routing, group);
  await removeCell(work, recordKey(group));
}

/**
 * The groups with a name at relays. Whoever makes a group, or is its admin, chooses its name, and relays see the names of all others: only a
 * group's keys say which one an event is of.
 */
export async function groupsAt(work: Pick<Work, 'get'>, routing: NostrGroupId): Promise<readonly GroupKey[]> {
  const route = await readCell(work, routeKey(routing), routed);
  return route === null ? [] : ([route.group, ...route.others] as GroupKey[]);
}

/** The group that is written to in a conversation. */
export const groupOf = (work: Pick<Work, 'get'>, conversation: ConversationId): Promise<GroupKey | null> =>
  readNamed(work, placeKey(conversation));

/** From now on this group is written to in a conversation; null: none. */
export const placeGroup = (work: Work, conversation: ConversationId, group: GroupKey | null): Promise<void> =>
  writeNamed(work, placeKey(conversation), group);

/** All groups there are; of space `past` those whose MLS state is no more (past.ts). */
export async function allRecords(
  work: Pick<Work, 'scan'>,
  space: 'group' | 'past' = 'group',
): Promise<readonly (readonly [GroupKey, GroupRecord])[]> {
  const cells = await work.scan(space, '');
  return cells.map(([key, bytes]) => [key.key as GroupKey, decodeCell(bytes, key, recordSchema)]);
}
