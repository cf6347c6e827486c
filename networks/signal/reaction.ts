import * as v from 'valibot';
import type { NetworkKey } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { text } from '../../shared/shape.ts';
import { readCell, writeCell } from './cell.ts';

/*
 * reaction/<target's key>   my last reaction: Signal allows one per person, and taking it back names it
 */

const schema = v.strictObject({
  emoji: v.nullable(text(64)),
  /** What it was before `by`, so that performing the same intent again says the same. */
  was: v.nullable(text(64)),
  by: text(512),
});

const cellOf = (target: NetworkKey): StateKey => ({ space: 'reaction', key: target });

/** Notes my reaction to a message, null for none any more; gives the one before. `by`: the intent or transcript it comes from. */
export async function noteReaction(
  work: Work,
  target: NetworkKey,
  emoji: string | null,
  by: NetworkKey,
): Promise<string | null> {
  const known = await readCell(work, cellOf(target), schema);
  const was = known?.by === by ? known.was : (known?.emoji ?? null);
  writeCell(work, cellOf(target), { emoji, was, by });
  return was;
}
