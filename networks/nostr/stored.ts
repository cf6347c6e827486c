import type { Inflow } from './inflow.ts';
import type { Arrival } from './receive.ts';
import type { RelayUrl } from './relay-url.ts';

type Event = Extract<Arrival, { readonly kind: 'wrap' | 'group' }>;

/** Stored events that wait for the older ones; more are not kept back. */
const MOST = 20_000;
/** A relay that says nothing more, and not that this was all. */
const SILENT_MS = 5_000;

/**
 * Relays give what they have stored from the newest back. It is held until a relay has given all, and then taken in from the oldest on: a
 * commit before what is sealed after it, a question before its answer.
 */
export interface Stored {
  /** Takes an event of a relay: held while it is still giving what it has stored, else handed on. */
  take(event: Event): Promise<void>;
  holds(id: string): boolean;
  /** A relay has given all: what was held is handed on. What it gives from now on is new. */
  whole(relay: RelayUrl): Promise<void>;
  /** The connection has ended: what was held is handed on, and the next begins anew. */
  broken(relay: RelayUrl): Promise<void>;
}

/** Holds nothing yet. */
export function createStored(inflow: Pick<Inflow, 'push'>): Stored {
  const held = new Map<RelayUrl, Map<string, Event>>();
  const live = new Set<RelayUrl>();
  const timers = new Map<RelayUrl, NodeJS.Timeout>();

  const handOn = async (relay: RelayUrl): Promise<void> => {
    clearTimeout(timers.get(relay));
    const events = [...(held.get(relay)?.values() ?? [])];
    held.delete(relay);
    for (const event of events.toSorted((a, b) => a.event.created_at - b.event.created_at))
      await inflow.push(event);
  };
  return {
    take(arrival) {
      const { relay, event } = arrival;
      if (live.has(relay)) return inflow.push(arrival);
      const waiting = held.get(relay) ?? new Map<string, Event>();
      held.set(relay, waiting.set(event.id, arrival));
      clearTimeout(timers.get(relay));
      if (waiting.size >= MOST) return handOn(relay);
      const timer = setTimeout(() => void handOn(relay), SILENT_MS);
      timer.unref();
      timers.set(relay, timer);
      return Promise.resolve();
    },
    holds: (id) => [...held.values()].some((waiting) => waiting.has(id)),
    async whole(relay) {
      live.add(relay);
      await handOn(relay);
    },
    async broken(relay) {
      live.delete(relay);
      await handOn(relay);
    },
  };
}
