import * as v from 'valibot';
import type { Event } from './event.ts';

const texts = v.array(v.string());
const seconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A filter of NIP-01. Tag conditions are the members whose names begin with `#`. */
export interface Filter {
  readonly ids?: readonly string[];
  readonly authors?: readonly string[];
  readonly kinds?: readonly number[];
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
  readonly [tag: `#${string}`]: readonly string[];
}

const known: ReadonlySet<string> = new Set(['ids', 'authors', 'kinds', 'since', 'until', 'limit']);

/** Reads a filter; what NIP-01 does not know is refused. */
export const Filter: v.GenericSchema<unknown, Filter> = v.pipe(
  v.objectWithRest(
    {
      ids: v.exactOptional(texts),
      authors: v.exactOptional(texts),
      kinds: v.exactOptional(v.array(v.number())),
      since: v.exactOptional(seconds),
      until: v.exactOptional(seconds),
      limit: v.exactOptional(seconds),
    },
    texts,
  ),
  v.check((filter) => Object.keys(filter).every((name) => /^#[a-zA-Z]$/.test(name) || known.has(name))),
);

/** True when an event fits every condition of a filter. */
export function fits(filter: Filter, event: Event): boolean {
  if (filter.ids && !filter.ids.includes(event.id)) return false;
  if (filter.authors && !filter.authors.includes(event.pubkey)) return false;
  if (filter.kinds && !filter.kinds.includes(event.kind)) return false;
  if (filter.since !== undefined && event.created_at < filter.since) return false;
  if (filter.until !== undefined && event.created_at > filter.until) return false;
  return Object.entries(filter).every(([name, wanted]) => {
    if (!name.startsWith('#') || !Array.isArray(wanted)) return true;
    return event.tags.some(
      ([tag, value]) => tag === name.slice(1) && (wanted as string[]).includes(value ?? ''),
    );
  });
}
