import { randomBytes } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { readAnonymousEvent, readSignedEvent } from '../event.ts';
import { isHex } from '../hex.ts';
import type { RelayUrl } from '../relay-url.ts';
import { answers, isAnonymous, type Ask, type Range } from './ask.ts';
import type { RelayCode } from './frame.ts';
import type { Sink } from './pool.ts';

/** Events asked for at a time. */
const PAGE_EVENTS = 500;
/** No relay gives pages smaller than this: fewer events are all there are. */
const SMALLEST_PAGE = 20;
/** Pages of one catch-up; beyond it the relay is taken to go round in circles. */
const MAX_PAGES = 400;
/** Ids remembered so that an event is handed over once. */
const MAX_SEEN = 20_000;
/** Signatures are checked on the thread that does everything else: it breathes this often. */
const BREATH_MS = 10;

/** Ids of events handed over already, the oldest forgotten first. Shared by all relays of a subscription. */
export interface SeenIds {
  has(id: string): boolean;
  add(id: string): void;
}

/** No ids yet. */
export function createSeenIds(): SeenIds {
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add(id) {
      ids.add(id);
      if (ids.size <= MAX_SEEN) return;
      const [oldest] = ids;
      if (oldest !== undefined) ids.delete(oldest);
    },
  };
}

/** What a stream says to its relay. */
export interface Line {
  request(subscription: string, range: Range): void;
  close(subscription: string): void;
}

/** One subscription at one relay: what is stored, page by page from the newest back, and what comes meanwhile and after. */
export interface Stream {
  readonly ask: Ask;
  /** True for the names this stream has given its requests. */
  owns(subscription: string): boolean;
  /** A connection stands: asks from the beginning of the range. */
  open(line: Line): void;
  event(subscription: string, event: Readonly<Record<string, unknown>>): Promise<void>;
  /** Everything stored of a request has come. */
  stored(subscription: string): void;
  /** The relay has ended a request. */
  refused(subscription: string, code: RelayCode): void;
  /** The connection has ended, or none could be made; another may come. */
  broken(): void;
  /** Tells the relay that nothing more is wanted. */
  close(): void;
}

const freshName = (): string => randomBytes(8).toString('hex');

/** A stream that has asked nothing yet. `live`: it stays open after what is stored. */
export function createStream(ask: Ask, relay: RelayUrl, sink: Sink, seen: SeenIds, live: boolean): Stream {
  const read = isAnonymous(ask) ? readAnonymousEvent : readSignedEvent;
  let line: Line | null = null;
  let current = '';
  let page: string | null = null;
  /** The request whose stored events are coming; null once all have come. What comes live counts for nothing: it may be dated at will. */
  let asking: string | null = null;
  let since: number | null = null;
  /** Ids of this catch-up: a page without a new one is the last. */
  let run = new Set<string>();
  let fresh = 0;
  let count = 0;
  let oldest: number | null = null;
  let pages = 0;
  let breathedAt = performance.now();

  const countIn = (id: string, created_at: unknown): void => {
    count += 1;
    if (run.has(id) || typeof created_at !== 'number') return;
    run.add(id);
    fresh += 1;
    oldest = Math.min(oldest ?? created_at, created_at);
  };
  const done = (): void => {
    run = new Set();
    asking = null;
    sink.caughtUp?.(relay);
  };
  const nextPage = (): void => {
    if (line === null) return;
    if (page !== null) line.close(page);
    page = null;
    if (fresh === 0 || count < SMALLEST_PAGE || oldest === null || pages >= MAX_PAGES) {
      if (!live) line.close(current);
      return done();
    }
    pages += 1;
    [fresh, count] = [0, 0];
    page = freshName();
    asking = page;
    line.request(page, { since, until: oldest, limit: PAGE_EVENTS });
  };

  return {
    ask,
    owns: (subscription) => subscription === current || subscription === page,
    open(next) {
      line = next;
      sink.asked?.(relay);
      [current, page, since] = [freshName(), null, sink.since(relay)];
      [run, fresh, count, oldest, pages] = [new Set(), 0, 0, null, 0];
      asking = current;
      line.request(current, { since, until: null, limit: PAGE_EVENTS });
    },
    async event(subscription, value) {
      const { id, created_at } = value;
      if (!isHex(id, 32)) return;
      // What was handed over already need not be checked again: nothing is done with it but counting.
      const known = seen.has(id) || sink.known?.(id) === true;
      const event = known ? null : read(value);
      if (!known && (event === null || !answers(ask, event))) return;
      if (subscription === asking) countIn(id, created_at);
      if (event === null) return;
      seen.add(id);
      await sink.event(event, relay);
      if (performance.now() - breathedAt < BREATH_MS) return;
      await breathe();
      breathedAt = performance.now();
    },
    stored(subscription) {
      if (subscription === asking) nextPage();
    },
    refused(subscription, code) {
      // A page that is refused leaves the live part open, and the relay without its "all".
      if (subscription === page) page = null;
      if (subscription === asking) asking = null;
      sink.refused?.(relay, code);
    },
    broken() {
      line = null;
      sink.broken?.(relay);
    },
    close() {
      if (page !== null) line?.close(page);
      line?.close(current);
      line = null;
    },
  };
}
