import type { Pipe } from './pipe.ts';

/** What an adapter holds: the pipe it hands out, and the two things that can happen to it from outside. */
export type PipeEnd = {
  readonly pipe: Pipe;
  /** Bytes came in. Anything else (a string, an object) is not of our wire and is dropped. */
  readonly arrived: (data: unknown) => void;
  /** The other end is gone. Only the first call counts. */
  readonly gone: () => void;
};

/** The bytes of a message as the runtimes deliver them, or null for what is no bytes. */
function bytesOf(data: unknown): Uint8Array | null {
  if (data instanceof Uint8Array) return data;
  return data instanceof ArrayBuffer ? new Uint8Array(data) : null;
}

/**
 * The part every adapter shares. Bytes that arrive before anybody listens wait, so that a pipe can be introduced and
 * used in either order; one that listens late to the end is told at once.
 */
export function pipeEnd(port: {
  readonly send: (bytes: Uint8Array) => void;
  readonly close: () => void;
}): PipeEnd {
  const receivers = new Set<(bytes: Uint8Array) => void>();
  const endings = new Set<() => void>();
  let waiting: Uint8Array[] = [];
  let open = true;

  const gone = (): void => {
    if (!open) return;
    open = false;
    waiting = [];
    for (const tell of endings) tell();
    endings.clear();
  };

  return {
    arrived(data) {
      const bytes = bytesOf(data);
      if (!bytes || !open) return;
      if (receivers.size === 0) waiting.push(bytes);
      for (const receive of receivers) receive(bytes);
    },
    gone,
    pipe: {
      send: (bytes) => {
        if (open) port.send(bytes);
      },
      listen(receive) {
        receivers.add(receive);
        const early = waiting;
        waiting = [];
        for (const bytes of early) receive(bytes);
        return () => void receivers.delete(receive);
      },
      ended(tell) {
        if (!open) {
          queueMicrotask(tell);
          return () => undefined;
        }
        endings.add(tell);
        return () => void endings.delete(tell);
      },
      close() {
        if (!open) return;
        port.close();
        gone();
      },
    },
  };
}
