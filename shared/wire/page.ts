import { PlainsealError } from '../errors.ts';
import type { Pipe } from './pipe.ts';
import { portPipe, type PagePort } from './port.ts';
import { socketPipe, type Socket } from './socket.ts';
import { trunk } from './trunk.ts';

/** Origin of the page under Electron. */
export const APP_ORIGIN = 'app://plainseal';
/** What the page posts to itself to ask the preload script for its ports, and what the answer is called. */
export const PORTS_WANTED = 'plainseal:ports-wanted';
export const PORTS_HERE = 'plainseal:ports';
/** Path of the browser shell's one socket. */
export const SOCKET_PATH = '/pipe';
/** Subprotocol of that socket; the session secret follows it as a second one, as a page can set no header. */
export const SOCKET_PROTOCOL = 'plainseal.1';
/** Where the browser shell's entry leaves the session secret. */
export const SESSION_KEY = 'plainseal.session';
/** Close code: this profile's page was opened in another tab. */
export const CLOSE_ELSEWHERE = 4001;

/** Name of the channel by which the browser shell tells the page of a file to fetch; its path follows. */
export const DOWNLOAD_NAME = 'download:';

/** The page's two lines: to core (Calls, Events) and to its shell (WindowCalls). */
export interface PagePipes {
  readonly core: Pipe;
  readonly shell: Pipe;
}

/** What we use of the page's globals; shared/ is compiled without the DOM. */
export interface PageWorld {
  readonly location: { readonly protocol: string; readonly host: string; assign(path: string): void };
  readonly sessionStorage: { getItem(key: string): string | null };
  readonly WebSocket: new (url: string, protocols: string[]) => ClosingSocket;
  addEventListener(name: 'message', hear: (event: PageMessage) => void): void;
  removeEventListener(name: 'message', hear: (event: PageMessage) => void): void;
  postMessage(message: unknown, origin: string): void;
}
type PageMessage = {
  readonly data: unknown;
  readonly origin: string;
  readonly source: unknown;
  readonly ports: readonly PagePort[];
};
type ClosingSocket = Socket & {
  addEventListener(name: 'close', hear: (event: { readonly code: number }) => void): void;
  addEventListener(name: 'open', hear: () => void): void;
};

/** This page gave way to a newer one; taking the socket back would only start the two displacing each other. */
let displaced = false;

/**
 * Connects the page to whatever hosts it. Call it again when a pipe ended (core was restarted).
 * @throws PlainsealError `gone` when there is no shell, `refused` once this page was opened in another tab (until it is loaded anew).
 */
export function connectPage(world: PageWorld = globalThis as unknown as PageWorld): Promise<PagePipes> {
  return world.location.protocol === 'http:' ? overSocket(world) : overPorts(world);
}

function overSocket(world: PageWorld): Promise<PagePipes> {
  if (displaced) return Promise.reject(new PlainsealError('refused', 'open in another tab'));
  const secret = world.sessionStorage.getItem(SESSION_KEY);
  if (!secret) return Promise.reject(new PlainsealError('gone', 'no session: open Plainseal again'));
  const socket = new world.WebSocket(`ws://${world.location.host}${SOCKET_PATH}`, [SOCKET_PROTOCOL, secret]);
  return new Promise((resolve, reject) => {
    let left = false;
    socket.addEventListener('close', (event) => {
      displaced ||= !left && event.code === CLOSE_ELSEWHERE;
      reject(new PlainsealError('gone', 'the shell does not answer'));
    });
    const pipe = socketPipe(socket);
    socket.addEventListener('open', () => {
      const lines = trunk(pipe, 'child');
      const core = lines.open('core');
      // One socket for both: without core the page starts over.
      core.ended(() => {
        left = true;
        pipe.close();
      });
      // The shell names a file that waits to be fetched; it comes as an attachment, so the page stays where it is.
      lines.opened((name, opened) => {
        if (name.startsWith(DOWNLOAD_NAME)) world.location.assign(name.slice(DOWNLOAD_NAME.length));
        opened.close();
      });
      resolve({ core, shell: lines.open('shell') });
    });
  });
}

function overPorts(world: PageWorld): Promise<PagePipes> {
  return new Promise((resolve) => {
    const hear = (event: PageMessage): void => {
      const [core, shell] = event.ports;
      if (event.source !== world || event.data !== PORTS_HERE || !core || !shell) return;
      world.removeEventListener('message', hear);
      resolve({ core: portPipe(core), shell: portPipe(shell) });
    };
    world.addEventListener('message', hear);
    world.postMessage(PORTS_WANTED, APP_ORIGIN);
  });
}
