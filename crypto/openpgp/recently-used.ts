/** What was made for a name, forgotten in the order it was last asked for. */
export interface RecentlyUsed<T> {
  /** What is known under `name`, else what `make` makes; kept when `keep` says so. A failure is not kept. */
  get(name: string, make: () => Promise<T>, keep: (made: T) => boolean): Promise<T>;
  clear(): void;
}

/** Keeps at most `limit` entries. */
export function recentlyUsed<T>(limit: number): RecentlyUsed<T> {
  const entries = new Map<string, Promise<T>>();
  return {
    async get(name, make, keep) {
      const known = entries.get(name);
      if (known) {
        entries.delete(name);
        entries.set(name, known);
        return known;
      }
      const making = make();
      entries.set(name, making);
      const [oldest = name] = entries.keys();
      if (entries.size > limit) entries.delete(oldest);
      try {
        const made = await making;
        if (!keep(made)) entries.delete(name);
        return made;
      } catch (error) {
        entries.delete(name);
        throw error;
      }
    },
    clear: () => entries.clear(),
  };
}
