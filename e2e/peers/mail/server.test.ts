import { once } from 'node:events';
import { ImapFlow } from 'imapflow';
import nodemailer from 'nodemailer';
import { afterEach, expect, test } from 'vitest';
import { createCertificate } from '../certificate.ts';
import { startMailServer } from './server.ts';
import type { MailServer, MailServerOptions } from './server.ts';

const certificate = await createCertificate();
const ALICE = 'alice@mail.test';
const BOB = 'bob@mail.test';
const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: Partial<MailServerOptions> = {}): Promise<MailServer> {
  const server = await startMailServer({ certificate, ...options });
  cleanups.push(() => server.stop());
  return server;
}

async function imapOf(server: MailServer, user = BOB, pass = 'pw'): Promise<ImapFlow> {
  const client = new ImapFlow({
    ...server.imap,
    secure: true,
    tls: { ca: server.ca },
    auth: { user, pass },
    logger: false,
    disableAutoIdle: true,
  });
  client.on('error', () => undefined);
  await client.connect();
  cleanups.push(() => client.close());
  return client;
}

function submit(
  server: MailServer,
  text: string,
  to = BOB,
  from = ALICE,
): Promise<{ readonly response: string }> {
  const transport = nodemailer.createTransport({
    ...server.smtp,
    secure: true,
    tls: { ca: server.ca },
    auth: { user: from, pass: 'pw' },
  });
  return transport.sendMail({ from, to, subject: text, text });
}

test('a mail submitted with nodemailer is read with imapflow', async () => {
  const server = await start();
  await submit(server, 'hello Bob');
  const client = await imapOf(server);
  const box = await client.mailboxOpen('INBOX');
  expect(box).toMatchObject({ exists: 1, uidNext: 2, readOnly: false });
  expect(box.uidValidity).toBe(BigInt(server.mailbox(BOB).uidValidity));

  const mail = await client.fetchOne('1', {
    uid: true,
    source: true,
    size: true,
    internalDate: true,
    flags: true,
    headers: ['subject'],
  });
  if (!mail) throw new Error('no mail');
  const stored = server.mailbox(BOB).mails[0];
  expect(mail.source).toEqual(stored?.raw);
  expect(mail.size).toBe(stored?.raw.length);
  expect(mail.headers?.toString()).toBe('Subject: hello Bob\r\n\r\n');
  expect(mail.flags).toEqual(new Set());
  expect(new Date(mail.internalDate ?? 0).getTime()).toBe(
    Math.floor((stored?.receivedAt ?? 0) / 1000) * 1000,
  );
  expect(server.record.mails()).toMatchObject([{ from: ALICE, to: [BOB] }]);
});

test('partial bodies, headers, ranges and flags', async () => {
  const server = await start();
  const raw = `Subject: part\r\nX-Long: a\r\n b\r\n\r\n${'0123456789'.repeat(50)}`;
  for (let at = 0; at < 5; at += 1) server.deliver(BOB, raw, { flags: at === 2 ? ['\\Seen'] : [] });
  const client = await imapOf(server);
  await client.mailboxOpen('INBOX');

  const slice = await client.fetchOne('2', { source: { start: 40, maxLength: 20 } }, { uid: true });
  expect(slice && slice.source?.toString()).toBe(raw.slice(40, 60));
  const head = await client.fetchOne('2', { headers: true }, { uid: true });
  expect(head && head.headers?.toString()).toBe(raw.slice(0, raw.indexOf('\r\n\r\n') + 4));
  const some = await client.fetchAll('2:3,5:*', { flags: true }, { uid: true });
  expect(some.map(({ uid, flags }) => [uid, flags?.has('\\Seen')])).toEqual([
    [2, false],
    [3, true],
    [5, false],
  ]);

  expect(await client.search({ seen: false }, { uid: true })).toEqual([1, 2, 4, 5]);
  expect(await client.search({ header: { 'x-long': 'b' }, uid: '4:*' }, { uid: true })).toEqual([4, 5]);
  await client.messageFlagsAdd('1:2', ['\\Deleted', '$Note'], { uid: true });
  await client.messageDelete('2', { uid: true });
  expect(server.mailbox(BOB).mails.map(({ uid, flags }) => [uid, flags])).toEqual([
    [1, ['\\Deleted', '$Note']],
    [3, ['\\Seen']],
    [4, []],
    [5, []],
  ]);
  const moved = await client.messageMove('3:4', 'Trash', { uid: true });
  expect(moved && [...(moved.uidMap ?? [])]).toEqual([
    [3, 1],
    [4, 2],
  ]);
  const appended = await client.append('Sent', raw, ['\\Seen'], new Date(1_700_000_000_000));
  expect(appended && appended.uid).toBe(1);
  expect(server.mailbox(BOB, 'Sent').mails[0]).toMatchObject({
    flags: ['\\Seen'],
    receivedAt: 1_700_000_000_000,
  });
  expect((await client.list()).map(({ path, specialUse }) => [path, specialUse])).toEqual([
    ['INBOX', '\\Inbox'],
    ['Sent', '\\Sent'],
    ['Drafts', '\\Drafts'],
    ['Trash', '\\Trash'],
  ]);
  expect(await client.status('Trash', { messages: true, uidNext: true })).toMatchObject({
    messages: 2,
    uidNext: 3,
  });
});

test('IDLE tells of a new mail, of flags and of a removal made elsewhere', async () => {
  const server = await start();
  server.deliver(BOB, 'Subject: old\r\n\r\n');
  const client = await imapOf(server);
  const other = await imapOf(server);
  await client.mailboxOpen('INBOX');
  await other.mailboxOpen('INBOX');
  void client.idle();
  await server.record.waitForCommand({ text: 'IDLE', address: BOB });

  const exists = once(client, 'exists');
  server.deliver(BOB, 'Subject: new\r\n\r\n');
  expect((await exists)[0]).toMatchObject({ count: 2, prevCount: 1 });
  const flags = once(client, 'flags');
  await other.messageFlagsAdd('1', ['\\Seen'], { uid: true });
  expect((await flags)[0]).toMatchObject({ uid: 1, flags: new Set(['\\Seen']) });
  const expunge = once(client, 'expunge');
  await other.messageDelete('1', { uid: true });
  expect((await expunge)[0]).toMatchObject({ seq: 1 });
});

test('the first password sticks, for both services', async () => {
  const server = await start({ accounts: [{ address: 'carol@mail.test', password: 'fixed' }] });
  await submit(server, 'sets the password of alice');
  await expect(imapOf(server, ALICE, 'other')).rejects.toMatchObject({ authenticationFailed: true });
  await expect(imapOf(server, 'CAROL@mail.test', 'fixed')).resolves.toBeDefined();
  await expect(submit(server, 'x', BOB, 'carol@mail.test')).rejects.toMatchObject({ responseCode: 535 });
});

test('5000 mails are fetched in one go', async () => {
  const server = await start();
  for (let at = 0; at < 5000; at += 1) server.deliver(BOB, `Subject: ${at}\r\n\r\n${'x'.repeat(1000)}`);
  const client = await imapOf(server);
  await client.mailboxOpen('INBOX');
  const startedAt = Date.now();
  let bytes = 0;
  let last = 0;
  for await (const mail of client.fetch('1:*', { uid: true, source: true, flags: true }, { uid: true })) {
    bytes += mail.source?.length ?? 0;
    last = mail.uid;
  }
  expect([last, bytes > 5_000_000]).toEqual([5000, true]);
  expect(Date.now() - startedAt).toBeLessThan(5000);
});

test('the record holds every byte each connection sent', async () => {
  const server = await start();
  await submit(server, 'canary-word');
  const client = await imapOf(server);
  await client.mailboxOpen('INBOX');
  const [smtp, imap] = server.record.requests();
  expect(smtp).toMatchObject({ protocol: 'smtp', address: ALICE });
  expect(smtp?.bytes.includes('Subject: canary-word')).toBe(true);
  expect(imap).toMatchObject({ protocol: 'imap', address: BOB });
  expect(imap?.bytes.toString()).toMatch(/SELECT INBOX\r\n/i);
  expect(imap?.bytes.includes('canary-word')).toBe(false);
});
