import type { EventId } from './event.ts';
import { isSettled, settleFanout } from './fanout.ts';
import { giveUpFanout, sayUninvited } from './group/uninvited.ts';
import { guard, type Guarded, type Operation } from './guard.ts';
import type { RelayOutcome } from './relays/pool.ts';
import type { RelayUrl } from './relay-url.ts';
import type { Running } from './running.ts';
import { transact } from './turn.ts';

/** What became of an event, seen over all its relays. */
export type Published =
  /** One relay at least has it. */
  | 'accepted'
  /** One of them cannot be reached or wants us to wait, or may have it. The same event goes again. */
  | 'later'
  /** Every relay that this program may connect to says a final no. */
  | 'refused'
  | 'too-large'
  /** The egress guard let nothing out. */
  | 'guarded';

function verdictOf(outcomes: ReadonlyMap<RelayUrl, RelayOutcome>): Published {
  const all = [...outcomes.values()];
  if (all.some(({ kind }) => kind === 'accepted')) return 'accepted';
  if (!all.every(isSettled)) return 'later';
  // Those that this program never connects to have no say.
  const reached = all.filter(({ kind }) => kind !== 'offline');
  if (reached.length === 0) return 'later';
  return reached.every(({ kind }) => kind === 'too-large') ? 'too-large' : 'refused';
}

/** What is known of an event before it is published. */
export interface Ahead {
  /** What the guard says of it (decision 27). */
  readonly checked?: Guarded;
  /** Whether it may have a record of its fan-out; it is looked for unless it is known that there is none. */
  readonly isOwed?: boolean;
}

/**
 * Hands an event to its relays; ends with the first that takes it, while the others are still tried. An event with a record of its fan-out
 * has that kept up (`fanout.ts`).
 */
export async function publish(
  running: Running,
  operation: Extract<Operation, { readonly kind: 'group-message' | 'gift-wrap' }>,
  id: EventId,
  relays: readonly RelayUrl[],
  signal?: AbortSignal,
  { checked = guard(operation), isOwed = true }: Ahead = {},
): Promise<Published> {
  const { context, pool } = running;
  if (checked.kind === 'stop') {
    context.log('guard-stop', { operation: operation.kind, why: checked.why });
    // It would stop it each time.
    await transact(running, (turn) => giveUpFanout(turn, id));
    return 'guarded';
  }
  await context.crashPoint('lane.before-wire-write');
  const { first, outcomes } = pool.publish(checked.frame, relays, signal);
  const noted = isOwed ? outcomes.then((all) => noteTried(running, id, all)) : outcomes;
  noted.catch((error: unknown) => {
    context.log('fanout', { error: error instanceof Error ? error.name : 'unknown' });
  });
  const verdict = (await first) === 'accepted' ? 'accepted' : verdictOf(await outcomes);
  await context.crashPoint('lane.after-wire-write');
  return verdict;
}

/** Where it is known what became of an event it need not go again; an invitation that no relay took is told of. */
async function noteTried(
  running: Running,
  id: EventId,
  outcomes: ReadonlyMap<RelayUrl, RelayOutcome>,
): Promise<void> {
  if (running.stopping.signal.aborted) return;
  await transact(running, async (turn) => {
    const fanout = await settleFanout(turn.work, id, outcomes);
    if (fanout?.left.length === 0) await sayUninvited(turn, fanout);
  });
}
