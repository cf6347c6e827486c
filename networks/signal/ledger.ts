import type { ServiceId } from '../../crypto/signal/address.ts';
import type { ConversationId, NetworkKey } from '../../shared/ids.ts';
import type { Change } from '../../shared/lane/change.ts';
import { emptyCommit, type Commit, type Forecast, type Settled } from '../../shared/lane/commit.ts';
import type { Intent } from '../../shared/lane/intent.ts';
import type { Work } from '../../shared/lane/state.ts';

/** What one envelope (or a batch of them) changes, gathered for a commit. */
export interface Ledger {
  readonly changes: Change[];
  readonly inbound: Settled[];
  readonly enqueue: Intent[];
  /** Messages that arrived, by conversation: their authors are told once for all of them. */
  readonly arrived: Map<ConversationId, NetworkKey[]>;
  /** Whose ratchet moved: their conversations get a new forecast. */
  readonly moved: Set<ServiceId>;
  /** Run once the commit stands. */
  readonly after: (() => void)[];
  /**
   * My number is another one, and what follows may be for an identity that this connection does not know: it is left for the next, to which
   * the server gives again all that was not acknowledged.
   */
  numberChanged: boolean;
}

export function createLedger(): Ledger {
  return {
    changes: [],
    inbound: [],
    enqueue: [],
    arrived: new Map(),
    moved: new Set(),
    after: [],
    numberChanged: false,
  };
}

/** Adds what one envelope changed. */
export function addLedger(to: Ledger, from: Ledger): void {
  to.changes.push(...from.changes);
  to.inbound.push(...from.inbound);
  to.enqueue.push(...from.enqueue);
  to.after.push(...from.after);
  to.numberChanged ||= from.numberChanged;
  for (const service of from.moved) to.moved.add(service);
  for (const [conversation, keys] of from.arrived)
    to.arrived.set(conversation, [...(to.arrived.get(conversation) ?? []), ...keys]);
}

/** What was gathered, with the state it was made over, as the commit that makes it durable. */
export function commitOf(work: Work, ledger: Ledger, forecasts: readonly Forecast[]): Commit {
  const { changes, inbound, enqueue } = ledger;
  return { ...emptyCommit, work: work.writes(), changes, forecasts, inbound, enqueue };
}
