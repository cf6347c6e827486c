import { pipeEnd } from './end.ts';
import type { Pipe } from './pipe.ts';

/** A pipe that is used before it is there: what is sent waits for it. When it never comes (`coming` rejects) the pipe ends. */
export function laterPipe(coming: Promise<Pipe>): Pipe {
  const queue: Uint8Array[] = [];
  let real: Pipe | null = null;
  let closed = false;
  const end = pipeEnd({
    send: (bytes) => (real ? real.send(bytes) : void queue.push(bytes)),
    close: () => {
      closed = true;
      real?.close();
    },
  });
  coming.then(
    (pipe) => {
      if (closed) return pipe.close();
      real = pipe;
      pipe.ended(end.gone);
      pipe.listen(end.arrived);
      for (const bytes of queue.splice(0)) pipe.send(bytes);
    },
    () => end.gone(),
  );
  return end.pipe;
}
