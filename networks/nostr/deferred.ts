import * as v from 'valibot';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { decodeCell, hexId, readCell, writeCell } from './cell.ts';
import type { EventId } from './event.ts';
import type { FoundGroupEvent } from './marmot/group-event.ts';
import type { NostrGroupId } from './marmot/routing.ts';

/**
 * Group events that no key opens yet: a commit before them is still on its way. They are tried again whenever the keys change. Anybody can
 * send such events to a group's name, so few are kept, and what is turned away stays at the relays: it is asked for again.
 */
export interface Deferred {
  readonly id: EventId;
  readonly group: NostrGroupId;
  readonly sealed: Uint8Array;
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
  receivedAt: v.number(),
});
/** How much of a group is kept, so that nothing need be opened to know that there is no room. */
const tallySchema = v.object({ events: v.number(), bytes: v.number() });
type Tally = v.InferOutput<typeof tallySchema>;

async function readTally(work: Pick<Work, 'get'>, group: NostrGroupId): Promise<Tally> {
  return (await readCell(work, tallyKeyOf(group), tallySchema)) ?? { events: 0, bytes: 0 };
}

async function count(work: Work, group: NostrGroupId, events: number, bytes: number): Promise<void> {
  const tally = await readTally(work, group);
  const next = { events: tally.events + events, bytes: tally.bytes + bytes };
  writeCell(work, tallyKeyOf(group), next.events <= 0 ? null : next);
}

/**
 * Keeps an event that does not open. `refused`: there is no room; the relays it came from must be asked again from before it
 * (it is neither seen nor unreadable).
 */
export async function keepDeferred(
  work: Work,
  id: EventId,
  { group, sealed }: Pick<FoundGroupEvent, 'group' | 'sealed'>,
  now: Millis,
): Promise<'kept' | 'known' | 'refused'> {
  const key = keyOf(group, id);
  if ((await work.get(key)) !== null) return 'known';
  const tally = await readTally(work, group);
  if (tally.events >= MAX_PER_GROUP || tally.bytes + sealed.length > MAX_BYTES_PER_GROUP) return 'refused';
  writeCell(work, key, { id, group, sealed, receivedAt: now });
  await count(work, group, 1, sealed.length);
  return 'kept';
}

/** What waits of a group, in the order it came; what is too old is removed. */
export async function deferredOf(work: Work, group: NostrGroupId, now: Millis): Promise<readonly Deferred[]> {
  const waiting: Deferred[] = [];
  for (const [key, bytes] of await work.scan(SPACE, `${group}/`)) {
    const one = decodeCell(bytes, key, schema);
    if (now - one.receivedAt > KEPT_MS) await settleDeferred(work, one);
    else waiting.push(one);
  }
  return waiting.toSorted((a, b) => a.receivedAt - b.receivedAt);
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
  await count(work, group, -1, -standing.sealed.length);
}
