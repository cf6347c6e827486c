import * as v from 'valibot';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { readCell, removeCell, writeCell } from './cell.ts';
import { seconds } from './event.ts';
import { TIME_BLUR_SECONDS } from './gift-wrap.ts';
import { isHex } from './hex.ts';
import type { NostrGroupId } from './marmot/routing.ts';
import type { RelayUrl } from './relay-url.ts';

/** What is read from relays: my inbox, or one group. */
export type Scope = 'inbox' | NostrGroupId;

/**
 * How far back is asked again. Events carry the time they were made, by a clock that may be wrong, not the time they reached the relay: who was
 * offline sends them later. What comes twice is told apart by its id.
 */
export const OVERLAP_SECONDS = 3 * 24 * 60 * 60;

const keyOf = (scope: Scope): StateKey => ({ space: 'cursor', key: scope });
const schema = v.record(v.string(), v.number());
/** Relays remembered per scope. */
const MAX_RELAYS = 32;

/** A time further ahead than this was noted while my own clock was wrong. */
const CLOCK_SLACK_MS = 24 * 60 * 60 * 1_000;

/**
 * From when on a relay is asked for stored events, in epoch seconds; null when it never gave all it had, or that is said of a day to come. A
 * hint: it decides nothing.
 */
export function sinceOf(scope: Scope, caughtUpAt: Millis | null, now: Millis): number | null {
  if (caughtUpAt === null || caughtUpAt > now + CLOCK_SLACK_MS) return null;
  const blur = isHex(scope, 32) ? 0 : TIME_BLUR_SECONDS;
  return Math.max(0, seconds(caughtUpAt) - OVERLAP_SECONDS - blur);
}

/** When each relay last had given everything it stored. */
export async function readCaughtUp(
  work: Pick<Work, 'get'>,
  scope: Scope,
): Promise<ReadonlyMap<RelayUrl, Millis>> {
  const record = (await readCell(work, keyOf(scope), schema)) ?? {};
  return new Map(Object.entries(record) as [RelayUrl, Millis][]);
}

/** Notes that a relay has given everything: in the commit that settles the last of it. Time never goes back, but from a day to come. */
export async function writeCaughtUp(work: Work, scope: Scope, relay: RelayUrl, at: Millis): Promise<void> {
  const known = new Map(await readCaughtUp(work, scope));
  const before = known.get(relay) ?? 0;
  known.delete(relay);
  known.set(relay, before > at + CLOCK_SLACK_MS ? at : Math.max(before, at));
  const latest = [...known].toSorted(([, a], [, b]) => b - a).slice(0, MAX_RELAYS);
  writeCell(work, keyOf(scope), Object.fromEntries(latest));
}

/** No relay has given everything: something more is looked for in what they have. */
export const forgetCaughtUp = (work: Work, scope: Scope): Promise<void> => removeCell(work, keyOf(scope));
