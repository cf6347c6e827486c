import { setTimeout as wait } from 'node:timers/promises';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ImapFlow } from 'imapflow';
import nodemailer from 'nodemailer';
import { afterEach, expect, test } from 'vitest';
import { startMailServerProcess } from './child.ts';
import type { MailServerProcess } from './child.ts';
import type { StartOptions } from './control.ts';

const ALICE = 'alice@mail.test';
const BOB = 'bob@mail.test';
const running: MailServerProcess[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function start(options: StartOptions = {}): Promise<MailServerProcess> {
  const server = await startMailServerProcess(options);
  running.push(server);
  return server;
}

async function submit(server: MailServerProcess, text: string): Promise<void> {
  const auth = { user: ALICE, pass: 'pw' };
  const transport = nodemailer.createTransport({
    ...server.smtp,
    secure: true,
    tls: { ca: server.ca },
    auth,
  });
  await transport.sendMail({ from: ALICE, to: BOB, text });
}

test('mail comes in over the network, goes in over the pipe, and is told of', async () => {
  const server = await start();
  const seen = server.waitForMail({ to: BOB, containing: 'over the wire' });
  await submit(server, 'over the wire');
  expect(await seen).toMatchObject({ from: ALICE, to: [BOB] });
  const raw = Buffer.from([0, 13, 10, 255]);
  expect(await server.deliver(BOB, raw, { flags: ['\\Seen'], receivedAt: 1_700_000_000_000 })).toBe(2);
  const { mails } = await server.mailbox(BOB);
  expect(mails[1]).toEqual({ uid: 2, raw, flags: ['\\Seen'], receivedAt: 1_700_000_000_000 });
  expect((await server.mails()).map(({ raw: sent }) => sent.includes('over the wire'))).toEqual([true]);
  const [stream] = await server.requests();
  expect(stream?.bytes.includes('RCPT TO:<bob@mail.test>')).toBe(true);
  await server.clearRecord();
  expect(await server.mails()).toEqual([]);
});

test('faults are armed, strike and are counted', async () => {
  const server = await start();
  const fault = await server.arm({ kind: 'refuse-data', code: 451, text: 'later' });
  await expect(submit(server, 'first')).rejects.toMatchObject({ responseCode: 451 });
  await fault.struck();
  expect(await fault.hits()).toBe(1);
  await submit(server, 'second');
  await server.present('expired');
  await expect(submit(server, 'third')).rejects.toMatchObject({ code: 'ESOCKET' });
  await server.present('none');
  await submit(server, 'fourth');
  await server.goOffline();
  await expect(submit(server, 'fifth')).rejects.toThrow('ECONNREFUSED');
  await server.goOnline();
  await submit(server, 'sixth');
  expect((await server.mailbox(BOB)).mails).toHaveLength(3);
});

test('5000 mails go in and come out', async () => {
  const server = await start();
  const uids = await server.deliverMany(
    BOB,
    Array.from({ length: 5000 }, (_, at) => `Subject: ${at}\r\n\r\nbody\r\n`),
  );
  expect([uids[0], uids.at(-1)]).toEqual([1, 5000]);
  const auth = { user: BOB, pass: 'pw' };
  const client = new ImapFlow({ ...server.imap, secure: true, tls: { ca: server.ca }, auth, logger: false });
  await client.connect();
  await client.mailboxOpen('INBOX');
  expect(await client.fetchAll('4000:*', { uid: true, source: true }, { uid: true })).toHaveLength(1001);
  await client.logout();
});

test('a server error comes back as an error, and calls fail once the process ended', async () => {
  const server = await start();
  await expect(server.mailbox(BOB, 'Nowhere')).rejects.toThrow('no mailbox Nowhere');
  await expect(server.waitForMail({ to: BOB }, 10)).rejects.toThrow('not seen within 10 ms');
  const never = server.waitForMail({ to: BOB });
  const failed = expect(never).rejects.toThrow('ended');
  await server.stop();
  await failed;
  await expect(server.mails()).rejects.toThrow('ended');
});

test('the process ends when its stdin closes, and refuses malformed options', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const good = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'ignore'] });
  good.stdin.write('{}\n');
  await once(good.stdout, 'data');
  good.stdin.end();
  expect(await Promise.race([once(good, 'exit'), wait(10_000, 'late')])).toEqual([0, null]);
  const bad = spawn(process.execPath, [main], { stdio: ['pipe', 'ignore', 'ignore'] });
  bad.stdin.end('{"policy":"anything"}\n');
  expect((await once(bad, 'exit'))[0]).toBe(1);
});
