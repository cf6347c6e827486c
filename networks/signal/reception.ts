import { setImmediate } from 'node:timers/promises';
import type { SignalEngine } from '../../crypto/signal/engine.ts';
import type { Millis } from '../../shared/ids.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { createWork } from '../../shared/lane/work.ts';
import { tellArrivals } from './arrivals.ts';
import { createContactLists } from './contact-list.ts';
import { fetchFile, type OpenFile } from './fetched-files.ts';
import { MAX_LONG_TEXT_BYTES } from './long-text.ts';
import { commitOf, createLedger } from './ledger.ts';
import type { WithLocks } from './locks.ts';
import { commit } from './performing.ts';
import { createPostponed } from './postponed.ts';
import { createProfileNames } from './profile-names.ts';
import { receive } from './receive.ts';
import type { Own, Reception } from './receiving.ts';
import type { Delivery, SignalService } from './service/service.ts';
import { createTyping } from './typing.ts';
import { LOST_AFTER_MS, stateLost } from './unopened.ts';
import { unwrap, type Unwrapped } from './unwrap.ts';

/**
 * Deliveries taken in under the same locks at most, some commits of them, and their bytes. Between two such takes core has nothing to
 * do; during one nothing is sealed for their senders, for most of a second.
 */
const TAKE = 800;
const TAKE_BYTES = 8 * 1024 * 1024;
/** Deliveries taken from the connection and unsealed ahead of their turn. */
const AHEAD = 2 * TAKE;

/** What arrives over one connection. */
export interface Arriving {
  readonly deliveries: AsyncIterable<Delivery>;
  /** Resolves once all that the server had kept was taken from `deliveries`. */
  readonly queueEmpty: Promise<void>;
  readonly caughtUp: () => void;
}

/** Taking in what arrives over one connection. */
export interface Receiver {
  /**
   * Takes in deliveries until there are no more; `caughtUp` is called once those that came before `queueEmpty` are durable.
   * @throws CommitFault when core cannot commit; what was not made durable is not acknowledged.
   */
  receive(arriving: Arriving): Promise<void>;
  /** Resolves when what runs beside receiving (names, lists of contacts) has nothing to do. */
  idle(): Promise<void>;
  /** Ends what runs beside receiving. */
  close(): void;
}

export function createReceiver(parts: {
  readonly context: LaneContext;
  readonly engine: SignalEngine;
  readonly own: Own;
  readonly withLocks: WithLocks;
  readonly service: SignalService;
  readonly openFile: OpenFile;
}): Receiver {
  const { context } = parts;
  const typing = createTyping(context);
  const profileNames = createProfileNames(parts);
  const contacts = createContactLists(parts);
  let isCatchingUp = true;
  const lasting: Omit<Reception, 'postponed'> = {
    ...parts,
    typing,
    profileNames,
    contactsCame: contacts.fetch,
    stamp: createStamps(context.now),
    isCatchingUp: () => isCatchingUp,
  };
  return {
    async receive({ deliveries, queueEmpty, caughtUp }) {
      // One that came before this start may still wait.
      contacts.fetch();
      const queue = createQueue(lasting, deliveries, queueEmpty);
      const postponed = createPostponed({
        fetch: (file) => fetchFile(lasting, file, MAX_LONG_TEXT_BYTES),
        again: queue.again,
      });
      const reception: Reception = { ...lasting, postponed };
      const lost = setInterval(() => void tellLost(context).catch(() => undefined), LOST_AFTER_MS);
      try {
        await tellLost(context);
        await receiveAll(reception, queue, async () => {
          isCatchingUp = false;
          await tellArrivals(context, reception);
          caughtUp();
        });
      } finally {
        postponed.close();
        clearInterval(lost);
      }
    },
    async idle() {
      await contacts.idle();
      await profileNames.idle();
    },
    close() {
      typing.close();
      profileNames.close();
      contacts.close();
    },
  };
}

/** Moments no two of which are the same. */
function createStamps(now: () => Millis): () => Millis {
  let last = 0;
  return () => (last = Math.max(last + 1, now()));
}

/** States in their conversations what was asked for and did not come. A conflict leaves it for the next time. */
async function tellLost(context: LaneContext): Promise<void> {
  const work = createWork(context.view);
  const ledger = createLedger();
  await stateLost({ account: context.account, work, ledger, now: context.now() });
  if (work.writes().length > 0) await commit(context, commitOf(work, ledger, []));
}

/** While some are opened and committed, the wrappers of the next are taken off. */
async function receiveAll(reception: Reception, queue: Queue, caughtUp: () => Promise<void>): Promise<void> {
  const { context } = reception;
  try {
    for (;;) {
      const next = await queue.next();
      if (next === 'end') return;
      if (next === 'caught-up') {
        await caughtUp();
        continue;
      }
      await context.credit(next.reduce((sum, { delivery }) => sum + delivery.raw.length, 0));
      await receive(reception, next);
    }
  } finally {
    queue.close();
  }
}

interface Queue {
  /** What is there, at least one; between what came before the server's queue was empty and what came after it, once, `caught-up`. */
  next(): Promise<readonly Unwrapped[] | 'caught-up' | 'end'>;
  /** Puts one that was given already behind all others. */
  again(delivery: Delivery): void;
  close(): void;
}

type Waiting = { readonly delivery: Delivery; readonly unwrapped: Promise<Unwrapped> | null } | 'caught-up';

/** Takes deliveries from the connection as they come, up to a bound. */
function createQueue(
  reception: Pick<Reception, 'context' | 'engine'>,
  deliveries: AsyncIterable<Delivery>,
  queueEmpty: Promise<void>,
): Queue {
  const { careful } = reception.context;
  const most = careful ? 1 : TAKE;
  const waiting: Waiting[] = [];
  const state: { ended: { readonly error: unknown } | null; closed: boolean } = {
    ended: null,
    closed: false,
  };
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const end = (error: unknown): void => {
    state.ended = { error };
    tell();
  };
  async function fill(): Promise<void> {
    for await (const delivery of deliveries) {
      if (state.closed) return;
      // After a run that died nothing is touched before its turn.
      waiting.push({ delivery, unwrapped: careful ? null : unwrap(reception, delivery) });
      tell();
      while (waiting.length >= AHEAD && !state.closed) await changed.promise;
    }
  }
  fill().then(() => end(null), end);
  void queueEmpty.then(() => {
    waiting.push('caught-up');
    tell();
  });
  return {
    async next() {
      while (waiting.length === 0 && state.ended === null) await changed.promise;
      // What comes with every turn of the event loop goes along.
      for (let seen = -1; seen < waiting.length && waiting.length < most; await setImmediate())
        seen = waiting.length;
      const taken = waiting.splice(0, Math.max(1, countOf(waiting, most)));
      tell();
      const batch: Unwrapped[] = [];
      for (const one of taken) {
        if (one === 'caught-up') return one;
        batch.push(await (one.unwrapped ?? unwrap(reception, one.delivery)));
      }
      if (batch.length > 0) return batch;
      if (state.ended?.error != null) throw state.ended.error;
      return 'end';
    },
    again(delivery) {
      if (state.closed) return;
      waiting.push({ delivery, unwrapped: null });
      tell();
    },
    close() {
      state.closed = true;
      tell();
    },
  };
}

/** How many of the first are taken in together. */
function countOf(waiting: readonly Waiting[], most: number): number {
  let bytes = 0;
  let count = 0;
  for (const one of waiting) {
    if (one === 'caught-up') break;
    bytes += one.delivery.raw.length;
    if (count === most || (count > 0 && bytes > TAKE_BYTES)) break;
    count += 1;
  }
  return count;
}
