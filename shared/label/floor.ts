import type { SecurityFacts } from './facts.ts';
import type { Readers } from './label.ts';
import { readersRank } from './rules.ts';

/** The least private that a message may go out as. `unknown` is the lowest there is: no floor. */
export const floors = [
  'unknown',
  'provider',
  'members-limited',
  'members',
] as const satisfies readonly Readers['kind'][];
export type Floor = (typeof floors)[number];
export const NO_FLOOR: Floor = 'unknown';

/** The floor a conversation stands on: the higher of the one for everybody and that of each person in it. */
export interface Standing {
  readonly least: Floor;
  /** Whose floor it is: that of everybody where both are equal. */
  readonly from: 'everybody' | 'person';
}

/** Whether one floor lies lower than another. */
export const isLower = (floor: Floor, than: Floor): boolean => readersRank[floor] < readersRank[than];

/** The highest of several floors; none: no floor. */
export const highest = (all: readonly Floor[]): Floor =>
  all.reduce((most, each) => (isLower(most, each) ? each : most), NO_FLOOR);

/** Whether every path is known to be end to end. Not knowing is not enough, and no path at all is none. */
export const everywhereEndToEnd = (facts: readonly SecurityFacts[]): boolean =>
  facts.length > 0 && facts.every(({ endToEnd }) => endToEnd !== 'unknown' && endToEnd.is);
