import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Certificate } from '../certificate.ts';
import { eventFlaw } from './event.ts';
import type { Event } from './event.ts';
import { createFaults } from './faults.ts';
import type { ArmedFault, ArmOptions, Fault } from './faults.ts';
import { defaultLimits, informationDocument } from './limits.ts';
import type { Limits } from './limits.ts';
import { createRecorder } from './record.ts';
import type { RelayRecord } from './record.ts';
import { serve } from './session.ts';
import type { Session, Shared } from './session.ts';
import { createStore } from './store.ts';

export interface RelayOptions {
  /** Absent: plain WebSocket. */
  readonly certificate?: Certificate;
  readonly limits?: Partial<Limits>;
}

/** A Nostr relay on 127.0.0.1 that breaks on demand: NIP-01, NIP-11, NIP-42. Keeps everything in memory. */
export interface Relay {
  /** `wss://127.0.0.1:<port>` or `ws://…`. */
  readonly url: string;
  readonly record: RelayRecord;
  /** What it holds, also what it was given by `put`. */
  stored(): readonly Event[];
  /** Takes events as if a client had handed them over: they are checked, kept and passed on. Throws on a bad one. */
  put(events: readonly Event[]): void;
  /** Forgets every event. */
  forget(): void;
  limit(limits: Partial<Limits>): void;
  arm(fault: Fault, options?: ArmOptions): ArmedFault;
  disarmAll(): void;
  /** Numbers of the open connections. */
  connections(): readonly number[];
  dropConnections(): void;
  /** The open connections go dead without a word: nothing is read, no ping answered. */
  freezeConnections(): void;
  goOffline(): Promise<void>;
  /** Listens on the same port again. */
  goOnline(): Promise<void>;
  /** New connections see this certificate. */
  present(certificate: Certificate): void;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Starts a relay at a free port. */
export async function startRelay({ certificate, limits: given = {} }: RelayOptions = {}): Promise<Relay> {
  let limits: Limits = { ...defaultLimits, ...given };
  const faults = createFaults();
  const store = createStore();
  const recorder = createRecorder();
  const sessions = new Map<number, Session>();
  const sockets = new Set<Socket>();
  let lastConnection = 0;

  const describe = (request: IncomingMessage, response: ServerResponse): void => {
    const asked = request.headers.accept?.includes('application/nostr+json') === true;
    response.writeHead(asked ? 200 : 404, { 'content-type': 'application/nostr+json' });
    response.end(asked ? JSON.stringify(informationDocument(limits)) : '');
  };
  const server = certificate ? createTlsServer({ ...certificate }, describe) : createServer(describe);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  const spread = (event: Event): void => {
    for (const session of sessions.values()) session.offer(event);
  };
  const shared: Shared = { url: () => url, limits: () => limits, faults, store, recorder, spread };
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    lastConnection += 1;
    const id = lastConnection;
    const occasion = { connection: id, eventKind: null };
    // A client that gives up while it is held.
    socket.on('error', () => undefined);
    const refuse = faults.take('refuse-connect', occasion);
    if (refuse) {
      socket.end(`HTTP/1.1 ${refuse.status} refused\r\nConnection: close\r\n\r\n`);
      return;
    }
    const shake = (): void => {
      const sockServer = new WebSocketServer({
        noServer: true,
        maxPayload: limits.maxMessageBytes,
        perMessageDeflate: false,
      });
      sockServer.handleUpgrade(request, socket, head, (client) => {
        sessions.set(id, serve(client, id, shared));
        client.on('close', () => sessions.delete(id));
      });
    };
    const held = faults.hold('stall-connect', occasion);
    if (held === null) shake();
    else void held.released.then(() => (socket.destroyed ? undefined : shake()));
  };
  server.on('upgrade', upgrade);

  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, HOST, () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `${certificate ? 'wss' : 'ws'}://${HOST}:${port}`;

  const dropConnections = (): void => {
    for (const session of sessions.values()) session.close();
  };
  const goOffline = (): Promise<void> =>
    new Promise((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      dropConnections();
      for (const socket of sockets) socket.destroy();
    });

  return {
    url,
    record: recorder.record,
    stored: () => store.all(),
    put(events) {
      for (const event of events) {
        const flaw = eventFlaw(event);
        if (flaw !== null) throw new Error(`bad event: ${flaw}`);
        if (store.put(event) !== 'older') spread(event);
      }
    },
    forget: () => store.clear(),
    limit(changed) {
      limits = { ...limits, ...changed };
    },
    arm: (fault, options) => faults.arm(fault, options),
    disarmAll: () => faults.disarmAll(),
    connections: () => [...sessions.keys()],
    dropConnections,
    freezeConnections() {
      for (const session of sessions.values()) session.freeze();
    },
    goOffline,
    async goOnline() {
      if (!server.listening) await listen(port);
    },
    present({ cert, key }) {
      if (!certificate) throw new Error('this relay speaks without TLS');
      (server as TlsServer).setSecureContext({ cert, key });
    },
    async stop() {
      faults.disarmAll();
      await goOffline();
    },
  };
}
