import * as v from 'valibot';
import { PlainsealError } from '../../shared/errors.ts';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { list, shape, time } from '../../shared/shape.ts';
import { decodeFrame, encodeFrame } from '../../shared/wire/codec.ts';
import type { Local } from './address.ts';

/** One-time keys made together: `count` ids from `first` on, wrapping. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  readonly madeAt: Millis;
}

/** A key that stays until it is replaced, and for a while after. */
export interface Lasting {
  readonly id: number;
  readonly madeAt: Millis;
}

/** Which prekeys of an identity there are, oldest first, so that upkeep need not read them all. */
export interface PreKeyList {
  readonly nextId: number;
  readonly nextPqId: number;
  readonly batches: readonly Batch[];
  readonly pqBatches: readonly Batch[];
  readonly signed: readonly Lasting[];
  readonly lastResort: readonly Lasting[];
}

/** Ids have 24 bits, and none is 0. */
export const MAX_ID = 0xff_ff_ff;
/** The id that comes `by` after. */
export const idAfter = (id: number, by: number): number => ((id - 1 + by) % MAX_ID) + 1;

/** Whether an id is `from` or was made after it, of ids that go round: nearer ahead than behind. */
export const isAfter = (id: number, from: number): boolean => (id - from + MAX_ID) % MAX_ID < MAX_ID / 2;

const id = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_ID));
const batch = v.strictObject({ first: id, count: id, madeAt: time });
const lasting = v.strictObject({ id, madeAt: time });
const schema = shape<PreKeyList>(
  v.strictObject({
    nextId: id,
    nextPqId: id,
    batches: list(batch),
    pqBatches: list(batch),
    signed: list(lasting),
    lastResort: list(lasting),
  }),
);

/** Where the list of an identity lies. */
export const listKey = (local: Local): StateKey => ({ space: 'prekeys', key: local });

export const encodeList = (of: PreKeyList): Uint8Array => encodeFrame(of);

/** The list of an identity; null before linking. @throws PlainsealError `corrupt`. */
export async function readList(work: Pick<Work, 'get'>, local: Local): Promise<PreKeyList | null> {
  const bytes = await work.get(listKey(local));
  if (bytes === null) return null;
  try {
    return v.parse(schema, decodeFrame(bytes));
  } catch (cause) {
    throw new PlainsealError('corrupt', 'the list of prekeys does not read', { cause });
  }
}
