import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { once } from 'node:events';
import { WebSocketServer, type WebSocket } from 'ws';
import { pageFile, pageHeaders, pagePolicy } from '../shared/shell/policy.ts';
import { MAX_FRAME } from '../shared/wire/codec.ts';
import { CLOSE_ELSEWHERE, SESSION_KEY, SOCKET_PATH, SOCKET_PROTOCOL } from '../shared/wire/page.ts';
import type { Pipe } from '../shared/wire/pipe.ts';
import { socketPipe } from '../shared/wire/socket.ts';
import { answer, readForm, refuse } from './answer.ts';
import { DOWNLOAD_PATH, type Downloads } from './downloads.ts';
import { writeEntry, type Entry } from './entry.ts';
import { refusal } from './guard.ts';
import { newSecret, sameSecret } from './session.ts';

const ENTER_PATH = '/enter';
const ENTER_SCRIPT_PATH = '/enter.js';
/** Room for the trunk's header around a frame. */
const MAX_SOCKET_MESSAGE = MAX_FRAME + 64;

/** Serves the page on 127.0.0.1 and gives it its one pipe. */
export interface PageServer {
  readonly port: number;
  /** Makes a way in: the address of a local page to open in the browser. The one before stops working. */
  enter(): Promise<string>;
  /** Ends the page's pipe; it asks for another. */
  hangUp(): void;
  close(): Promise<void>;
}

const enterPage = (secret: string): string =>
  `<!doctype html><html lang="en" data-session="${secret}"><meta charset="utf-8"><title>Plainseal</title>` +
  `<script src="${ENTER_SCRIPT_PATH}"></script></html>`;
const enterScript =
  `sessionStorage.setItem(${JSON.stringify(SESSION_KEY)}, document.documentElement.dataset.session);\n` +
  `location.replace('/');\n`;

/**
 * Starts the page's server at a random port. `page`: folder of the built page; `run`: private folder for the way in;
 * `attach` gets the pipe of each page, the newest of which puts the one before out.
 */
export async function startPageServer(options: {
  readonly page: string;
  readonly run: string;
  readonly downloads: Downloads;
  readonly attach: (pipe: Pipe) => void;
}): Promise<PageServer> {
  const server = createServer();
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_SOCKET_MESSAGE,
    handleProtocols: () => SOCKET_PROTOCOL,
  });
  let session: string | null = null;
  let entry: Entry | null = null;
  let current: WebSocket | null = null;
  let port = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    if (refusal(request, { port, entry: path === ENTER_PATH, upgrade: false })) return refuse(response, 403);
    if (request.method === 'POST' && path === ENTER_PATH) return letIn(request, response);
    if (request.method !== 'GET') return refuse(response, 405);
    if (path === ENTER_SCRIPT_PATH)
      return answer(response, 200, { type: 'text/javascript', policy: pagePolicy, body: enterScript });
    if (path.startsWith(DOWNLOAD_PATH))
      return options.downloads.serve(path.slice(DOWNLOAD_PATH.length), response);
    // Browsers ask by themselves; an error would stand in the log for nothing.
    if (path === '/favicon.ico') return refuse(response, 204);
    await serveFile(path, response);
  }

  async function letIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = (await readForm(request))?.get('token') ?? '';
    if (!entry?.take(token)) return refuse(response, 403);
    entry = null;
    session = newSecret();
    answer(response, 200, { type: 'text/html; charset=utf-8', policy: pagePolicy, body: enterPage(session) });
  }

  async function serveFile(path: string, response: ServerResponse): Promise<void> {
    const file = pageFile(path);
    if (!file) return refuse(response, 404);
    const stream = createReadStream(join(options.page, file.path));
    try {
      await once(stream, 'open');
    } catch {
      return refuse(response, 404);
    }
    response.writeHead(200, {
      ...pageHeaders,
      'content-type': file.type,
      'content-security-policy': pagePolicy,
    });
    await pipeline(stream, response);
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [protocol, secret, ...rest] = (request.headers['sec-websocket-protocol'] ?? '').split(/, ?/);
    const ours =
      request.url === SOCKET_PATH &&
      refusal(request, { port, entry: false, upgrade: true }) === null &&
      protocol === SOCKET_PROTOCOL &&
      rest.length === 0 &&
      session !== null &&
      sameSecret(secret ?? '', session);
    if (!ours) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      current?.close(CLOSE_ELSEWHERE);
      current = opened;
      opened.on('error', () => opened.terminate());
      options.attach(socketPipe(opened));
    });
  }

  server.on('request', (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.on('upgrade', upgrade);
  port = await listenOnLoopback(server);

  return {
    port,
    async enter() {
      await entry?.drop();
      entry = await writeEntry(options.run, `http://127.0.0.1:${port}${ENTER_PATH}`);
      return entry.url;
    },
    hangUp() {
      current?.close();
      current = null;
    },
    async close() {
      await entry?.drop();
      for (const socket of sockets.clients) socket.terminate();
      await closeServer(server);
    },
  };
}

/** Listens on 127.0.0.1 at a random port; resolves with it. */
export async function listenOnLoopback(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Ends a server and whatever is connected to it. */
export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => void server.close(() => resolve()));
}
