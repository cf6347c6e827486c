import type { EpochRef, GroupKey } from '../../../crypto/mls/cells.ts';
import { openGroupEvent, type FoundGroupEvent } from '../marmot/group-event.ts';
import type { Turn } from '../turn.ts';
import { eventKeysOf } from './event-keys.ts';
import { readRecord } from './record.ts';

/** An event that a key opened. */
export interface Opened {
  /** The group whose key it was: that its message is of that group is not said. */
  readonly group: GroupKey;
  /** An MLSMessage. */
  readonly message: Uint8Array;
  /** The epoch whose key it was. */
  readonly at: EpochRef;
}

/** Opens an event with the key of whichever of these groups it is of; null: of none, as far as their epochs are here. */
export async function openIn(
  turn: Turn,
  groups: readonly GroupKey[],
  found: Pick<FoundGroupEvent, 'group' | 'sealed'>,
): Promise<Opened | null> {
  for (const group of groups) {
    if ((await readRecord(turn.work, group)) === null) continue;
    const { epochs } = await turn.running.engine.standing(group, turn.work);
    const keys = await eventKeysOf(turn, group, epochs);
    const opened = openGroupEvent(
      found,
      keys.map(({ key }) => key),
    );
    const at = opened && keys[opened.key]?.epoch;
    if (opened && at) return { group, message: opened.message, at };
  }
  return null;
}
