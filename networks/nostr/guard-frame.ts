import { createHash } from 'node:crypto';

/** An event as the guard reads it. */
export interface GuardEvent {
  readonly id: string;
  readonly pubkey: string;
  readonly created_at: number;
  readonly kind: number;
  readonly tags: readonly (readonly string[])[];
  readonly content: string;
}

/** A frame as the guard reads it: strict, only what our own frames look like. */
export type GuardFrame =
  | { readonly verb: 'EVENT' | 'AUTH'; readonly event: GuardEvent }
  | {
      readonly verb: 'REQ';
      readonly subscription: string;
      readonly filter: Readonly<Record<string, unknown>>;
    }
  | { readonly verb: 'CLOSE'; readonly subscription: string };

const MEMBERS = 'content,created_at,id,kind,pubkey,sig,tags';
const hex = (value: unknown, digits: number): value is string =>
  typeof value === 'string' && value.length === digits && /^[0-9a-f]+$/.test(value);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Parses a whole frame. Null for anything our builder has no reason to write: spaces between, members twice, other members, an id that
 * is not the event's, characters without a form in UTF-8.
 */
export function guardParse(text: string): GuardFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  // What is written again comes out the same: nothing stands between the lines.
  if (!text.isWellFormed() || JSON.stringify(value) !== text || !Array.isArray(value)) return null;
  const [verb, second, third, ...more] = value as readonly unknown[];
  if (more.length > 0) return null;
  if (verb === 'EVENT' || verb === 'AUTH') {
    const event = third === undefined ? guardEvent(second) : null;
    return event && { verb, event };
  }
  if (!hex(second, 16)) return null;
  if (verb === 'REQ') return isObject(third) ? { verb, subscription: second, filter: third } : null;
  return verb === 'CLOSE' && third === undefined ? { verb, subscription: second } : null;
}

function guardEvent(value: unknown): GuardEvent | null {
  if (!isObject(value) || Object.keys(value).toSorted().join() !== MEMBERS) return null;
  const { id, pubkey, created_at, kind, tags, content, sig } = value;
  if (!hex(id, 64) || !hex(pubkey, 64) || !hex(sig, 128) || typeof content !== 'string') return null;
  if (!Number.isSafeInteger(created_at) || !Number.isSafeInteger(kind) || !Array.isArray(tags)) return null;
  const rows = tags as readonly unknown[];
  if (!rows.every((row) => Array.isArray(row) && row.every((cell) => typeof cell === 'string'))) return null;
  const said = JSON.stringify([0, pubkey, created_at, kind, tags, content]);
  if (createHash('sha256').update(said).digest('hex') !== id) return null;
  return {
    id,
    pubkey,
    created_at: created_at as number,
    kind: kind as number,
    tags: rows,
    content,
  };
}
