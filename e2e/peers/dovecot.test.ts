import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCertificate } from './certificate.ts';
import { startDeltaChat } from './deltachat.ts';
import { dovecotConfig } from './dovecot-config.ts';
import { dovecotInstalled, startDovecot } from './dovecot.ts';
import type { Dovecot } from './dovecot.ts';

const ALICE = 'alice@mail.test';
const BOB = 'bob@mail.test';
const installed = await dovecotInstalled();

test('the configuration opens the two ports on the loopback address and nothing else', () => {
  const owner = { internalUser: 'a', loginUser: 'b', internalGroup: 'c', mailUid: 7, mailGid: 8 };
  const config = dovecotConfig({ folder: '/somewhere', imapPort: 40001, lmtpPort: 40002, ...owner });
  expect([...config.matchAll(/^ +port = (\d+)$/gm)].map(([, port]) => port)).toEqual(['0', '40001', '40002']);
  expect([...config.matchAll(/(?:listen|address) = (.*)$/gm)].map(([, host]) => host)).toEqual([
    '127.0.0.1',
    '127.0.0.1',
  ]);
  expect(config.match(/ \/(?!somewhere\/|dev\/stderr)\S*/g)).toBeNull();
});

// The faithful server is an extra on machines that have it; every behaviour has its test on the in-memory one.
const onDovecot = (tests: () => void): void => (installed ? void describe('dovecot', tests) : undefined);
onDovecot(() => {
  let dovecot: Dovecot;
  beforeAll(async () => {
    dovecot = await startDovecot(await createCertificate());
  });
  afterAll(() => dovecot?.stop());

  test('a submitted mail reaches IMAP over verified TLS', async () => {
    const auth = { user: ALICE, pass: 'pw' };
    const tls = { ca: dovecot.ca };
    const transport = createTransport({ ...dovecot.smtp, secure: true, tls, auth });
    await transport.sendMail({ from: ALICE, to: BOB, subject: 'hello', text: '.dot\r\n..dots' });
    await dovecot.deliver(BOB, 'Subject: direct\r\n\r\nbody\r\n');
    const client = new ImapFlow({
      ...dovecot.imap,
      secure: true,
      tls,
      auth: { user: BOB, pass: 'any' },
      logger: false,
    });
    await client.connect();
    await client.mailboxOpen('INBOX');
    const mails = await client.fetchAll('1:*', { source: true, uid: true }, { uid: true });
    await client.logout();
    expect(mails.map(({ uid }) => uid)).toEqual([1, 2]);
    expect(mails[0]?.source?.toString()).toMatch(/Subject: hello\r\n[^]*\r\n\r\n\.dot\r\n\.\.dots\r\n$/);
    expect(mails[1]?.source?.toString()).toMatch(/Subject: direct\r\n\r\nbody\r\n$/);
    expect(dovecot.record.mails()).toMatchObject([{ from: ALICE, to: [BOB] }]);
  });

  test('the delivery failure of a bounce reaches its sender', async () => {
    dovecot.faults.arm({ kind: 'bounce', recipient: 'nowhere.test' });
    const auth = { user: 'carol@mail.test', pass: 'pw' };
    const tls = { ca: dovecot.ca };
    const transport = createTransport({ ...dovecot.smtp, secure: true, tls, auth });
    await transport.sendMail({ from: auth.user, to: 'x@nowhere.test', text: 'lost' });
    const client = new ImapFlow({ ...dovecot.imap, secure: true, tls, auth, logger: false });
    await client.connect();
    await client.mailboxOpen('INBOX');
    const failure = await client.fetchOne('1', { source: true });
    await client.logout();
    expect(failure && failure.source?.toString()).toContain('Final-Recipient: rfc822; x@nowhere.test');
  });

  test('two real cores join and talk over it', async () => {
    const alice = await startDeltaChat({ mail: dovecot, address: 'alice@core.test' });
    const bob = await startDeltaChat({ mail: dovecot, address: 'bob@core.test' });
    try {
      const chat = await bob.join(await alice.inviteLink());
      await bob.sendText(chat, 'over dovecot');
      expect(await alice.waitForText('over dovecot')).toMatchObject({ padlock: true });
    } finally {
      await Promise.all([alice.stop(), bob.stop()]);
    }
  });
});
