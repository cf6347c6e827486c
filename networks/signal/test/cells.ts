import { expect } from 'vitest';
import {
  ABSENT,
  type StateCell,
  type StateKey,
  type StateView,
  type Work,
} from '../../../shared/lane/state.ts';
import { createWork } from '../../../shared/lane/work.ts';

/** For tests: a lane's state that takes a unit of work as core does, refusing a write made from another version. */
export function createCells() {
  const cells = new Map<string, readonly [StateKey, StateCell]>();
  const name = ({ space, key }: StateKey): string => `${space}|${key}`;
  const view: StateView = {
    get: async (key) => cells.get(name(key))?.[1] ?? null,
    scan: async (space, prefix) =>
      [...cells.values()].filter(([key]) => key.space === space && key.key.startsWith(prefix)),
  };
  return {
    cells,
    view,
    /** Runs a task over a unit of work and writes what it wrote. */
    async run<T>(task: (work: Work) => Promise<T>): Promise<T> {
      const work = createWork(view);
      const result = await task(work);
      for (const { key, value, expect: version } of work.writes()) {
        const known = cells.get(name(key))?.[1].version ?? ABSENT;
        expect(version).toBe(known);
        if (value === null) cells.delete(name(key));
        // Read back as from a disk: an array of its own.
        else cells.set(name(key), [key, { value: value.slice(), version: known + 1 }]);
      }
      return result;
    },
  };
}
