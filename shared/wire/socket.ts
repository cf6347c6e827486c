import { pipeEnd } from './end.ts';
import type { Pipe } from './pipe.ts';

/** What we use of a `WebSocket`, the page's and the `ws` package's alike. */
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(name: 'message', hear: (event: { readonly data: unknown }) => void): void;
  addEventListener(name: 'close' | 'open', hear: () => void): void;
}

const CONNECTING = 0;
const OPEN = 1;

/** A `WebSocket` as a pipe. What is sent before it is open waits. */
export function socketPipe(socket: Socket): Pipe {
  const queue: Uint8Array<ArrayBuffer>[] = [];
  socket.binaryType = 'arraybuffer';
  const end = pipeEnd({
    send: (bytes) => {
      // Frames come from the codec, which never uses shared memory.
      const frame = bytes as Uint8Array<ArrayBuffer>;
      if (socket.readyState === OPEN) socket.send(frame);
      else if (socket.readyState === CONNECTING) queue.push(frame);
    },
    close: () => socket.close(),
  });
  socket.addEventListener('open', () => {
    for (const frame of queue.splice(0)) socket.send(frame);
  });
  socket.addEventListener('message', (event) => end.arrived(event.data));
  socket.addEventListener('close', end.gone);
  return end.pipe;
}
