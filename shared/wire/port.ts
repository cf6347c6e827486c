import { pipeEnd } from './end.ts';
import type { Pipe } from './pipe.ts';

/** What we use of a page's `MessagePort`. */
export interface PagePort {
  postMessage(message: unknown): void;
  addEventListener(
    name: 'message' | 'close',
    hear: (event: { readonly type: string; readonly data?: unknown }) => void,
  ): void;
  start(): void;
  close(): void;
}

/** A page's `MessagePort` as a pipe. */
export function portPipe(port: PagePort): Pipe {
  const end = pipeEnd({ send: (bytes) => port.postMessage(bytes), close: () => port.close() });
  port.addEventListener('message', (event) => end.arrived(event.data));
  port.addEventListener('close', end.gone);
  port.start();
  return end.pipe;
}
