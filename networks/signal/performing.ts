import type { SignalEngine } from '../../crypto/signal/engine.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Commit, CommitResult } from '../../shared/lane/commit.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { LaneContext, Performed } from '../../shared/lane/lane.ts';
import type { Challenge } from './challenge.ts';
import type { Own } from './draft.ts';
import type { WithLocks } from './locks.ts';
import type { Renewals } from './renewals.ts';
import type { SealedSender } from './sealed-sender.ts';
import type { SignalService, Trouble } from './service/service.ts';
import type { Sweeper } from './sweeper.ts';

/** What performing needs of the running lane. */
export interface Performing {
  readonly context: LaneContext;
  readonly own: Own;
  readonly engine: SignalEngine;
  /** Null while there is no connection. */
  readonly service: () => SignalService | null;
  readonly withLocks: WithLocks;
  readonly sealedSender: SealedSender;
  readonly challenge: Challenge;
  readonly renewals: Renewals;
  readonly sweeper: Sweeper;
  /** Seals the bytes of a file under a fresh key. */
  readonly sealFile: (plain: Uint8Array) => {
    readonly sealed: Uint8Array;
    readonly key: Uint8Array;
    readonly digest: Uint8Array;
  };
}

/** Times a commit is made anew because somebody else wrote first. */
export const CONFLICT_TRIES = 5;
const RETRY_MS = 5_000;
const RETRY_MOST_MS = 10 * 60_000;
/** The disk is full or failing, or the account is not linked any more: nothing of that ends within seconds. */
const TROUBLE_RETRY_MS = 30_000;

export const DONE: Performed = { kind: 'done' };

/** When to try again: soon at first, then ever more seldom. */
export function retryAt(now: Millis, attempts: number): Millis {
  return now + Math.min(RETRY_MS * 2 ** Math.min(attempts, 10), RETRY_MOST_MS);
}

export const later = (
  { context }: Pick<Performing, 'context'>,
  item: Pick<OutboxItem, 'attempts'>,
): Performed => ({
  kind: 'later',
  retryAt: retryAt(context.now(), item.attempts),
});

/** The same, where it is known that the server has taken nothing of it, in this attempt. */
export const unwritten = (performed: Performed): Performed =>
  performed.kind === 'later' ? { ...performed, unwritten: true } : performed;

/** When to try again after trouble with the service. */
export function afterTrouble(performing: Performing, item: OutboxItem, trouble: Trouble): Performed {
  const now = performing.context.now();
  if (trouble.kind === 'rate-limited' && trouble.retryAfterMs !== null)
    return { kind: 'later', retryAt: now + trouble.retryAfterMs };
  if (trouble.kind === 'unlinked' || trouble.kind === 'expired')
    return { kind: 'later', retryAt: now + TROUBLE_RETRY_MS };
  return later(performing, item);
}

export const isTrouble = (answer: { readonly kind: string }): answer is Trouble =>
  ['offline', 'rate-limited', 'unlinked', 'expired'].includes(answer.kind);

/** A commit with its crash points around it. */
export async function commit(context: LaneContext, what: Commit): Promise<CommitResult> {
  await context.crashPoint('lane.before-commit');
  const result = await context.commit(what);
  await context.crashPoint('lane.after-commit');
  return result;
}

/** What performing an item comes to after a commit of it that did not stand. */
export function afterCommit(
  performing: Performing,
  item: OutboxItem,
  result: Extract<CommitResult, { readonly ok: false }>,
): Performed {
  // Held in place by core, or there is nothing more to do: the person decides.
  if (result.why === 'held') return DONE;
  if (result.why === 'conflict') return later(performing, item);
  return { kind: 'later', retryAt: performing.context.now() + TROUBLE_RETRY_MS };
}
