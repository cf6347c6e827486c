import * as v from 'valibot';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey, StateView, Work } from '../../shared/lane/state.ts';
import { decodeCell, readCell, removeCell, writeCell } from './cell.ts';
import type { EventId } from './event.ts';

/*
 * seen/<number>   events that are settled, by the first half of their ids
 */

/** Relays are asked again from a few days back: what comes once more is known by its id, also after a start. */
const VALID_MS = 9 * 24 * 60 * 60 * 1_000;
const ID_BYTES = 16;
/** A commit writes one chunk anew. */
const CHUNK_IDS = 96;

const schema = v.object({ ids: v.instance(Uint8Array), at: v.number() });
const keyOf = (chunk: number): StateKey => ({ space: 'seen', key: String(chunk).padStart(12, '0') });
const short = (id: string): string => id.slice(0, ID_BYTES * 2);

/** The settled events of an account. */
export interface Seen {
  has(id: string): boolean;
  /** Writes events into a unit of work. Call the result once it is durable. */
  add(work: Work, ids: readonly EventId[], now: Millis): Promise<() => void>;
}

/** Reads what was settled before. */
export async function loadSeen(view: StateView): Promise<Seen> {
  const chunks = new Map<number, { at: Millis; readonly ids: Set<string> }>();
  const all = new Set<string>();
  for (const [key, { value }] of await view.scan('seen', '')) {
    const { ids, at } = decodeCell(value, key, schema);
    const hex = Buffer.from(ids).toString('hex');
    const own = new Set(hex.match(new RegExp(`.{${ID_BYTES * 2}}`, 'g')) ?? []);
    chunks.set(Number(key.key), { at, ids: own });
    for (const id of own) all.add(id);
  }
  let last = Math.max(0, ...chunks.keys());
  return {
    has: (id) => all.has(short(id)),
    async add(work, ids, now) {
      const fresh = [...new Set(ids.map(short))].filter((id) => !all.has(id));
      if (fresh.length === 0) return () => undefined;
      let chunk = last;
      const written = new Map<number, string[]>();
      let bytes: Uint8Array = (await readCell(work, keyOf(chunk), schema))?.ids ?? new Uint8Array();
      for (const id of fresh) {
        if (bytes.length >= CHUNK_IDS * ID_BYTES) {
          chunk += 1;
          await work.get(keyOf(chunk));
          bytes = new Uint8Array();
        }
        bytes = Buffer.concat([bytes, Buffer.from(id, 'hex')]);
        writeCell(work, keyOf(chunk), { ids: bytes, at: now });
        written.set(chunk, [...(written.get(chunk) ?? []), id]);
      }
      const old =
        chunk === last ? [] : [...chunks].filter(([number, { at }]) => number < last && now - at > VALID_MS);
      for (const [number] of old) await removeCell(work, keyOf(number));
      return () => {
        for (const [number, added] of written) {
          const known = chunks.get(number) ?? { at: now, ids: new Set<string>() };
          for (const id of added) {
            known.ids.add(id);
            all.add(id);
          }
          chunks.set(number, { at: now, ids: known.ids });
        }
        for (const [number, { ids: gone }] of old) {
          chunks.delete(number);
          for (const id of gone) all.delete(id);
        }
        last = Math.max(last, chunk);
      };
    },
  };
}
