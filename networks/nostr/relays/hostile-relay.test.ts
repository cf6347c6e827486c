import { createHash } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createCertificate, type Certificate } from '../../../e2e/peers/certificate.ts';
import { drip, startScriptedTls } from '../../../e2e/peers/scripted-tls.ts';
import { authOperation } from '../auth.ts';
import { freshSecretKey } from '../keys.ts';
import type { RelayUrl } from '../relay-url.ts';
import { fetchInformation } from './information.ts';
import { openSocket } from './socket.ts';
import { passedOf } from './test/pool-world.ts';

let certificate: Certificate;
beforeAll(async () => {
  certificate = await createCertificate();
});
const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

const reach = () => ({ environment: 'test', ca: certificate.ca, proxy: null }) as const;
const relayAt = (port: number): RelayUrl => `wss://localhost:${port}` as RelayUrl;
const scripted = async (serve?: Parameters<typeof startScriptedTls>[1]) => {
  const server = await startScriptedTls(certificate, serve);
  ending.push(server.stop);
  return server;
};
const open = (port: number, handshakeMs?: number) =>
  openSocket(relayAt(port), 'nobody', reach(), () => undefined, new AbortController().signal, handshakeMs);

test.each([301, 302, 307, 308])('AT-61 a relay that answers %i is followed nowhere', async (status) => {
  const other = await scripted();
  const server = createServer({ cert: certificate.cert, key: certificate.key }, (_request, response) =>
    response.writeHead(status, { location: `https://localhost:${other.port}/` }).end(),
  );
  server.on('upgrade', (_request, socket) =>
    socket.end(`HTTP/1.1 ${status} Moved\r\nLocation: https://localhost:${other.port}/\r\n\r\n`),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  expect(await open(port)).toBe('no-relay');
  expect(await fetchInformation(relayAt(port), reach())).toBeNull();
  expect(other.visitors()).toBe(0);
});

test('AT-61 a relay that sends its first answer a byte at a time, for ever, is left', async () => {
  const server = await scripted((socket) => drip(socket, 'HTTP/1.1 101 Switching\r\nX-A: b\r\n'));
  expect(await open(server.port, 250)).toBe('silent');
});

test('AT-61 a proof is for one relay: another that gives the same challenge gets another, and none that was made for the first', async () => {
  const secret = freshSecretKey();
  const proofFor = (relay: RelayUrl) =>
    passedOf(authOperation('account', secret, relay, 'the same challenge', Date.now()));
  const [a, b] = [relayAt(1), relayAt(2)];
  const [first, second] = [proofFor(a), proofFor(b)];
  expect(first.event).not.toBe(second.event);
  expect([first.text.includes(a), first.text.includes(b)]).toEqual([true, false]);
  const server = await scripted((socket) => {
    socket.once('data', (bytes) => {
      const key = /sec-websocket-key: (.+)\r\n/i.exec(bytes.toString('latin1'))?.[1] ?? '';
      socket.write(acceptanceOf(key));
    });
  });
  const socket = await open(server.port);
  if (typeof socket === 'string') throw new Error(socket);
  ending.push(socket.close);
  expect(() => socket.send(first)).toThrow('a frame for another relay');
});

/** What a relay says to a key (RFC 6455 §4.2.2). */
function acceptanceOf(key: string): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}
