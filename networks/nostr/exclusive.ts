/** Runs one task after the other. */
export type Exclusive = <T>(task: () => Promise<T>) => Promise<T>;

/**
 * The one lock of a running lane: whoever reads state, moves it and commits it holds this from the first read to the result. A task never
 * waits for the network, and never asks for the lock again.
 */
export function createExclusive(): Exclusive {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const run = last.then(task, task);
    last = run.catch(() => undefined);
    return run;
  };
}
