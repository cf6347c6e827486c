import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.ts';

/** A server of this computer that does what a test says with each connection. */
export interface ScriptedTls {
  readonly port: number;
  /** How many came. */
  visitors(): number;
  stop(): Promise<void>;
}

/** Starts one on 127.0.0.1. `serve` gets each connection once its TLS stands. */
export async function startScriptedTls(
  { cert, key }: Certificate,
  serve: (socket: TLSSocket) => void = () => undefined,
): Promise<ScriptedTls> {
  const open = new Set<TLSSocket>();
  let visitors = 0;
  const server = createServer({ cert, key }, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    serve(socket);
  });
  server.on('connection', () => {
    visitors += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    visitors: () => visitors,
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const DRIP_MS = 20;

/** Sends a text again and again, a byte at a time, as long as the connection stands: never silent, never done. */
export function drip(socket: TLSSocket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    socket.write(text.charAt(at % text.length));
    at += 1;
  }, DRIP_MS);
  socket.on('close', () => clearInterval(timer));
}
