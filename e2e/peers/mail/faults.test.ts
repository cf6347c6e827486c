import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { ImapFlow } from 'imapflow';
import nodemailer from 'nodemailer';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAuthority } from '../certificate.ts';
import { startMailServer } from './server.ts';
import type { MailServer } from './server.ts';

const authority = await createAuthority();
const certificate = await authority.issue();
const ALICE = 'alice@mail.test';
const BOB = 'bob@mail.test';
let server: MailServer;
const clients: ImapFlow[] = [];

beforeEach(async () => {
  server = await startMailServer({ certificate });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.stop();
});

interface Outcome {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
}

/** Submits one mail; gives what the client made of it. */
async function submit(text: string, from = ALICE, to = [BOB]): Promise<Outcome> {
  const transport = nodemailer.createTransport({
    ...server.smtp,
    secure: true,
    tls: { ca: server.ca },
    auth: { user: from, pass: 'pw' },
    socketTimeout: 400,
  });
  return transport.sendMail({ from, to, text }).catch((error: Outcome) => error);
}

function imapClient(): ImapFlow {
  const client = new ImapFlow({
    ...server.imap,
    secure: true,
    tls: { ca: server.ca },
    auth: { user: BOB, pass: 'pw' },
    logger: false,
    disableAutoIdle: true,
    greetingTimeout: 400,
    socketTimeout: 400,
  });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

async function openInbox(): Promise<ImapFlow> {
  const client = imapClient();
  await client.connect();
  await client.mailboxOpen('INBOX');
  return client;
}

const inbox = (): readonly string[] =>
  server.mailbox(BOB).mails.map(({ raw }) => raw.toString().trimEnd().split('\r\n').at(-1) ?? '');

test('refuse-login, for good and for now', async () => {
  server.faults.arm({ kind: 'refuse-login', protocol: 'imap' });
  await expect(imapClient().connect()).rejects.toMatchObject({ authenticationFailed: true });
  server.faults.arm({ kind: 'refuse-login', protocol: 'imap', temporary: true });
  await expect(imapClient().connect()).rejects.toMatchObject({ serverResponseCode: 'UNAVAILABLE' });
  await imapClient().connect();
  server.faults.arm({ kind: 'refuse-login', protocol: 'smtp' });
  expect(await submit('a')).toMatchObject({ responseCode: 535 });
  server.faults.arm({ kind: 'refuse-login', protocol: 'smtp', temporary: true });
  expect(await submit('b')).toMatchObject({ responseCode: 454 });
  await submit('c');
  expect(inbox()).toEqual(['c']);
});

test('refuse-sender, refuse-recipient and refuse-data strike once and leave nothing', async () => {
  server.faults.arm({ kind: 'refuse-sender', code: 550 });
  expect(await submit('a')).toMatchObject({ responseCode: 550 });
  server.faults.arm({ kind: 'refuse-recipient', code: 450, text: 'busy' });
  expect(await submit('b')).toMatchObject({ responseCode: 450 });
  server.faults.arm({ kind: 'refuse-recipient', code: 550, recipient: 'carol@mail.test' });
  expect(await submit('c', ALICE, [BOB, 'carol@mail.test'])).toMatchObject({
    rejected: ['carol@mail.test'],
    accepted: [BOB],
  });
  server.faults.arm({ kind: 'refuse-data', code: 554 });
  expect(await submit('d')).toMatchObject({ responseCode: 554 });
  expect(await submit('e')).toMatchObject({ response: expect.stringContaining('250') as string });
  expect(inbox()).toEqual(['c', 'e']);
  expect(server.record.mails()).toHaveLength(2);
});

test('a fault for one address leaves the others alone, and strikes as often as told', async () => {
  const fault = server.faults.arm({ kind: 'refuse-data', code: 451 }, { address: ALICE, times: 2 });
  expect(await submit('from carol', 'carol@mail.test')).toHaveProperty('response');
  expect(fault.hits()).toBe(0);
  expect(await submit('a')).toMatchObject({ responseCode: 451 });
  expect(await submit('b')).toMatchObject({ responseCode: 451 });
  expect(await submit('c')).toHaveProperty('messageId');
  expect(fault.hits()).toBe(2);
  const forever = server.faults.arm({ kind: 'refuse-data', code: 451 }, { times: 'always' });
  for (const text of ['d', 'e', 'f']) expect(await submit(text)).toMatchObject({ responseCode: 451 });
  forever.disarm();
  expect(await submit('g')).toHaveProperty('messageId');
});

test.each([
  ['before-accept', false, false],
  ['after-accept', false, true],
  ['after-reply', true, true],
] as const)('drop-data %s: client told %s, mail delivered %s', async (when, told, delivered) => {
  const fault = server.faults.arm({ kind: 'drop-data', when });
  const outcome = await submit('ambiguous');
  await fault.struck;
  expect('messageId' in outcome).toBe(told);
  expect(inbox()).toEqual(delivered ? ['ambiguous'] : []);
});

test('drop-after cuts at the exact byte, to the client and to the server', async () => {
  server.faults.arm({ kind: 'drop-after', protocol: 'imap', direction: 'to-client', bytes: 10 });
  const socket = tls.connect({ ...server.imap, ca: server.ca });
  let got = '';
  socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
  socket.on('error', () => undefined);
  await once(socket, 'close');
  expect(got).toBe('* OK [CAPA');

  server.faults.arm({ kind: 'drop-after', protocol: 'smtp', direction: 'to-server', bytes: 200 });
  expect(await submit('x'.repeat(500))).not.toHaveProperty('messageId');
  expect(inbox()).toEqual([]);
});

test('stall holds the answers of one connection until it is disarmed, in order', async () => {
  server.deliver(BOB, 'Subject: one\r\n\r\n');
  const client = await openInbox();
  const fault = server.faults.arm({ kind: 'stall', protocol: 'imap', direction: 'to-client' });
  const subjects = client.fetchAll('1:*', { headers: ['subject'] }, { uid: true });
  await fault.struck;
  const other = await openInbox();
  expect(await other.fetchAll('1:*', { uid: true }, { uid: true })).toHaveLength(1);
  fault.disarm();
  expect((await subjects).map(({ headers }) => headers?.toString())).toEqual(['Subject: one\r\n\r\n']);
});

test('stall towards the server keeps a command from being carried out', async () => {
  const fault = server.faults.arm(
    { kind: 'stall', protocol: 'smtp', direction: 'to-server' },
    { times: 'always' },
  );
  expect(await submit('never')).not.toHaveProperty('messageId');
  fault.disarm();
  expect(inbox()).toEqual([]);
});

test('stall-connect leaves a client without TLS', async () => {
  const fault = server.faults.arm({ kind: 'stall-connect', protocol: 'imap' });
  const socket = tls.connect({ ...server.imap, ca: server.ca });
  const outcome = once(socket, 'secureConnect');
  await fault.struck;
  fault.disarm();
  await outcome;
  socket.destroy();
});

test('delay lets bytes through late and in order', async () => {
  server.faults.arm({ kind: 'delay', protocol: 'imap', direction: 'to-client', ms: 60 }, { times: 'always' });
  const startedAt = performance.now();
  await imapClient().connect();
  expect(performance.now() - startedAt).toBeGreaterThan(100);
});

test('refuse-command and drop-command', async () => {
  const client = await openInbox();
  server.deliver(BOB, 'Subject: x\r\n\r\n');
  await client.noop();
  server.faults.arm({ kind: 'refuse-command', command: 'UID STORE', status: 'NO', text: '[SERVERBUG] no' });
  expect(await client.messageFlagsAdd('1', ['\\Seen'], { uid: true })).toBe(false);
  expect(server.mailbox(BOB).mails[0]?.flags).toEqual([]);
  server.faults.arm({ kind: 'drop-command', command: 'UID STORE', when: 'before-effect' });
  await client.messageFlagsAdd('1', ['\\Seen'], { uid: true }).catch(() => false);
  expect(server.mailbox(BOB).mails[0]?.flags).toEqual([]);
  const again = await openInbox();
  server.faults.arm({ kind: 'drop-command', command: 'UID STORE', when: 'after-effect' });
  await again.messageFlagsAdd('1', ['\\Seen'], { uid: true }).catch(() => false);
  expect(server.mailbox(BOB).mails[0]?.flags).toEqual(['\\Seen']);
  expect(again.usable).toBe(false);
});

test('garbage comes in front of the answer', async () => {
  const garbage = '* 99999999999 FETCH (((\r\n\xff\x00 nonsense\r\n';
  server.faults.arm({ kind: 'garbage', bytes: garbage, command: 'NOOP' });
  const socket = tls.connect({ ...server.imap, ca: server.ca });
  socket.setEncoding('latin1');
  let got = '';
  socket.on('data', (text: string) => {
    got += text;
    if (got.includes('a OK')) socket.end();
  });
  await once(socket, 'secureConnect');
  socket.write('a NOOP\r\n');
  await once(socket, 'close');
  expect(got).toContain(`ready\r\n${garbage}a OK`);
});

test('oversized-literal announces more than it sends', async () => {
  server.deliver(BOB, 'Subject: x\r\n\r\n');
  server.faults.arm({ kind: 'oversized-literal', announced: 4_000_000_000, sent: 100_000 });
  const socket = tls.connect({ ...server.imap, ca: server.ca });
  let got = Buffer.alloc(0);
  socket.write(`a LOGIN ${BOB} pw\r\nb SELECT INBOX\r\nc UID FETCH 1 (BODY.PEEK[])\r\n`);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    got = Buffer.concat([got, chunk]);
    if (got.subarray(-1).toString() === 'A' && got.length > 100_000) break;
  }
  expect(got.toString('latin1')).toContain('* 1 FETCH (UID 1 BODY[] {4000000000}\r\nAAAA');
});

test('offline refuses and closes, online is back on the same ports', async () => {
  const client = await openInbox();
  const closed = once(client, 'close');
  await server.goOffline();
  await closed;
  expect(await submit('a')).toMatchObject({ code: 'ESOCKET' });
  const probe = net.connect(server.imap);
  expect(((await once(probe, 'error')) as readonly NodeJS.ErrnoException[])[0]?.code).toBe('ECONNREFUSED');
  await server.goOnline();
  expect(await submit('b')).toHaveProperty('messageId');
  await openInbox();
});

test('a certificate can go bad and good again', async () => {
  server.present(await authority.issue('wrong-host'));
  await expect(imapClient().connect()).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  expect(await submit('a')).toMatchObject({ code: 'ESOCKET' });
  server.present(certificate);
  await imapClient().connect();
});

test('a new UIDVALIDITY ends the session and numbers the mails anew', async () => {
  for (const text of ['a', 'b', 'c']) server.deliver(BOB, text);
  const client = await openInbox();
  const before = client.mailbox && client.mailbox.uidValidity;
  await client.messageDelete('1', { uid: true });
  const closed = once(client, 'close');
  server.changeUidValidity(BOB);
  await closed;
  const again = await openInbox();
  expect(again.mailbox && again.mailbox.uidValidity).toBe((before || 0n) + 1n);
  expect(server.mailbox(BOB).mails.map(({ uid, raw }) => [uid, raw.toString()])).toEqual([
    [1, 'b'],
    [2, 'c'],
  ]);
});

test('bounce: the mail is taken and the sender gets a delivery failure, once', async () => {
  server.faults.arm({ kind: 'bounce', recipient: 'nowhere.test' }, { times: 'always' });
  expect(await submit('lost', ALICE, ['x@nowhere.test', BOB])).toHaveProperty('messageId');
  expect(inbox()).toEqual(['lost']);
  const [failure, ...more] = server.mailbox(ALICE).mails.map(({ raw }) => raw.toString());
  expect(more).toEqual([]);
  expect(failure).toMatch(/^Return-Path: <>\r\n/);
  expect(failure).toContain('multipart/report; report-type=delivery-status');
  expect(failure).toContain('Final-Recipient: rfc822; x@nowhere.test');
  expect(failure).toContain(/^Message-ID: .*$/im.exec(server.record.mails()[0]?.raw.toString() ?? '')?.[0]);
});

test('unknown recipients can be refused or bounced', async () => {
  await server.stop();
  server = await startMailServer({
    certificate,
    unknownRecipients: 'refuse',
    accounts: [{ address: BOB, password: 'pw' }],
  });
  expect(await submit('a', ALICE, ['who@mail.test'])).toMatchObject({ responseCode: 550 });
  expect(await submit('b')).toHaveProperty('messageId');
  await server.stop();
  server = await startMailServer({ certificate, unknownRecipients: 'bounce' });
  expect(await submit('c', ALICE, ['who@mail.test'])).toHaveProperty('messageId');
  expect(server.mailbox(ALICE).mails[0]?.raw.toString()).toContain('Final-Recipient: rfc822; who@mail.test');
});
