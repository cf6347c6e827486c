import type { Change } from '../../shared/lane/change.ts';
import { emptyCommit, type Commit, type Forecast, type Settled } from '../../shared/lane/commit.ts';
import type { Intent } from '../../shared/lane/intent.ts';
import type { Work } from '../../shared/lane/state.ts';

/** What one mail (or a batch of them) changes, gathered for a commit. */
export interface Ledger {
  readonly changes: Change[];
  readonly forecasts: Forecast[];
  readonly inbound: Settled[];
  readonly enqueue: Intent[];
  /** Run once the commit stands: wakes flows that wait for it. */
  readonly after: (() => void)[];
}

export function createLedger(): Ledger {
  return { changes: [], forecasts: [], inbound: [], enqueue: [], after: [] };
}

/** What was gathered, with the state it was made over, as the commit that makes it durable. */
export function commitOf(work: Work, { changes, forecasts, inbound, enqueue }: Ledger): Commit {
  return { ...emptyCommit, work: work.writes(), changes, forecasts, inbound, enqueue };
}

/** Adds what one mail changed. A conversation has one forecast in a commit: the last. */
export function addLedger(to: Ledger, from: Ledger): void {
  to.changes.push(...from.changes);
  to.inbound.push(...from.inbound);
  to.enqueue.push(...from.enqueue);
  to.after.push(...from.after);
  for (const forecast of from.forecasts) {
    const at = to.forecasts.findIndex(({ conversation }) => conversation === forecast.conversation);
    if (at < 0) to.forecasts.push(forecast);
    else to.forecasts[at] = forecast;
  }
}
