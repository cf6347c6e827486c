import * as v from 'valibot';
import type { NetworkKey } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { hexId, readCell, writeCell } from './cell.ts';
import type { EventId, Rumor } from './event.ts';
import { isHex } from './hex.ts';

/*
 * own/<network key>   the ids of the events that say what an intent of mine does, and when they are dated
 * own-id/<event id>   the network key
 *
 * Core names a message before there is an event of it. No words are kept here: the event is made anew from the intent.
 */

/** The events of one intent, in their order. `was`: the reaction it takes back. */
export interface OwnEvents {
  readonly ids: readonly EventId[];
  /** Epoch seconds. */
  readonly datedAt: number;
  readonly was: EventId | null;
}

const schema: v.GenericSchema<unknown, OwnEvents> = v.object({
  ids: v.array(hexId<EventId>()),
  datedAt: v.number(),
  was: v.nullable(hexId<EventId>()),
});
const named = v.object({ key: v.string() });

/** An intent of mine, as its events are made. */
interface OwnIntent {
  readonly key: NetworkKey;
  /** Epoch seconds. */
  readonly firstDate: number;
  readonly was: EventId | null;
  readonly isNew: boolean;
}

const ownKey = (key: NetworkKey): StateKey => ({ space: 'own', key });
const idKey = (id: EventId): StateKey => ({ space: 'own-id', key: id });

/** What was made of an intent before. */
export const readOwn = (work: Pick<Work, 'get'>, key: NetworkKey): Promise<OwnEvents | null> =>
  readCell(work, ownKey(key), schema);

async function ownerOf(work: Pick<Work, 'get'>, id: EventId): Promise<NetworkKey | null> {
  return ((await readCell(work, idKey(id), named))?.key ?? null) as NetworkKey | null;
}

/**
 * The events of an intent under ids that no other of mine has: two equal texts of one second would be one to everybody else. Made again
 * they come out the same.
 * @param intent its network key, the date it would have in epoch seconds, and the reaction it takes back; `isNew`: nothing is taken to be known
 * of it, and core not asked ({@link Work.expectAbsent}).
 * @param make the events for a date in epoch seconds.
 */
export async function ownEvents(
  work: Work,
  { key, firstDate, was, isNew }: OwnIntent,
  make: (datedAt: number) => readonly Rumor[],
): Promise<readonly Rumor[]> {
  for (let datedAt = firstDate; ; datedAt += 1) {
    const events = make(datedAt);
    if (isNew)
      for (const cell of [ownKey(key), ...events.map(({ id }) => idKey(id))]) work.expectAbsent(cell);
    const [known, owners] = await Promise.all([
      readOwn(work, key),
      Promise.all(events.map(({ id }) => ownerOf(work, id))),
    ]);
    if (known !== null) return make(known.datedAt);
    if (owners.some((owner) => owner !== null)) continue;
    for (const { id } of events) writeCell(work, idKey(id), { key });
    writeCell(work, ownKey(key), { ids: events.map(({ id }) => id), datedAt, was });
    return events;
  }
}

/** How core names the message with an event id. */
export async function keyOfEvent(work: Pick<Work, 'get'>, id: EventId): Promise<NetworkKey> {
  return (await ownerOf(work, id)) ?? (id as string as NetworkKey);
}

/** The event id of a message that core names so; null when there is none. */
export async function eventOfKey(work: Pick<Work, 'get'>, key: NetworkKey): Promise<EventId | null> {
  if (isHex(key, 32)) return key as string as EventId;
  return (await readOwn(work, key))?.ids.at(-1) ?? null;
}
