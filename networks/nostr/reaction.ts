import * as v from 'valibot';
import type { NetworkKey } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { hexId, readCell, writeCell } from './cell.ts';
import type { EventId } from './event.ts';
import type { PublicKey } from './keys.ts';

/*
 * reaction/<target>/<account>   somebody's reaction to a message: one per person, the last one counts
 * reaction-id/<event id>        what a reaction is of: taking it back names it alone
 */

/** A reaction. */
export interface Reaction {
  readonly id: EventId;
  readonly emoji: string;
}

const reaction: v.GenericSchema<unknown, Reaction> = v.object({ id: hexId<EventId>(), emoji: v.string() });
const about = v.object({ target: v.string(), by: v.string() });

const cellOf = (target: NetworkKey, by: PublicKey): StateKey => ({
  space: 'reaction',
  key: `${target}/${by}`,
});
const idCell = (id: EventId): StateKey => ({ space: 'reaction-id', key: id });

/** Somebody's reaction to a message. */
export const readReaction = (
  work: Pick<Work, 'get'>,
  target: NetworkKey,
  by: PublicKey,
): Promise<Reaction | null> => readCell(work, cellOf(target, by), reaction);

/** Notes a reaction in the place of the one before; null takes it back. */
export async function noteReaction(
  work: Work,
  target: NetworkKey,
  by: PublicKey,
  next: Reaction | null,
): Promise<void> {
  const before = await readReaction(work, target, by);
  if (before?.id === next?.id) return;
  if (before !== null) {
    await work.get(idCell(before.id));
    work.put(idCell(before.id), null);
  }
  writeCell(work, cellOf(target, by), next === null ? null : { ...next });
  if (next === null) return;
  await work.get(idCell(next.id));
  writeCell(work, idCell(next.id), { target, by });
}

/** The message that a reaction of somebody is to; null when the id names none of theirs. */
export async function reactedTo(
  work: Pick<Work, 'get'>,
  id: EventId,
  by: PublicKey,
): Promise<NetworkKey | null> {
  const found = await readCell(work, idCell(id), about);
  return found?.by === by ? (found.target as NetworkKey) : null;
}
