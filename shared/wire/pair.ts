import { pipeEnd } from './end.ts';
import type { Pipe } from './pipe.ts';

/**
 * Two ends of one pipe in the same process. Bytes are copied and arrive in a later turn, as they would between
 * processes, so that nothing works here that a real pipe would break.
 */
export function pipePair(): readonly [Pipe, Pipe] {
  const left = pipeEnd({
    send: (bytes) => deliver(() => right.arrived(bytes.slice())),
    close: () => deliver(right.gone),
  });
  const right = pipeEnd({
    send: (bytes) => deliver(() => left.arrived(bytes.slice())),
    close: () => deliver(left.gone),
  });
  return [left.pipe, right.pipe];
}

function deliver(act: () => void): void {
  queueMicrotask(act);
}
