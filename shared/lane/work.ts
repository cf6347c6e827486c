import {
  ABSENT,
  freshVersion,
  type StateCell,
  type StateKey,
  type StateView,
  type StateWrite,
  type Work,
} from './state.ts';

type Written = { readonly key: StateKey; readonly value: Uint8Array | null };

const joined = (key: StateKey): string => `${key.space}\u0000${key.key}`;

/**
 * A unit of work over a view: reads and scans go through to the view once, writes stay in memory until the lane commits them.
 * Savepoints nest; dropping one restores exactly the writes that stood when it was made.
 */
export function createWork(view: StateView): Work {
  const versions = new Map<string, number>();
  const read = new Map<string, Uint8Array | null>();
  const reading = new Map<string, Promise<StateCell | null>>();
  const scanned = new Map<string, Awaited<ReturnType<StateView['scan']>>>();
  const written = new Map<string, Written>();
  /** What each write replaced while a savepoint was open, in order: dropping one goes back through them. */
  const replaced: { readonly name: string; readonly was: Written | undefined }[] = [];
  let savepoints = 0;

  async function load(key: StateKey): Promise<Uint8Array | null> {
    const name = joined(key);
    const known = read.get(name);
    if (known !== undefined) return known;
    let asked = reading.get(name);
    if (!asked) {
      asked = view.get(key).finally(() => reading.delete(name));
      reading.set(name, asked);
    }
    const cell = await asked;
    // A concurrent read of the same cell may have finished first; the first version seen is the one to expect.
    if (!versions.has(name)) {
      versions.set(name, cell?.version ?? ABSENT);
      read.set(name, cell?.value ?? null);
    }
    return read.get(name) ?? null;
  }

  return {
    async get(key) {
      const own = written.get(joined(key));
      return own ? own.value : load(key);
    },
    async scan(space, prefix) {
      const found = new Map<string, readonly [StateKey, Uint8Array]>();
      const range = joined({ space, key: prefix });
      const cells = scanned.get(range) ?? (await view.scan(space, prefix));
      scanned.set(range, cells);
      for (const [key, cell] of cells) {
        const name = joined(key);
        if (!versions.has(name)) {
          versions.set(name, cell.version);
          read.set(name, cell.value);
        }
        const value = read.get(name);
        if (value) found.set(name, [key, value]);
      }
      for (const [name, { key, value }] of written) {
        if (key.space !== space || !key.key.startsWith(prefix)) continue;
        if (value) found.set(name, [key, value]);
        else found.delete(name);
      }
      return [...found.values()].toSorted(([a], [b]) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    },
    expectAbsent(key) {
      const name = joined(key);
      if (versions.has(name)) return;
      versions.set(name, ABSENT);
      read.set(name, null);
    },
    put(key, value) {
      const name = joined(key);
      if (savepoints > 0) replaced.push({ name, was: written.get(name) });
      written.set(name, { key, value });
    },
    savepoint() {
      const before = replaced.length;
      let isOpen = true;
      savepoints += 1;
      const end = (): void => {
        isOpen = false;
        savepoints -= 1;
        // Nobody goes back any further: nothing is held for it.
        if (savepoints === 0) replaced.length = 0;
      };
      return {
        keep: () => {
          if (isOpen) end();
        },
        drop: () => {
          if (!isOpen) return;
          for (const { name, was } of replaced.splice(before).toReversed()) {
            if (was) written.set(name, was);
            else written.delete(name);
          }
          end();
        },
      };
    },
    writes(): readonly StateWrite[] {
      // A key written without having been read is expected to be absent: blind overwrites are how ratchets get lost.
      return [...written].map(([name, { key, value }]) => ({
        key,
        value,
        expect: versions.get(name) ?? ABSENT,
        ...(value === null ? {} : { version: freshVersion() }),
      }));
    },
  };
}
