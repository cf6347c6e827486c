import { expect } from 'vitest';
import {
  ABSENT,
  type StateCell,
  type StateKey,
  type StateView,
  type StateWrite,
  type Work,
} from '../../../shared/lane/state.ts';
import { createWork } from '../../../shared/lane/work.ts';

/** For tests: an account's state that takes a unit of work as core does, refusing a write made from another version. */
export interface Cells {
  readonly view: StateView;
  /** Names of all cells, `space|key`, and their values. */
  readonly all: ReadonlyMap<string, readonly [StateKey, StateCell]>;
  commit(writes: readonly StateWrite[]): void;
  /** Runs a task over a unit of work and commits what it wrote. */
  run<T>(task: (work: Work) => Promise<T>): Promise<T>;
}

export function createCells(): Cells {
  const all = new Map<string, readonly [StateKey, StateCell]>();
  const name = ({ space, key }: StateKey): string => `${space}|${key}`;
  const view: StateView = {
    // Copied, as everything that comes over core's pipe is.
    get: async (key) => {
      const cell = all.get(name(key))?.[1];
      return cell === undefined ? null : { ...cell, value: Uint8Array.from(cell.value) };
    },
    scan: async (space, prefix) =>
      [...all.values()]
        .filter(([key]) => key.space === space && key.key.startsWith(prefix))
        .toSorted(([a], [b]) => a.key.localeCompare(b.key)),
  };
  const cells: Cells = {
    view,
    all,
    commit(writes) {
      for (const { key, value, expect: version } of writes) {
        const known = all.get(name(key))?.[1].version ?? ABSENT;
        expect(version, name(key)).toBe(known);
        if (value === null) all.delete(name(key));
        else all.set(name(key), [key, { value, version: known + 1 }]);
      }
    },
    async run(task) {
      const work = createWork(view);
      const result = await task(work);
      cells.commit(work.writes());
      return result;
    },
  };
  return cells;
}
