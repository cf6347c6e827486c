import { Malformed } from './bytes.ts';
import type { Rosters } from './cells.ts';
import type { OwnMember, Profile, RefusedResult } from './engine.ts';
import type { GroupRules } from './members.ts';
import { Refused } from './refusal.ts';
import type { Suite } from './suite.ts';

/** What every operation of one account's engine works with. */
export interface Setting {
  readonly suite: Suite;
  readonly rules: GroupRules;
  readonly me: OwnMember;
  readonly profile: Profile;
  readonly rosters: Rosters;
}

/** Turns what is wrong with bytes of others into a result; faults of ours go through. */
export async function refusable<T>(act: () => Promise<T>): Promise<T | RefusedResult> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', why: error.why };
    if (error instanceof Malformed) return { kind: 'refused', why: 'malformed' };
    throw error;
  }
}
