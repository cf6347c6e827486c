import { retentionOf, tagValue } from './event.ts';
import type { Event } from './event.ts';
import { fits } from './filter.ts';
import type { Filter } from './filter.ts';

/** The events of one relay, in memory. */
export interface Store {
  /** `older`: a newer event stands in the same place (NIP-01: replaceable and addressable kinds). */
  put(event: Event): 'stored' | 'duplicate' | 'older' | 'ephemeral';
  has(id: string): boolean;
  /** What fits any of the filters, newest first, at most `limit` per filter; ties by id. */
  query(filters: readonly Filter[], maxLimit: number): readonly Event[];
  all(): readonly Event[];
  clear(): void;
}

/** Newest first; of one second the lower id first (NIP-01). */
function newestFirst(a: Event, b: Event): number {
  return b.created_at - a.created_at || (a.id < b.id ? -1 : 1);
}

/** The place a replaceable or addressable event stands in; null for events that stand by themselves. */
function placeOf(event: Event): string | null {
  const retention = retentionOf(event.kind);
  if (retention === 'replaceable') return `${event.kind}:${event.pubkey}`;
  return retention === 'addressable' ? `${event.kind}:${event.pubkey}:${tagValue(event, 'd') ?? ''}` : null;
}

/** An empty store. */
export function createStore(): Store {
  const events = new Map<string, Event>();
  const places = new Map<string, Event>();

  return {
    put(event) {
      if (retentionOf(event.kind) === 'ephemeral') return 'ephemeral';
      if (events.has(event.id)) return 'duplicate';
      const place = placeOf(event);
      if (place !== null) {
        const standing = places.get(place);
        if (standing && newestFirst(standing, event) < 0) return 'older';
        if (standing) events.delete(standing.id);
        places.set(place, event);
      }
      events.set(event.id, event);
      return 'stored';
    },
    has: (id) => events.has(id),
    query(filters, maxLimit) {
      const found = new Map<string, Event>();
      const sorted = [...events.values()].toSorted(newestFirst);
      for (const filter of filters) {
        const limit = Math.min(filter.limit ?? maxLimit, maxLimit);
        for (const event of sorted.filter((one) => fits(filter, one)).slice(0, limit))
          found.set(event.id, event);
      }
      return [...found.values()].toSorted(newestFirst);
    },
    all: () => [...events.values()],
    clear() {
      events.clear();
      places.clear();
    },
  };
}
