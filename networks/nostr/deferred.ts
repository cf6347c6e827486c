import * as v from 'valibot';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { decodeCell, hexId, readCell, writeCell } from './cell.ts';
import type { EventId } from './event.ts';
import type { NostrGroupId } from './marmot/routing.ts';

/**
 * Group events that no key opens yet: a commit before them is still on its way. They are tried again whenever the keys change. Anybody can
 * send such events to a group's name, so few are kept, and what is turned away stays at the relays: it is asked for again.
 */
export interface Deferred {
  readonly id: EventId;
  readonly group: NostrGroupId;
  readonly sealed: Uint8Array;
  /** Epoch seconds, as its writer wanted. */
  readonly datedAt: number;
  readonly receivedAt: Millis;
}

const SPACE = 'deferred';
const MAX_PER_GROUP = 200;
const MAX_BYTES_PER_GROUP = 2 * 1024 * 1024;
/** No key of an epoch is kept that long: what does not open by then never will. */
export const KEPT_MS = 14 * 24 * 60 * 60 * 1000;

const keyOf = (group: NostrGroupId, id: EventId): StateKey => ({ space: SPACE, key: `${group}/${id}` });
const tallyKeyOf = (group: NostrGroupId): StateKey => ({ space: 'deferred-tally', key: group });
const schema: v.GenericSchema<unknown, Deferred> = v.object({
  id: hexId<EventId>(),
  group: hexId<NostrGroupId>(),
  sealed: v.instance(Uint8Array),
  // What earlier versions kept says nothing of it: it gives way to nothing.
  datedAt: v.optional(v.number(), Number.MAX_SAFE_INTEGER),
  receivedAt: v.number(),
});
/** How much of a group is kept, and nothing of it is dated before `earliest`: so that nothing need be opened to know that there is no room. */
const tallySchema = v.object({
  events: v.number(),
  bytes: v.number(),
  earliest: v.optional(v.number(), 0),
});
type Tally = v.InferOutput<typeof tallySchema>;
const NOTHING: Tally = { events: 0, bytes: 0, earliest: Number.MAX_SAFE_INTEGER };

async function readTally(work: Pick<Work, 'get'>, group: NostrGroupId): Promise<Tally> {
  return (await readCell(work, tallyKeyOf(group), tallySchema)) ?? NOTHING;
}

async function writeTally(work: Work, group: NostrGroupId, change: (before: Tally) => Tally): Promise<void> {
  const next = change(await readTally(work, group));
  writeCell(work, tallyKeyOf(group), next.events <= 0 ? null : next);
}

/**
 * Makes room: what is dated before `before` goes, the earliest first, for as long as there is too little. Gives what went.
 */
async function makeRoom(
  work: Work,
  group: NostrGroupId,
  bytes: number,
  before: number,
): Promise<readonly EventId[]> {
  const hasRoom = async (): Promise<boolean> => {
    const tally = await readTally(work, group);
    return tally.events < MAX_PER_GROUP && tally.bytes + bytes <= MAX_BYTES_PER_GROUP;
  };
  if ((await hasRoom()) || (await readTally(work, group)).earliest >= before) return [];
  const kept = (await allOf(work, group)).toSorted((a, b) => a.datedAt - b.datedAt);
  const gone: EventId[] = [];
  for (const one of kept) {
    if (one.datedAt >= before || (await hasRoom())) break;
    await settleDeferred(work, one);
    gone.push(one.id);
  }
  const earliest = kept[gone.length]?.datedAt ?? NOTHING.earliest;
  await writeTally(work, group, (tally) => ({ ...tally, earliest }));
  return gone;
}

/**
 * Keeps an event that does not open. Where there is no room, what is dated before `opensFrom` (epoch seconds) and before this one gives way: `gone`.
 * `refused`: there is none; the relays it came from must be asked again from before it (it is neither seen nor unreadable).
 */
export async function keepDeferred(
  work: Work,
  event: Deferred,
  opensFrom: number,
): Promise<{ readonly kind: 'kept' | 'known' | 'refused'; readonly gone: readonly EventId[] }> {
  const { id, group, sealed, datedAt, receivedAt } = event;
  const key = keyOf(group, id);
  if ((await work.get(key)) !== null) return { kind: 'known', gone: [] };
  const gone = await makeRoom(work, group, sealed.length, Math.min(opensFrom, datedAt));
  const { events, bytes } = await readTally(work, group);
  if (events >= MAX_PER_GROUP || bytes + sealed.length > MAX_BYTES_PER_GROUP)
    return { kind: 'refused', gone };
  writeCell(work, key, { id, group, sealed, datedAt, receivedAt });
  await writeTally(work, group, (tally) => ({
    events: tally.events + 1,
    bytes: tally.bytes + sealed.length,
    earliest: Math.min(tally.earliest, datedAt),
  }));
  return { kind: 'kept', gone };
}

async function allOf(work: Work, group: NostrGroupId): Promise<readonly Deferred[]> {
  const cells = await work.scan(SPACE, `${group}/`);
  return cells.map(([key, bytes]) => decodeCell(bytes, key, schema));
}

/** What waits of a group, from the oldest on; what is too old is removed. */
export async function deferredOf(work: Work, group: NostrGroupId, now: Millis): Promise<readonly Deferred[]> {
  const waiting: Deferred[] = [];
  for (const one of await allOf(work, group)) {
    if (now - one.receivedAt > KEPT_MS) await settleDeferred(work, one);
    else waiting.push(one);
  }
  return waiting.toSorted((a, b) => a.datedAt - b.datedAt || a.receivedAt - b.receivedAt);
}

/** An event has been opened, or never will be. Harmless when repeated. */
export async function settleDeferred(
  work: Work,
  { group, id }: Pick<Deferred, 'group' | 'id'>,
): Promise<void> {
  // Most often nothing of a group waits: that is remembered, and each event has a key of its own.
  if ((await readTally(work, group)).events === 0) return;
  const key = keyOf(group, id);
  const standing = await readCell(work, key, schema);
  if (standing === null) return;
  writeCell(work, key, null);
  await writeTally(work, group, (tally) => ({
    ...tally,
    events: tally.events - 1,
    bytes: tally.bytes - standing.sealed.length,
  }));
}
