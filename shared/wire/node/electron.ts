import { pipeEnd } from '../end.ts';
import type { Pipe } from '../pipe.ts';

// Structural: shared/ does not see Electron. The shell passes the real objects, which type-checks them against these.

/** What we use of Electron's `MessagePortMain`, in the main process and in a utility process. */
export interface ElectronPort {
  postMessage(message: unknown): void;
  on(name: 'message', hear: (event: { readonly data: unknown }) => void): unknown;
  once(name: 'close', hear: () => void): unknown;
  start(): void;
  close(): void;
}

/** What we use of `process.parentPort` in a utility process. */
export interface ElectronParentPort {
  postMessage(message: unknown): void;
  on(
    name: 'message',
    hear: (event: { readonly data: unknown; readonly ports: readonly ElectronPort[] }) => void,
  ): unknown;
}

/** What we use of `UtilityProcess` in the main process. */
export interface ElectronChild {
  postMessage(message: unknown): void;
  on(name: 'message', hear: (message: unknown) => void): unknown;
  once(name: 'exit', hear: () => void): unknown;
  kill(): boolean;
}

/** A port of Electron as a pipe. */
export function electronPortPipe(port: ElectronPort): Pipe {
  const end = pipeEnd({ send: (bytes) => port.postMessage(bytes), close: () => port.close() });
  port.on('message', (event) => end.arrived(event.data));
  port.once('close', end.gone);
  port.start();
  return end.pipe;
}

/** The pipe from a utility process to the shell. It ends with the process, never before. */
export function electronParentPipe(parent: ElectronParentPort): Pipe {
  const end = pipeEnd({ send: (bytes) => parent.postMessage(bytes), close: () => undefined });
  parent.on('message', (event) => end.arrived(event.data));
  return end.pipe;
}

/** The pipe from the shell to a utility process. Closing it ends the process. */
export function utilityPipe(child: ElectronChild): Pipe {
  const end = pipeEnd({ send: (bytes) => child.postMessage(bytes), close: () => void child.kill() });
  child.on('message', end.arrived);
  child.once('exit', end.gone);
  return end.pipe;
}
