import type { Commit, CommitResult } from './commit.ts';
import { ABSENT, type StateCell, type StateKey, type StateView } from './state.ts';

/** What of a lane's state is remembered at most. */
const MAX_CELLS = 4_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** Scans of one space whose keys are remembered at most, and how many keys one of them may have. */
const MAX_SCANS = 200;
const MAX_SCAN_KEYS = 32;

type Found = Awaited<ReturnType<StateView['scan']>>;

type Core = { readonly view: StateView; readonly commit: (commit: Commit) => Promise<CommitResult> };

const joined = ({ space, key }: StateKey): string => `${space}\u0000${key}`;
const sizeOf = (cell: StateCell | null): number => cell?.value.byteLength ?? 0;

/**
 * Core's state as a lane reads and writes it, with what was read or written lately remembered: each question to core goes to
 * another process. The lane is the only one that writes its state, so what it wrote is what stands. A commit that does not stand makes it
 * forget everything: then somebody was wrong about something.
 */
export function remembered(core: Core): Core {
  const cells = new Map<string, StateCell | null>();
  /** By space and prefix, the keys a scan found: their cells are remembered by themselves, or it is asked again. */
  const scans = new Map<string, Map<string, Set<string>>>();
  let bytes = 0;
  /** Rises with every write and every forgetting: an answer that was asked for before is not kept. */
  let turn = 0;

  function keep(name: string, cell: StateCell | null): void {
    drop(name);
    cells.set(name, cell);
    bytes += sizeOf(cell);
    for (const oldest of cells.keys()) {
      if (cells.size <= MAX_CELLS && bytes <= MAX_BYTES) break;
      drop(oldest);
    }
  }
  function drop(name: string): void {
    bytes -= sizeOf(cells.get(name) ?? null);
    cells.delete(name);
  }
  function forget(): void {
    turn += 1;
    cells.clear();
    scans.clear();
    bytes = 0;
  }

  /** What a scan finds, from memory; null where any of it has to be asked for. */
  function knownScan(space: string, prefix: string): Found | null {
    const keys = scans.get(space)?.get(prefix);
    if (keys === undefined) return null;
    const found: Found[number][] = [];
    for (const key of [...keys].toSorted()) {
      const cell = cells.get(joined({ space, key }));
      if (!cell) return null;
      found.push([{ space, key }, cell]);
    }
    return found;
  }
  function keepScan(space: string, prefix: string, found: Found): void {
    if (found.length > MAX_SCAN_KEYS) return;
    for (const [key, cell] of found) keep(joined(key), cell);
    const ofSpace = scans.get(space) ?? new Map<string, Set<string>>();
    scans.set(space, ofSpace);
    ofSpace.delete(prefix);
    for (const oldest of ofSpace.keys()) {
      if (ofSpace.size < MAX_SCANS) break;
      ofSpace.delete(oldest);
    }
    ofSpace.set(prefix, new Set(found.map(([{ key }]) => key)));
  }
  function noteWritten({ space, key }: StateKey, there: boolean): void {
    const ofSpace = scans.get(space);
    for (const [prefix, keys] of ofSpace ?? []) {
      if (!key.startsWith(prefix)) continue;
      if (there) keys.add(key);
      else keys.delete(key);
      if (keys.size > MAX_SCAN_KEYS) ofSpace?.delete(prefix);
    }
  }

  return {
    view: {
      async get(key) {
        const name = joined(key);
        const known = cells.get(name);
        if (known !== undefined) {
          // Used last: forgotten last.
          keep(name, known);
          return known;
        }
        const asked = turn;
        const cell = await core.view.get(key);
        if (turn === asked) keep(name, cell);
        return cell;
      },
      async scan(space, prefix) {
        const known = knownScan(space, prefix);
        if (known !== null) return known;
        const asked = turn;
        const found = await core.view.scan(space, prefix);
        if (turn === asked) keepScan(space, prefix, found);
        return found;
      },
    },
    async commit(commit) {
      // Until its outcome is known nobody knows what stands.
      turn += 1;
      for (const { key } of commit.work) drop(joined(key));
      let result: CommitResult;
      try {
        result = await core.commit(commit);
      } catch (error) {
        forget();
        throw error;
      }
      if (!result.ok) {
        forget();
        return result;
      }
      turn += 1;
      for (const { key, value, version = ABSENT } of commit.work) {
        noteWritten(key, value !== null);
        if (value === null) keep(joined(key), null);
        else if (version !== ABSENT) keep(joined(key), { value, version });
        else drop(joined(key));
      }
      return result;
    },
  };
}
