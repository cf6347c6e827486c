import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import tls from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { Certificate } from '../certificate.ts';
import type { Protocol } from './connection.ts';
import type { Faults } from './faults.ts';

const HOST = '127.0.0.1';

/** An implicit-TLS listener on a random loopback port that keeps its port when it goes offline. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Closes every connection and refuses new ones until `goOnline`. */
  goOffline(): Promise<void>;
  goOnline(): Promise<void>;
  /** Closes every connection; new ones are welcome. */
  dropAll(): void;
  /** New connections see this certificate. */
  present(certificate: Certificate): void;
  close(): Promise<void>;
}

/** Listens on `port` (0 = random); `accept` gets each socket after its TLS handshake. Throws when the port is taken. */
export async function openListener(
  protocol: Protocol,
  certificate: Certificate,
  faults: Faults,
  accept: (socket: TLSSocket) => void,
  wanted = 0,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const secured = tls.createServer(
    { cert: certificate.cert, key: certificate.key, minVersion: 'TLSv1.2' },
    accept,
  );
  // A client that turns the certificate down is the client's affair, not an error of the server.
  secured.on('tlsClientError', (_error, socket) => socket.destroy());

  // The TCP server stands apart so that a connection can be held before TLS begins.
  const gate = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    const begin = (): void => {
      if (!socket.destroyed) secured.emit('connection', socket);
    };
    const hold = faults.holdConnect(protocol);
    if (hold === null) begin();
    else void hold.then(begin);
  });
  gate.listen(wanted, HOST);
  await once(gate, 'listening');
  const { port } = gate.address() as AddressInfo;

  const dropAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const goOffline = async (): Promise<void> => {
    if (!gate.listening) return;
    const closed = once(gate, 'close');
    gate.close();
    dropAll();
    await closed;
  };
  return {
    host: HOST,
    port,
    goOffline,
    goOnline: async () => {
      if (gate.listening) return;
      gate.listen(port, HOST);
      await once(gate, 'listening');
    },
    dropAll,
    present: ({ cert, key }) => secured.setSecureContext({ cert, key, minVersion: 'TLSv1.2' }),
    close: goOffline,
  };
}
