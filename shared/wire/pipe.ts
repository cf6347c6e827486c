/** Undoes a subscription. */
export type Undo = () => void;

/**
 * Bytes in order between two processes or threads: sends, listens, tells its end, closes. No transferables (a Node child
 * cannot receive a port, Electron copies bytes anyway); back-pressure is our own credit, a layer above.
 */
export interface Pipe {
  send(bytes: Uint8Array): void;
  listen(receive: (bytes: Uint8Array) => void): Undo;
  /** Called once when the other end is gone or this one was closed. */
  ended(tell: () => void): Undo;
  close(): void;
}
