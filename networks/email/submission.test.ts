import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createCertificate } from '../../e2e/peers/certificate.ts';
import type { MailServer } from '../../e2e/peers/mail/server.ts';
import { guard, type Passed } from './guard.ts';
import { createSubmission, verifySubmission, type Submission } from './submission.ts';
import { createWriter, letterOf, sealedMail } from './test/writer.ts';
import { openMailServer } from './test/world.ts';
import { isCertificateError, PERSON_RETRY_MS, type Access } from './tls.ts';

let server: MailServer;
let mail: Passed;
const opened: Submission[] = [];

beforeAll(async () => {
  server = await openMailServer({ maxMailBytes: 100_000 });
  mail = await passedMail('hello');
});
afterEach(() => {
  server.faults.disarmAll();
  for (const one of opened.splice(0)) one.close();
});
afterAll(async () => server?.stop());

async function passedMail(text: string): Promise<Passed> {
  const [me, you] = [await createWriter('me@example.org'), await createWriter('you@example.org')];
  const letter = letterOf(me, you.address, text, { messageId: 'm@localhost' });
  const bytes = await sealedMail(me, letter, [you.key.certificate]);
  const operation = {
    kind: 'sealed-mail' as const,
    conversation: null,
    from: me.address,
    to: [you.address],
    messageId: 'm@localhost',
    bytes,
  };
  const verdict = guard(operation, () => true);
  if (verdict.kind !== 'pass') throw new Error(verdict.why);
  return verdict.mail;
}

const access = (more: Partial<Access> = {}): Access => ({
  server: { ...server.smtp, security: 'tls', user: 'address' },
  address: 'me@example.org',
  password: 'pw',
  ca: server.ca,
  proxy: null,
  ...more,
});
function open(more: Partial<Access> = {}): Submission {
  const submission = createSubmission(access(more));
  opened.push(submission);
  return submission;
}

describe('handing over', () => {
  test('a refused password is offered once, whatever waits behind', async () => {
    server.faults.arm({ kind: 'refuse-login', protocol: 'smtp' });
    const submission = open();
    const all = await Promise.all([submission.send(mail), submission.send(mail)]);
    expect(all).toEqual([
      { kind: 'later', why: 'login' },
      { kind: 'later', why: 'login' },
    ]);
    // The server would take it by now.
    server.faults.disarmAll();
    expect(await submission.send(mail)).toEqual({ kind: 'later', why: 'login' });
    expect(await open().send(mail)).toEqual({ kind: 'accepted' });
  });

  test('it is offered again once the time is over, also where the clock was set back meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    try {
      server.faults.arm({ kind: 'refuse-login', protocol: 'smtp' });
      const submission = open();
      expect(await submission.send(mail)).toEqual({ kind: 'later', why: 'login' });
      server.faults.disarmAll();
      vi.setSystemTime(Date.now() - 365 * 86_400_000);
      vi.advanceTimersByTime(PERSON_RETRY_MS);
      expect(await submission.send(mail)).toEqual({ kind: 'accepted' });
    } finally {
      vi.useRealTimers();
    }
  });

  test('keeps its connection for the next mail', async () => {
    const submission = open();
    server.record.clear();
    expect(await Promise.all([submission.send(mail), submission.send(mail)])).toEqual([
      { kind: 'accepted' },
      { kind: 'accepted' },
    ]);
    const connections = new Set(server.record.requests().map(({ connection }) => connection));
    expect(connections.size).toBe(1);
    expect(server.record.mails().every(({ raw }) => raw.equals(Buffer.from(mail.bytes)))).toBe(true);
  });

  test('opens another where the kept one has gone', async () => {
    const submission = open();
    await submission.send(mail);
    server.dropConnections();
    // The end of the old connection may be seen only while the next mail is under way: then it is simply tried again.
    let handover = await submission.send(mail);
    if (handover.kind === 'later') handover = await submission.send(mail);
    expect(handover).toEqual({ kind: 'accepted' });
  });

  test.each<[number, string, object]>([
    [550, 'no', { kind: 'refused', code: 550, enhanced: null }],
    [554, '5.7.1 no', { kind: 'refused', code: 554, enhanced: '5.7.1' }],
    [451, 'later', { kind: 'later', why: 'busy' }],
    [503, 'bad sequence', { kind: 'later', why: 'protocol' }],
    [530, 'sign in first', { kind: 'later', why: 'login' }],
  ])('%i %s', async (code, text, handover) => {
    server.faults.arm({ kind: 'refuse-sender', code, text });
    expect(await open().send(mail)).toEqual(handover);
  });

  test('a mail larger than the server announces is refused before it is sent', async () => {
    server.record.clear();
    expect(await open().send(await passedMail('x'.repeat(200_000)))).toMatchObject({
      kind: 'refused',
      code: 552,
    });
    expect(server.record.mails()).toEqual([]);
  });

  test('a connection lost before the first byte of the mail handed nothing over', async () => {
    server.faults.arm({ kind: 'drop-after', protocol: 'smtp', direction: 'to-server', bytes: 100 });
    expect(await open().send(mail)).toEqual({ kind: 'later', why: 'unreachable' });
  });

  test('one lost afterwards may have', async () => {
    server.faults.arm({ kind: 'drop-data', when: 'after-accept' });
    expect(await open().send(mail)).toEqual({ kind: 'ambiguous' });
  });

  test('nothing is sent after closing', async () => {
    const submission = open();
    submission.close();
    expect(await submission.send(mail)).toEqual({ kind: 'later', why: 'unreachable' });
  });
});

describe('signing in', () => {
  test('needs a certificate somebody vouches for', async () => {
    await expect(verifySubmission(access({ ca: null }))).rejects.toMatchObject({ fault: 'certificate' });
    expect(await open({ ca: (await createCertificate()).ca }).send(mail)).toEqual({
      kind: 'later',
      why: 'certificate',
    });
  });

  test('tells a refused password from a busy service', async () => {
    server.faults.arm({ kind: 'refuse-login', protocol: 'smtp' });
    await expect(verifySubmission(access())).rejects.toMatchObject({ fault: 'login' });
    server.faults.arm({ kind: 'refuse-login', protocol: 'smtp', temporary: true });
    await expect(verifySubmission(access())).rejects.toMatchObject({ fault: 'busy' });
  });

  test('nobody there', async () => {
    await expect(
      verifySubmission(access({ server: { host: '127.0.0.1', port: 1, security: 'tls', user: 'address' } })),
    ).rejects.toMatchObject({
      fault: 'unreachable',
    });
  });

  test('never goes around a proxy', async () => {
    server.record.clear();
    await expect(verifySubmission(access({ proxy: 'socks5://127.0.0.1:1' }))).rejects.toMatchObject({
      fault: 'unreachable',
    });
    expect(server.record.requests()).toEqual([]);
  });

  test('by name: the name is asked for in TLS', async () => {
    await verifySubmission(
      access({ server: { host: 'localhost', port: server.smtp.port, security: 'tls', user: 'local-part' } }),
    );
  });
});

test('errors about certificates are told from others, wherever they hide', () => {
  const error = (code: string): Error => Object.assign(new Error('x'), { code });
  for (const code of [
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ])
    expect(isCertificateError(error(code))).toBe(true);
  expect(isCertificateError(new Error('outer', { cause: error('CERT_REVOKED') }))).toBe(true);
  expect(isCertificateError(new Error('unable to verify the first certificate'))).toBe(true);
  expect(isCertificateError(Object.assign(new Error('certificate'), { response: '550 certificate' }))).toBe(
    false,
  );
  expect(isCertificateError(error('ECONNRESET'))).toBe(false);
  expect(isCertificateError('CERT_HAS_EXPIRED')).toBe(false);
});
