import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import {
  APP_ORIGIN,
  connectPage,
  DOWNLOAD_NAME,
  PORTS_HERE,
  PORTS_WANTED,
  SESSION_KEY,
  SOCKET_PATH,
  SOCKET_PROTOCOL,
  type PageWorld,
} from './page.ts';
import type { Pipe } from './pipe.ts';
import { portPipe, type PagePort } from './port.ts';
import { socketPipe } from './socket.ts';
import { trunk, type Trunk } from './trunk.ts';

type Message = Parameters<Parameters<PageWorld['addEventListener']>[1]>[0];

/** A page's globals: what it posts to itself arrives at its own listeners, as in a browser. */
function pageWorld(protocol: string, host: string, session: string | null) {
  const listeners = new Set<(event: Message) => void>();
  const visited: string[] = [];
  const say = (data: unknown, ports: readonly PagePort[] = [], source: unknown = world): void => {
    for (const hear of listeners) hear({ data, ports, source, origin: APP_ORIGIN });
  };
  const world: PageWorld = {
    location: { protocol, host, assign: (path) => visited.push(path) },
    sessionStorage: { getItem: (key) => (key === SESSION_KEY ? session : null) },
    WebSocket,
    addEventListener: (_, hear) => void listeners.add(hear),
    removeEventListener: (_, hear) => void listeners.delete(hear),
    postMessage: (message, origin) => {
      if (origin === APP_ORIGIN) say(message);
    },
  };
  return { world, say, listeners, visited };
}

const nextBytes = (pipe: Pipe): Promise<number[]> =>
  new Promise((resolve) => pipe.listen((bytes) => resolve([...bytes])));

describe('the page under Electron', () => {
  it('asks for its ports and takes them from its own window alone', async () => {
    const { world, say, listeners } = pageWorld('app:', 'plainseal', null);
    const asked: unknown[] = [];
    world.addEventListener('message', (event) => asked.push(event.data));
    const connecting = connectPage(world);
    expect(asked).toEqual([PORTS_WANTED]);

    const core = new MessageChannel();
    const shell = new MessageChannel();
    const foreign = new MessageChannel();
    say(PORTS_HERE, [foreign.port1, foreign.port2], 'another window');
    say(PORTS_HERE, [foreign.port1]);
    say('something else', [foreign.port1, foreign.port2]);
    say(PORTS_HERE, [core.port2, shell.port2]);
    const pipes = await connecting;
    expect(listeners.size).toBe(1); // the test's own

    const far = portPipe(core.port1);
    pipes.core.send(new Uint8Array([1]));
    expect(await nextBytes(far)).toEqual([1]);
    const farShell = portPipe(shell.port1);
    pipes.shell.send(new Uint8Array([2]));
    expect(await nextBytes(farShell)).toEqual([2]);
    pipes.core.close();
    pipes.shell.close();
    foreign.port1.close();
  });
});

describe('the page in a browser', () => {
  async function startServer() {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: SOCKET_PATH });
    onTestFinished(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const asked: string[] = [];
    const next = new Promise<{ lines: Trunk; opened: Map<string, Pipe> }>((resolve) =>
      server.on('connection', (socket, request) => {
        asked.push(request.headers['sec-websocket-protocol'] ?? '');
        const lines = trunk(socketPipe(socket), 'parent');
        const opened = new Map<string, Pipe>();
        lines.opened((name, pipe) => {
          opened.set(name, pipe);
          if (opened.size === 2) resolve({ lines, opened });
        });
      }),
    );
    return { host: `127.0.0.1:${port}`, asked, next };
  }

  it('has no way in without a session', async () => {
    const { world } = pageWorld('http:', '127.0.0.1:1', null);
    await expect(connectPage(world)).rejects.toMatchObject({ kind: 'gone' });
  });

  it('says that nobody answers', async () => {
    const { world } = pageWorld('http:', '127.0.0.1:1', 'secret');
    await expect(connectPage(world)).rejects.toMatchObject({ kind: 'gone' });
  });

  it('shows its session and gets both lines over one socket', async () => {
    const { host, asked, next } = await startServer();
    const { world, visited } = pageWorld('http:', host, 'secret');
    const pipes = await connectPage(world);
    const { lines, opened } = await next;
    expect(asked[0]?.split(/, ?/)).toEqual([SOCKET_PROTOCOL, 'secret']);
    expect([...opened.keys()].toSorted()).toEqual(['core', 'shell']);
    pipes.shell.send(new Uint8Array([5]));
    expect(await nextBytes(opened.get('shell')!)).toEqual([5]);

    lines.open(`${DOWNLOAD_NAME}/download/x`);
    lines.open('something else');
    await expect.poll(() => visited).toEqual(['/download/x']);

    // Without core the page starts over: its other line ends too.
    const ended = new Promise<void>((resolve) => pipes.shell.ended(resolve));
    opened.get('core')?.close();
    await ended;
  });
});
