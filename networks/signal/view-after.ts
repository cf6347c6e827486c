import {
  ABSENT,
  type StateCell,
  type StateKey,
  type StateView,
  type StateWrite,
} from '../../shared/lane/state.ts';

const joined = ({ space, key }: StateKey): string => `${space}\u0000${key}`;

/**
 * A view in which writes stand that are on their way to core: what is made over it holds once they do. Were their versions others,
 * what is made over this view would conflict, and be made anew.
 */
export function viewAfter(view: StateView, writes: readonly StateWrite[]): StateView {
  const cells = new Map<string, readonly [StateKey, StateCell | null]>();
  for (const { key, value, version = ABSENT } of writes)
    cells.set(joined(key), [key, value === null ? null : { value, version }]);
  return {
    async get(key) {
      const written = cells.get(joined(key));
      return written === undefined ? view.get(key) : written[1];
    },
    async scan(space, prefix) {
      const found = (await view.scan(space, prefix)).filter(([key]) => !cells.has(joined(key)));
      const written = [...cells.values()].flatMap(([key, cell]) =>
        cell !== null && key.space === space && key.key.startsWith(prefix) ? [[key, cell] as const] : [],
      );
      return [...found, ...written].toSorted(([a], [b]) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    },
  };
}
