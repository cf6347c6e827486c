import type { CommitResult } from '../../shared/lane/commit.ts';
import type { FailureCode, OutboxItem, OutboxStep, Stored } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import { forgetSaid } from './group/said.ts';
import type { GroupKey } from '../../crypto/mls/cells.ts';
import type { Running } from './running.ts';
import { transact } from './turn.ts';

const RETRY_MS = 2_000;
const RETRY_MOST_MS = 5 * 60_000;
/** The disk is full or failing: nothing of that ends within seconds. */
const TROUBLE_RETRY_MS = 30_000;

export const DONE: Performed = { kind: 'done' };

/** When to try again: soon at first, then ever more seldom. */
export const later = (
  { context }: Pick<Running, 'context'>,
  { attempts }: Pick<OutboxItem, 'attempts'>,
): Performed => ({
  kind: 'later',
  retryAt: context.now() + Math.min(RETRY_MS * 2 ** Math.min(attempts, 10), RETRY_MOST_MS),
});

/** The lane has been stopped. */
export const retryWhenStopped = (): Performed => ({ kind: 'later', retryAt: Date.now() + RETRY_MS });

/** As soon as core lets it: the item stands elsewhere than this run thought. */
export const atOnce = ({ context }: Pick<Running, 'context'>): Performed => ({
  kind: 'later',
  retryAt: context.now(),
});

/** What performing comes to after a commit. */
export function afterCommit(running: Running, item: OutboxItem, result: CommitResult): Performed {
  // Held in place by core: the person decides.
  if (result.ok || result.why === 'held') return DONE;
  if (result.why === 'conflict') return later(running, item);
  return { kind: 'later', retryAt: running.context.now() + TROUBLE_RETRY_MS };
}

/** Commits one step of an item. */
export async function finish(
  running: Running,
  item: OutboxItem,
  step: Omit<OutboxStep, 'item'>,
): Promise<Performed> {
  const { result } = await transact(running, async ({ ledger }) => {
    ledger.outbound.push({ item: item.id, ...step });
  });
  return afterCommit(running, item, result);
}

/** The steps of an item that is sent in the commit that seals it. */
export const sentAtOnce = ({ id }: Pick<OutboxItem, 'id'>): readonly OutboxStep[] => [
  { item: id, to: 'sealed' },
  { item: id, to: 'sent' },
];

/** Whom it is for was not found: no relay answered, or they have no key package. */
export const unfound = async (
  running: Running,
  item: OutboxItem,
  why: 'no-key' | 'unreachable',
): Promise<Performed> =>
  why === 'unreachable' ? later(running, item) : fail(running, item, 'address-unknown');

/** It is over without having been sent. */
export async function fail(
  running: Running,
  item: OutboxItem,
  failure: FailureCode,
  group: GroupKey | null = null,
): Promise<Performed> {
  const { result } = await transact(running, async ({ work, ledger }) => {
    if (group !== null) await forgetSaid(work, group, item.id);
    const artifacts = item.artifacts.map((artifact): Stored => ({ ...artifact, outcome: 'refused' }));
    ledger.outbound.push({ item: item.id, to: 'failed', failure, artifacts });
  });
  return afterCommit(running, item, result);
}
