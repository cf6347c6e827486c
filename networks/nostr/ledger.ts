import type { GroupKey } from '../../crypto/mls/cells.ts';
import type { Change } from '../../shared/lane/change.ts';
import type { Settled } from '../../shared/lane/commit.ts';
import type { Intent, OutboxStep } from '../../shared/lane/intent.ts';
import type { EventId } from './event.ts';
import type { PublicKey } from './keys.ts';

/** What one event (or a batch of them) changes, gathered for a commit. */
export interface Ledger {
  readonly changes: Change[];
  readonly inbound: Settled[];
  readonly outbound: OutboxStep[];
  readonly enqueue: Intent[];
  /** Events that need not be looked at again. */
  readonly seen: EventId[];
  /** Groups whose state moved: they get a new forecast, and core hears who is in them. */
  readonly moved: Set<GroupKey>;
  /** Groups with an epoch more: what no key opened may open now. */
  readonly grown: Set<GroupKey>;
  /** Who did what to whom in a group, for core. */
  readonly doers: Map<GroupKey, Map<PublicKey, PublicKey>>;
  /** Who gave a group its name. */
  readonly namers: Map<GroupKey, PublicKey>;
  /** Of messages, by what they are put in order: when they were said, and for those of one second in which order their sender said them. */
  readonly order: Map<Change, Said>;
  /** Run while core writes the commit: what needs none of its answer. Made anew where the commit is. */
  readonly meanwhile: (() => void)[];
  /** Run once the commit stands. */
  readonly after: (() => void)[];
}

/** When and how a message was said. */
export interface Said {
  /** Epoch seconds, as its sender says. */
  readonly datedAt: number;
  readonly epoch: number;
  readonly generation: number;
}

/** Nothing yet. */
export const createLedger = (): Ledger => ({
  changes: [],
  inbound: [],
  outbound: [],
  enqueue: [],
  seen: [],
  moved: new Set(),
  grown: new Set(),
  doers: new Map(),
  namers: new Map(),
  order: new Map(),
  meanwhile: [],
  after: [],
});

/** Adds what one part changed. */
export function addLedger(to: Ledger, from: Ledger): void {
  to.changes.push(...from.changes);
  to.inbound.push(...from.inbound);
  to.outbound.push(...from.outbound);
  to.enqueue.push(...from.enqueue);
  to.seen.push(...from.seen);
  to.meanwhile.push(...from.meanwhile);
  to.after.push(...from.after);
  for (const [group, key] of from.namers) to.namers.set(group, key);
  for (const [change, said] of from.order) to.order.set(change, said);
  for (const group of from.moved) to.moved.add(group);
  for (const group of from.grown) to.grown.add(group);
  for (const [group, doers] of from.doers)
    to.doers.set(group, new Map([...(to.doers.get(group) ?? []), ...doers]));
}

/**
 * The changes in the order they are told: people and conversations before what is said of them, messages as they were said. Relays give
 * what is stored from the newest back, and within a second in no order at all.
 */
export function changesInOrder({ changes, order }: Pick<Ledger, 'changes' | 'order'>): readonly Change[] {
  const first = changes.filter(({ kind }) => kind === 'peer' || kind === 'conversation');
  const rest = changes.filter(({ kind }) => kind !== 'peer' && kind !== 'conversation');
  const said = rest.filter((change) => order.has(change));
  const sorted = said.toSorted((a, b) => compare(order.get(a), order.get(b)));
  let next = 0;
  return [...first, ...rest.map((change) => (order.has(change) ? (sorted[next++] ?? change) : change))];
}

function compare(a: Said | undefined, b: Said | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return a.datedAt - b.datedAt || a.epoch - b.epoch || a.generation - b.generation;
}
