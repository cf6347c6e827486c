import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCertificate, type Certificate } from '../../e2e/peers/certificate.ts';
import { drip, startScriptedTls } from '../../e2e/peers/scripted-tls.ts';
import { peerOf } from './names.ts';
import { download } from './service/cdn.ts';
import { ALICE, BOB, createReceivingWorld, data, text } from './test/receiving-world.ts';

const T = 1_799_999_000_000;
const YEARS_MS = 10 * 365 * 24 * 60 * 60 * 1_000;
let certificate: Certificate;
beforeAll(async () => {
  certificate = await createCertificate();
});
const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});
const scripted = async (serve?: Parameters<typeof startScriptedTls>[1]) => {
  const server = await startScriptedTls(certificate, serve);
  ending.push(server.stop);
  return server;
};
const fetchFrom = (port: number, wholeMs?: number) =>
  download({ authority: certificate.ca }, `https://localhost:${port}/attachments/a`, 1_000, wholeMs);

describe('AT-61 a content network', () => {
  it.each([301, 302, 303, 307, 308])('that answers %i is followed nowhere', async (status) => {
    const other = await scripted();
    const server = await scripted((socket) =>
      socket.end(
        `HTTP/1.1 ${status} Moved\r\nLocation: https://localhost:${other.port}/attachments/a\r\nContent-Length: 0\r\n\r\n`,
      ),
    );
    expect((await fetchFrom(server.port)).kind).toBe('offline');
    expect(other.visitors()).toBe(0);
  });

  it.each([
    ['its answer', ''],
    ['a file', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('that sends %s a byte at a time, for ever, is left', async (_what, first) => {
    const server = await scripted((socket) => {
      socket.write(first);
      drip(socket, 'HTTP/1.1 200 OK\r\nX-A: b\r\n');
    });
    expect((await fetchFrom(server.port, 250)).kind).toBe('offline');
  });
});

describe('AT-61 a server that hands over what it likes', () => {
  it('under clocks ten years off: each is shown in the order it came', async () => {
    const world = createReceivingWorld();
    const times = [T + YEARS_MS, T - YEARS_MS, T];
    await world.arrive(...times.map((at, n) => world.alice(text(`message ${n}`, at))));
    expect(world.core.changes('message').map(({ content }) => content.text)).toEqual([
      'message 0',
      'message 1',
      'message 2',
    ]);
    expect(world.core.settled().map(({ kind }) => kind)).toEqual(['consumed', 'consumed', 'consumed']);
  });

  it('in the name of one deletes and edits nothing of another', async () => {
    const world = createReceivingWorld();
    await world.arrive(world.alice(text('mine', T)), world.bob(text('hello', T + 1)));
    await world.arrive(world.bob(data({ kind: 'delete', targetSentAt: T }, T + 2)));
    // A message is named by its author and time: Bob can name none but his own.
    expect(world.core.changes('delete')).toMatchObject([
      { by: peerOf(BOB), target: { key: expect.stringContaining(BOB) } },
    ]);
    expect(JSON.stringify(world.core.changes('delete'))).not.toContain(ALICE);
  });
});
