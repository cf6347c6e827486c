/** Runs a task once every earlier task that shares one of its keys has ended; tasks without a common key run side by side. */
export type WithLocks = <T>(keys: readonly string[], task: () => Promise<T>) => Promise<T>;

/**
 * The locks of one running lane, by service id: a ratchet is read, moved and committed by one task at a time. A task must not ask
 * for further locks, and never waits for the network while it holds one.
 */
export function createLocks(): WithLocks {
  const last = new Map<string, Promise<void>>();
  return async (keys, task) => {
    const own = new Set(keys);
    const before = [...own].flatMap((key) => last.get(key) ?? []);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    // All at once, so that two tasks with several keys never wait for each other.
    for (const key of own) last.set(key, ended);
    await Promise.all(before);
    try {
      return await task();
    } finally {
      for (const key of own) if (last.get(key) === ended) last.delete(key);
      end();
    }
  };
}
