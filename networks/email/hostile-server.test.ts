import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createCertificate, type Certificate } from '../../e2e/peers/certificate.ts';
import type { MailServer } from '../../e2e/peers/mail/server.ts';
import { drip, startScriptedTls, type ScriptedTls } from '../../e2e/peers/scripted-tls.ts';
import { openInbox } from './connection.ts';
import { guard, type Passed } from './guard.ts';
import { createSubmission, type Submission } from './submission.ts';
import { createTaker } from './test/taker.ts';
import { openMailServer } from './test/world.ts';
import { createWriter, letterOf, sealedMail, type Writer } from './test/writer.ts';
import type { Access } from './tls.ts';

const LATE_MS = 250;
const YEARS_MS = 10 * 365 * 24 * 60 * 60 * 1_000;
let certificate: Certificate;
let mail: Passed;
let writer: Writer;
const servers: { stop(): unknown }[] = [];
const opened: Submission[] = [];

beforeAll(async () => {
  certificate = await createCertificate();
  const me = await createWriter('me@example.org');
  writer = await createWriter('you@example.org', 'You');
  const letter = letterOf(me, writer.address, 'hello', { messageId: 'm@localhost' });
  const verdict = guard(
    {
      kind: 'sealed-mail',
      conversation: null,
      from: me.address,
      to: [writer.address],
      messageId: 'm@localhost',
      bytes: await sealedMail(me, letter, [writer.key.certificate]),
    },
    () => true,
  );
  if (verdict.kind !== 'pass') throw new Error(verdict.why);
  mail = verdict.mail;
});
afterEach(async () => {
  for (const one of opened.splice(0)) one.close();
  for (const one of servers.splice(0)) await one.stop();
});

const stopped = <T extends { stop(): unknown }>(server: T): T => {
  servers.push(server);
  return server;
};
const scripted = async (serve?: Parameters<typeof startScriptedTls>[1]): Promise<ScriptedTls> =>
  stopped(await startScriptedTls(certificate, serve));
/** Says something whole, and then never comes to an end. */
const dripping = (first: string, text: string): Promise<ScriptedTls> =>
  scripted((socket) => {
    socket.write(first);
    drip(socket, text);
  });
const honest = async (): Promise<MailServer> => stopped(await openMailServer({ certificate }));
const accessAt = (port: number): Access => ({
  server: { host: 'localhost', port, security: 'tls', user: 'address' },
  address: 'me@example.org',
  password: 'pw',
  ca: certificate.ca,
  proxy: null,
});
const inboxAt = (port: number, wholeMs?: number) =>
  openInbox(accessAt(port), new AbortController().signal, wholeMs);
const submissionAt = (port: number): Submission => {
  const submission = createSubmission(accessAt(port), { openMs: LATE_MS, takeMs: LATE_MS });
  opened.push(submission);
  return submission;
};

describe('AT-61 a server that sends a byte at a time, for ever, is left', () => {
  test.each([
    ['in its greeting', ''],
    ['in its first answer', '* OK ready\r\n'],
  ])('reading: %s', async (_when, first) => {
    const server = await dripping(first, '* OK still busy\r\n');
    await expect(inboxAt(server.port, LATE_MS)).rejects.toMatchObject({ fault: 'unreachable' });
  });

  test('reading: in a command after it was opened', async () => {
    const server = await honest();
    // Long enough to sign in on a busy computer.
    const inbox = await inboxAt(server.imap.port, 1_500);
    // Held for good, unless somebody lets go.
    server.faults.arm({ kind: 'stall', protocol: 'imap', direction: 'to-client' }, { times: 'always' });
    await expect(inbox.newerThan(0)).rejects.toMatchObject({ fault: 'unreachable' });
  });

  test.each([
    ['in its greeting', ''],
    ['in the list of what it can', '220 ready\r\n'],
  ])('sending: %s; nothing was handed over', async (_when, first) => {
    const server = await dripping(first, '250-BUSY\r\n');
    expect(await submissionAt(server.port).send(mail)).toEqual({ kind: 'later', why: 'unreachable' });
  });

  test('sending: after the bytes of a mail; it may have it', async () => {
    const server = await scripted((socket) => {
      socket.write('220 ready\r\n');
      let inData = false;
      socket.on('data', (bytes) => {
        const line = bytes.toString('latin1');
        if (inData) return;
        if (line.startsWith('EHLO')) socket.write('250-localhost\r\n250 AUTH PLAIN\r\n');
        else if (line.startsWith('AUTH')) socket.write('235 welcome\r\n');
        else if (line.startsWith('DATA')) {
          inData = true;
          socket.write('354 go on\r\n');
          drip(socket, '250-BUSY\r\n');
        } else socket.write('250 ok\r\n');
      });
    });
    expect(await submissionAt(server.port).send(mail)).toEqual({ kind: 'ambiguous' });
  });
});

describe('AT-61 a server that names another one is not followed', () => {
  test('IMAP: a referral (RFC 2193) is a refusal', async () => {
    const [server, other] = [await honest(), await scripted()];
    const text = `[REFERRAL imap://me;AUTH=*@localhost:${other.port}/INBOX] over there`;
    server.faults.arm({ kind: 'refuse-command', command: 'EXAMINE', status: 'NO', text });
    await expect(inboxAt(server.imap.port)).rejects.toMatchObject({ fault: 'unreachable' });
    expect(other.visitors()).toBe(0);
  });

  test('SMTP: "try there" (551) is a refusal', async () => {
    const [server, other] = [await honest(), await scripted()];
    const text = `5.1.6 User not local; please try <you@localhost:${other.port}>`;
    server.faults.arm({ kind: 'refuse-recipient', code: 551, text });
    expect(await submissionAt(server.smtp.port).send(mail)).toEqual({
      kind: 'refused',
      code: 551,
      enhanced: '5.1.6',
    });
    expect(other.visitors()).toBe(0);
    expect(server.record.mails()).toEqual([]);
  });
});

test('AT-61 a password goes to the server that was named, once a connection, whatever that answers', async () => {
  const said: string[] = [];
  const server = await scripted((socket) => {
    socket.write('* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n');
    socket.on('data', (bytes) => {
      const line = bytes.toString('latin1');
      said.push(line.trim());
      const [tag = '*'] = line.split(' ');
      if (/ (?:AUTHENTICATE|LOGIN) /.test(line))
        socket.write(`${tag} NO [AUTHENTICATIONFAILED] again, please\r\n`);
      else socket.write(`${tag} OK\r\n`);
    });
  });
  await expect(inboxAt(server.port)).rejects.toMatchObject({ fault: 'login' });
  expect(said.filter((line) => / (?:AUTHENTICATE|LOGIN) /.test(line))).toHaveLength(1);
  expect(server.visitors()).toBe(1);
});

test('AT-61 clocks ten years off order nothing and date nothing later than now', async () => {
  const me = await createTaker();
  const now = Date.now();
  const dates = [now + YEARS_MS, now - YEARS_MS, now + 2 * YEARS_MS, 0];
  const mails = await Promise.all(
    dates.map((sentAt, at) =>
      sealedMail(writer, letterOf(writer, me.address, `message ${at}`, { sentAt }), [me.certificate]),
    ),
  );
  const { changes } = await me.take(...mails);
  const messages = changes.flatMap((change) => (change.kind === 'message' ? [change] : []));
  expect(messages.map(({ content }) => content.text)).toEqual(dates.map((_, at) => `message ${at}`));
  for (const { sentAt } of messages) {
    expect(sentAt).toBeGreaterThanOrEqual(0);
    expect(sentAt).toBeLessThanOrEqual(Date.now());
  }
});
