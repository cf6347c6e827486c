import type { Event } from './event.ts';

/** An event as a client handed it over, and what the relay said. */
export interface SeenEvent {
  readonly connection: number;
  readonly event: Event;
  /** `silent`: no OK went out. */
  readonly verdict: 'accepted' | 'refused' | 'silent';
  readonly at: number;
}

/** One text frame of a client. */
export interface SeenFrame {
  readonly connection: number;
  /** The account it had proven by then (NIP-42), hex. */
  readonly authenticated: readonly string[];
  readonly text: string;
  readonly at: number;
}

/** Which event is meant; every given field must fit. */
export interface EventMatch {
  readonly kind?: number;
  readonly author?: string;
  /** A tag with this name and this value. */
  readonly tag?: readonly [string, string];
  readonly verdict?: SeenEvent['verdict'];
  /** Leave out this many of the first events that fit. */
  readonly skip?: number;
}

/** Which frame is meant: what it begins with, e.g. `["REQ"`. */
export interface FrameMatch {
  readonly text: string;
  readonly connection?: number;
  /** Leave out this many of the first frames that fit. */
  readonly skip?: number;
}

/** What a relay saw since it started or since `clear`. */
export interface RelayRecord {
  events(): readonly SeenEvent[];
  frames(): readonly SeenFrame[];
  /** An event that fits, at once when it was seen before. Throws after `timeoutMs`. */
  waitForEvent(match: EventMatch, timeoutMs?: number): Promise<SeenEvent>;
  waitForFrame(match: FrameMatch, timeoutMs?: number): Promise<SeenFrame>;
  clear(): void;
}

/** The side of the record that the sessions write. */
export interface Recorder {
  readonly record: RelayRecord;
  event(seen: SeenEvent): void;
  frame(seen: SeenFrame): void;
}

const DEFAULT_WAIT_MS = 15_000;

interface Journal<T> {
  readonly entries: T[];
  add(entry: T): void;
  waitFor(what: string, fits: (entry: T) => boolean, skip: number, timeoutMs: number): Promise<T>;
}

/** An empty record. */
export function createRecorder(): Recorder {
  const events = createJournal<SeenEvent>();
  const frames = createJournal<SeenFrame>();
  return {
    event: (seen) => events.add(seen),
    frame: (seen) => frames.add(seen),
    record: {
      events: () => [...events.entries],
      frames: () => [...frames.entries],
      waitForEvent: (match, timeoutMs = DEFAULT_WAIT_MS) =>
        events.waitFor(
          `event ${JSON.stringify(match)}`,
          (seen) => fitsEvent(seen, match),
          match.skip ?? 0,
          timeoutMs,
        ),
      waitForFrame: (match, timeoutMs = DEFAULT_WAIT_MS) =>
        frames.waitFor(
          `frame ${JSON.stringify(match)}`,
          ({ text, connection }) =>
            text.startsWith(match.text) &&
            (match.connection === undefined || match.connection === connection),
          match.skip ?? 0,
          timeoutMs,
        ),
      clear() {
        events.entries.length = 0;
        frames.entries.length = 0;
      },
    },
  };
}

function fitsEvent({ event, verdict }: SeenEvent, match: EventMatch): boolean {
  const { tag } = match;
  return (
    (match.kind === undefined || match.kind === event.kind) &&
    (match.author === undefined || match.author === event.pubkey) &&
    (match.verdict === undefined || match.verdict === verdict) &&
    (tag === undefined || event.tags.some(([name, value]) => name === tag[0] && value === tag[1]))
  );
}

function createJournal<T>(): Journal<T> {
  const entries: T[] = [];
  const waiting = new Set<() => void>();
  return {
    entries,
    add(entry) {
      entries.push(entry);
      for (const look of waiting) look();
    },
    waitFor(what, fits, skip, timeoutMs) {
      return new Promise((resolve, reject) => {
        const stop = (): void => {
          clearTimeout(timer);
          waiting.delete(look);
        };
        const look = (): void => {
          const found = entries.filter(fits)[skip];
          if (found === undefined) return;
          stop();
          resolve(found);
        };
        const timer = setTimeout(() => {
          stop();
          reject(new Error(`not seen within ${timeoutMs} ms: ${what}`));
        }, timeoutMs);
        waiting.add(look);
        look();
      });
    },
  };
}
