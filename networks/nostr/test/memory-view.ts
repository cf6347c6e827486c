import type { StateKey, StateView, Work } from '../../../shared/lane/state.ts';
import { createWork } from '../../../shared/lane/work.ts';

/** State in memory, and works over it whose writes a test can make stand. */
export interface MemoryState {
  readonly view: StateView;
  work(): Work;
  /** Whether every write names the version that stands. */
  isCurrent(work: Pick<Work, 'writes'>): boolean;
  /** As a commit that is ok. @throws Error where one does not. */
  commit(work: Pick<Work, 'writes'>): void;
  keys(space: string): readonly string[];
}

/** Nothing stored yet. */
export function createMemoryState(): MemoryState {
  const cells = new Map<
    string,
    { readonly key: StateKey; readonly value: Uint8Array; readonly version: number }
  >();
  const nameOf = ({ space, key }: StateKey): string => `${space}/${key}`;
  const inSpace = (space: string) => [...cells.values()].filter(({ key }) => key.space === space);
  const view: StateView = {
    get: async (key) => {
      const cell = cells.get(nameOf(key));
      return cell ? { value: cell.value, version: cell.version } : null;
    },
    scan: async (space, prefix) =>
      inSpace(space)
        .filter(({ key }) => key.key.startsWith(prefix))
        .map(({ key, value, version }) => [key, { value, version }] as const),
  };
  const standing = (key: StateKey): number => cells.get(nameOf(key))?.version ?? 0;
  return {
    view,
    work: () => createWork(view),
    isCurrent: (work) => work.writes().every(({ key, expect }) => standing(key) === expect),
    commit(work) {
      for (const { key, value, expect, version } of work.writes()) {
        if (standing(key) !== expect) throw new Error(`conflict in ${key.space}`);
        if (value === null) cells.delete(nameOf(key));
        else cells.set(nameOf(key), { key, value, version: version ?? standing(key) + 1 });
      }
    },
    keys: (space) => inSpace(space).map(({ key }) => key.key),
  };
}
