import * as v from 'valibot';
import type { GroupKey } from '../../crypto/mls/cells.ts';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { decodeCell, readCell, relayUrl, writeCell } from './cell.ts';
import type { EventId, SignedEvent } from './event.ts';
import type { Operation } from './guard.ts';
import type { RelayUrl } from './relay-url.ts';
import type { RelayCode } from './relays/frame.ts';
import type { RelayOutcome } from './relays/pool.ts';

/**
 * What is left of publishing one event. The first OK settles what waits for it, but every relay of the list must be tried until it has
 * answered, also after a restart, or members who read elsewhere never see it (Marmot, transports/nostr.md, "Publish targets").
 */
export interface Fanout {
  readonly id: EventId;
  /** The finished frame with what it is about: the guard looks at it again before each attempt. */
  readonly operation: Extract<Operation, { readonly kind: 'group-message' | 'gift-wrap' }>;
  /** The group that an invitation leads to. Absent for all else, and where an earlier version made it. */
  readonly invitesTo?: GroupKey;
  /** Some relay has it. */
  readonly reached?: boolean;
  /** Relays that have not answered yet. A later change of the group's relays changes nothing here. */
  readonly left: readonly RelayUrl[];
  readonly madeAt: Millis;
}

const SPACE = 'fanout';
/** An obligation older than this is given up: relays keep events of this age anyway. */
const VALID_MS = 7 * 24 * 60 * 60 * 1000;

const keyOf = (id: EventId): StateKey => ({ space: SPACE, key: id });
const common = { account: v.string(), text: v.string() };
const schema: v.GenericSchema<unknown, Fanout> = v.object({
  id: v.custom<EventId>((value) => typeof value === 'string'),
  operation: v.variant('kind', [
    v.object({ kind: v.literal('group-message'), group: v.string(), ...common }),
    v.object({ kind: v.literal('gift-wrap'), to: v.string(), ...common }),
  ]),
  invitesTo: v.exactOptional(v.custom<GroupKey>((value) => typeof value === 'string')),
  reached: v.exactOptional(v.boolean()),
  left: v.array(relayUrl),
  madeAt: v.number(),
});

/** The operation that publishes an event of a group. */
export const groupOperation = (account: string, group: string, event: SignedEvent) =>
  ({ kind: 'group-message', account, group, text: JSON.stringify(['EVENT', event]) }) as const;

/** Records an event that is about to be published, in the commit that precedes the first attempt. */
export async function startFanout(work: Work, fanout: Fanout): Promise<void> {
  await work.get(keyOf(fanout.id));
  writeCell(work, keyOf(fanout.id), { ...fanout, left: [...new Set(fanout.left)] });
}

/** A no that will not be another tomorrow. */
const final: ReadonlySet<RelayCode> = new Set(['blocked', 'invalid', 'restricted', 'mute', 'pow']);

/**
 * Whether it is known what became of an event at a relay: it has it, will never take it, or this program never connects to it. What was handed
 * over without an answer may be nowhere: an invitation that both relays lost in one moment would never come.
 */
export function isSettled(outcome: RelayOutcome | undefined): boolean {
  switch (outcome?.kind) {
    case 'accepted':
    case 'too-large':
      return true;
    case 'refused':
      return final.has(outcome.code);
    case 'offline':
      return ['no-tls', 'environment', 'inner-network'].includes(outcome.fault);
    case 'ambiguous':
    case undefined:
      return false;
  }
}

/** Whether a relay has an event: it says so, or that it had it before. */
const has = (outcome: RelayOutcome): boolean =>
  outcome.kind === 'accepted' || (outcome.kind === 'refused' && outcome.code === 'duplicate');

/**
 * Takes off the relays of which it is known what became of the event; gives what there is to know of it now, null where nothing was owed. The
 * record goes when no relay is left.
 */
export async function settleFanout(
  work: Work,
  id: EventId,
  outcomes: ReadonlyMap<RelayUrl, RelayOutcome>,
): Promise<Fanout | null> {
  const before = await readCell(work, keyOf(id), schema);
  if (before === null) return null;
  const left = before.left.filter((relay) => !isSettled(outcomes.get(relay)));
  const reached = before.reached === true || [...outcomes.values()].some(has);
  const fanout = { ...before, reached, left };
  writeCell(work, keyOf(id), left.length === 0 ? null : fanout);
  return fanout;
}

/** Owes an event to nobody any more. Gives what was owed. */
export async function dropFanout(work: Work, id: EventId): Promise<Fanout | null> {
  const fanout = await readCell(work, keyOf(id), schema);
  if (fanout !== null) writeCell(work, keyOf(id), null);
  return fanout;
}

/** Everything still to be tried, and what is `over` since it is too old; each the oldest first. */
export async function owedFanouts(
  work: Pick<Work, 'scan'>,
  now: Millis,
): Promise<{ readonly pending: readonly Fanout[]; readonly over: readonly Fanout[] }> {
  const cells = await work.scan(SPACE, '');
  const all = cells
    .map(([key, bytes]) => decodeCell(bytes, key, schema))
    .toSorted((a, b) => a.madeAt - b.madeAt);
  const isOver = ({ madeAt }: Fanout): boolean => now - madeAt > VALID_MS;
  return { pending: all.filter((one) => !isOver(one)), over: all.filter(isOver) };
}
