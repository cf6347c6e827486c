import * as v from 'valibot';
import { setNostrWasm, verifyEvent } from 'nostr-tools/wasm';
import { initNostrWasm } from 'nostr-wasm/gzipped';

// Its judge in JavaScript takes 3 ms, while which no relay that people run would let them wait.
setNostrWasm(await initNostrWasm());

const hex = (bytes: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`)));

/** A signed event as NIP-01 has it; `created_at` is in seconds. */
export interface Event {
  readonly id: string;
  readonly pubkey: string;
  readonly created_at: number;
  readonly kind: number;
  readonly tags: readonly (readonly string[])[];
  readonly content: string;
  readonly sig: string;
}

/** Reads the shape of an event, not its signature. */
export const Event: v.GenericSchema<Event, Event> = v.strictObject({
  id: hex(32),
  pubkey: hex(32),
  created_at: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  kind: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(65_535)),
  tags: v.pipe(v.array(v.pipe(v.array(v.string()), v.readonly())), v.readonly()),
  content: v.string(),
  sig: hex(64),
});

/** Why a relay does not take an event as it stands; null when id and signature hold. Another implementation than the program's own judges. */
export function eventFlaw(value: unknown): 'shape' | 'signature' | null {
  const read = v.safeParse(Event, value);
  if (!read.success) return 'shape';
  // A copy: nostr-tools remembers its verdict in the object it was asked about.
  const copy = { ...read.output, tags: read.output.tags.map((tag) => [...tag]) };
  return verifyEvent(copy) ? null : 'signature';
}

/** What becomes of an event of this kind (NIP-01): kept, kept until a newer one comes, or only passed on. */
export type Retention = 'regular' | 'replaceable' | 'addressable' | 'ephemeral';

/** The retention of a kind. */
export function retentionOf(kind: number): Retention {
  if (kind === 0 || kind === 3 || (kind >= 10_000 && kind < 20_000)) return 'replaceable';
  if (kind >= 20_000 && kind < 30_000) return 'ephemeral';
  return kind >= 30_000 && kind < 40_000 ? 'addressable' : 'regular';
}

/** The first value of the first tag of this name. */
export function tagValue(event: Event, name: string): string | null {
  return event.tags.find(([first]) => first === name)?.[1] ?? null;
}
