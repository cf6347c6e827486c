import { setTimeout as rest } from 'node:timers/promises';
import { kindOf } from '../../shared/errors.ts';
import type { AccountId, Millis, OutboxId } from '../../shared/ids.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import type { Database } from '../../storage/database.ts';
import { doubtItem } from '../../storage/artifacts.ts';
import {
  findOutgoing,
  hasOpen,
  outboxItem,
  postpone,
  queueHeads,
  type Outgoing,
  type Queue,
  type QueueHead,
} from '../../storage/outbox.ts';
import { waitAfter, type Backoff } from './backoff.ts';
import type { Log } from './log.ts';

/** After a fault of the lane. A lane that says `later` names its own time. */
export const PERFORM_BACKOFF: Backoff = { firstMs: 2_000, mostMs: 5 * 60_000 };
/** Nothing is tried again sooner, nor put off for longer, whatever a lane says. */
const SHORTEST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60 * 60_000;
/** Conversations of one account that are sent in at once. */
const MAX_AT_ONCE = 8;
/** After an attempt of which nothing could be written down, as where the disk is full. */
const UNWRITTEN_REST_MS = 30_000;
/** Longest a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface Outbox {
  /** Looks for something to do in an account: after an intent, a commit, a hold that ended, a lane that came online. */
  pump(account: AccountId): void;
  /**
   * Hands an item to its lane inside the transaction that writes it, before a row of it is there, so that the lane seals while core writes.
   * Only where it is its turn and there is room; gives whether it was. Where the transaction does not stand, `abort` it: there is nothing then
   * that the lane could commit to.
   */
  begin(item: Outgoing): boolean;
  /** Tells the lane that an item was cancelled. */
  abort(item: OutboxId): void;
  /** Whether a lane is at work on an item. */
  isBusy(item: OutboxId): boolean;
  /** Takes no more work, tells running work to end, and waits for it. */
  stop(): Promise<void>;
}

/**
 * Runs the outbox: what is said in a conversation strictly in order and one at a time, conversations side by side, and receipts by themselves. All it knows is in the
 * database; what runs here is only who is busy. After a crash every sealed item is simply found again.
 */
export function createOutbox(of: {
  readonly db: Database;
  readonly clock: () => Millis;
  readonly random: () => number;
  /** Whether the account's lane can take work, and how many at once. */
  readonly room: (account: AccountId) => number;
  readonly perform: (account: AccountId, item: OutboxItem, signal: AbortSignal) => Promise<Performed>;
  /** Whether a sealed item can be taken back has changed. */
  readonly told: (item: Outgoing) => void;
  readonly log: Log;
}): Outbox {
  const busy = new Map<
    string,
    { readonly item: OutboxId; readonly stop: AbortController; ended: Promise<void> }
  >();
  const timers = new Map<AccountId, ReturnType<typeof setTimeout>>();
  const atWork = new Map<AccountId, number>();
  let stopped = false;

  function pump(account: AccountId): void {
    clearTimeout(timers.get(account));
    timers.delete(account);
    if (stopped || of.room(account) <= 0) return;
    const now = of.clock();
    let next = Infinity;
    const heads = queueHeads(of.db, account, now);
    // What a person waits for goes first.
    const isReceipt = ({ queue }: QueueHead): boolean => queue === 'receipts';
    for (const head of [...heads.filter((one) => !isReceipt(one)), ...heads.filter(isReceipt)]) {
      if (head.state === 'held' || busy.has(nameOf(account, head))) continue;
      if (head.notBefore > now) next = Math.min(next, head.notBefore);
      else if (hasRoom(account, head.queue)) {
        const item = findOutgoing(of.db, head.id);
        if (item) start(item);
      }
    }
    if (next < Infinity)
      timers.set(
        account,
        setTimeout(() => pump(account), Math.min(MAX_TIMER_MS, next - now)),
      );
  }

  /** Whether one more may be handed to a lane. Receipts leave half of it to what a person says. */
  function hasRoom(account: AccountId, queue: Queue): boolean {
    const most = Math.min(MAX_AT_ONCE, of.room(account));
    return (atWork.get(account) ?? 0) < (queue === 'said' ? most : Math.ceil(most / 2));
  }

  function start(item: Outgoing): void {
    const { account } = item;
    const queue = nameOf(account, item);
    const entry = { item: item.id, stop: new AbortController(), ended: Promise.resolve() };
    busy.set(queue, entry);
    atWork.set(account, (atWork.get(account) ?? 0) + 1);
    entry.ended = run(item, entry.stop.signal).finally(() => {
      busy.delete(queue);
      atWork.set(account, (atWork.get(account) ?? 1) - 1);
      // In a turn of its own: a lane that answers at once must not starve the page.
      setImmediate(() => pump(account));
    });
  }

  async function run(item: Outgoing, signal: AbortSignal): Promise<void> {
    const { id, account } = item;
    try {
      const performed = await of.perform(account, outboxItem(of.db, item), signal);
      settle(id, performed);
    } catch (error) {
      const kind = kindOf(error);
      of.log('outbox.fault', { kind });
      try {
        // How far it came is not known: also of a lane that was told to end.
        doubt(id);
        // A lane that died is not the item's fault; its restart looks here again. A cancelled one has its state already.
        if (kind !== 'gone' && kind !== 'cancelled') fault(id);
      } catch (trouble) {
        // Nothing says when to try again. Tried at once it would be handed over without end.
        of.log('outbox.not-written', { kind: kindOf(trouble) });
        await rest(UNWRITTEN_REST_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  function settle(id: OutboxId, performed: Performed): void {
    const item = findOutgoing(of.db, id);
    if (item === null || !isOpen(item)) return;
    const unwritten = performed.kind === 'later' && performed.unwritten === true;
    if (!unwritten) doubt(id);
    if (stopped) return;
    const now = of.clock();
    if (performed.kind === 'done') return fault(id);
    const wait = Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, performed.retryAt - now));
    postpone(of.db, id, now + wait);
    // The first time that it waits.
    if (unwritten && item.state === 'sealed' && item.attempts === 0) of.told(item);
  }

  /** Of a sealed item that its lane does not say otherwise of, something may have gone: it is not taken back any more. */
  function doubt(id: OutboxId): void {
    const item = doubtItem(of.db, id) ? findOutgoing(of.db, id) : null;
    if (item && item.attempts > 0 && !stopped) of.told(item);
  }

  /** The lane failed, or said `done` of an item that stands where it stood. */
  function fault(id: OutboxId): void {
    if (stopped) return;
    const item = findOutgoing(of.db, id);
    if (!item || !isOpen(item)) return;
    postpone(of.db, id, of.clock() + waitAfter(PERFORM_BACKOFF, item.attempts + 1, of.random));
  }

  return {
    pump,
    begin: (item) => {
      const { account, conversation } = item;
      if (stopped || !hasRoom(account, 'said')) return false;
      if (conversation === null || busy.has(conversation) || hasOpen(of.db, { account, id: conversation }))
        return false;
      start(item);
      return true;
    },
    abort: (id) => {
      for (const { item, stop } of busy.values()) if (item === id) stop.abort();
    },
    isBusy: (id) => [...busy.values()].some(({ item }) => item === id),
    stop: async () => {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      for (const { stop } of busy.values()) stop.abort();
      await Promise.allSettled([...busy.values()].map(({ ended }) => ended));
    },
  };
}

/** Whether a lane may work on an item as it stands. */
const isOpen = (item: Outgoing | null): boolean => item?.state === 'queued' || item?.state === 'sealed';

/** Each conversation has a queue, and one for its receipts; what the protocol sends by itself shares one per account. */
function nameOf(
  account: AccountId,
  { conversation, queue }: Pick<QueueHead, 'conversation' | 'queue'>,
): string {
  if (conversation === null) return `protocol of ${account}`;
  return queue === 'said' ? conversation : `${queue} of ${conversation}`;
}
