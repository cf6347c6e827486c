import { createServer, type Server as NetServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createCertificate } from '../../e2e/peers/certificate.ts';
import type { MailServer } from '../../e2e/peers/mail/server.ts';
import type { FlowAnswer, FlowStart } from '../../shared/lane/flow.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf, userOf } from './account-record.ts';
import { openInbox } from './connection.ts';
import { createLane } from './lane.ts';
import { providerName, providerOf, providers } from './providers.ts';
import { verifySubmission } from './submission.ts';
import { createCoreDouble, runFlow, type DoubleOptions } from './test/lane-context.ts';
import { accountArgs, openMailServer } from './test/world.ts';
import { fitsEnvironment, isLoopback, type Access } from './tls.ts';

let server: MailServer;
beforeAll(async () => {
  server = await openMailServer({ accounts: [{ address: 'me@example.org', password: 'right' }] });
});
afterEach(() => server.faults.disarmAll());
afterAll(async () => server?.stop());

const args = (more: Record<string, string> = {}): Record<string, string> => ({
  ...accountArgs(server, 'me@example.org'),
  password: 'right',
  ...more,
});
const add = (
  given: Record<string, string>,
  answers: readonly FlowAnswer[] = [],
  options: DoubleOptions = {},
  signal?: AbortSignal,
) => {
  const start: FlowStart = { kind: 'add-account', args: given };
  return runFlow(createLane(), start, createCoreDouble(null, options).context, answers, signal);
};
const fields = (values: Record<string, string>): FlowAnswer => ({ kind: 'fields', values });
const last = async (...of: Parameters<typeof add>) => (await add(...of)).steps.at(-1);

describe('adding an account', () => {
  test('signs in to both services, makes a key and hands over its state', async () => {
    const { steps, setup } = await add(args({ address: ' Me@Example.ORG ', displayName: ' Me \u202e' }));
    expect(steps.map(({ kind }) => kind)).toEqual(['progress', 'done']);
    expect(setup).toMatchObject({ network: 'email', address: 'me@example.org', displayName: 'Me' });
    expect(setup?.work.every(({ expect: version }) => version === 0)).toBe(true);
    const core = createCoreDouble(setup);
    const { account, key } = await readSelf(createWork(core.context.view), Date.now());
    expect(account).toMatchObject({ password: 'right', ca: server.ca, imap: { security: 'tls' } });
    expect(key.certificate).toMatchObject({
      version: 4,
      addresses: ['me@example.org'],
      algorithms: ['eddsaLegacy ed25519Legacy', 'ecdh curve25519Legacy'],
    });
  });

  test.each([
    '',
    'me',
    'me@',
    '@example.org',
    'a b@example.org',
    'me@example.org\r\nBcc: x@y.z',
    'x'.repeat(400) + '@example.org',
  ])('refuses %j as an address', async (address) => {
    expect(await last(args({ address }))).toEqual({ kind: 'failed', why: 'address-malformed' });
  });

  test('names a provider that wants another sign-in, or offers no IMAP', async () => {
    const bare = { password: 'p', displayName: '' };
    for (const address of ['me@gmail.com', 'me@outlook.com'])
      expect(await last({ ...bare, address }, [], { environment: 'live' })).toEqual({
        kind: 'failed',
        why: 'needs-oauth',
      });
    expect(await last({ ...bare, address: 'me@proton.me' }, [], { environment: 'live' })).toEqual({
      kind: 'failed',
      why: 'not-possible',
    });
  });

  test('asks for the servers of an unknown provider, and goes on with the answer', async () => {
    const { address, password, displayName, ca, ...servers } = args();
    const { steps, setup } = await add(
      { address: address ?? '', password: password ?? '', displayName: displayName ?? '', ca: ca ?? '' },
      [fields(servers)],
    );
    expect(steps[1]).toEqual({
      kind: 'ask',
      why: 'server-unknown',
      fields: [
        { name: 'imapHost', secret: false, value: 'imap.example.org' },
        { name: 'imapPort', secret: false, value: '993' },
        { name: 'smtpHost', secret: false, value: 'smtp.example.org' },
        { name: 'smtpPort', secret: false, value: '465' },
      ],
    });
    expect(setup?.address).toBe('me@example.org');
  });

  test.each<[string, Record<string, string>]>([
    ['no host', { imapHost: '' }],
    ['a host with blanks', { imapHost: 'a b' }],
    ['no number', { smtpPort: 'x' }],
    ['port 0', { smtpPort: '0' }],
    ['a port too high', { imapPort: '70000' }],
  ])('asks again for servers with %s', async (_what, more) => {
    const { steps } = await add(args(more), [{ kind: 'no' }]);
    expect(steps.at(-2)).toMatchObject({ kind: 'ask', why: 'server-unknown' });
    expect(steps.at(-1)).toEqual({ kind: 'failed', why: 'cancelled' });
  });

  test('asks again for a refused password', async () => {
    const { steps, setup } = await add(args({ password: 'wrong' }), [
      fields({ password: 'also wrong' }),
      fields({ password: 'right' }),
    ]);
    expect(steps.filter(({ kind }) => kind === 'ask')).toEqual([
      { kind: 'ask', why: 'login-refused', fields: [{ name: 'password', secret: true, value: '' }] },
      { kind: 'ask', why: 'login-refused', fields: [{ name: 'password', secret: true, value: '' }] },
    ]);
    expect(setup).not.toBeNull();
    expect((await add(args({ password: '' }))).steps[1]).toMatchObject({ kind: 'ask', why: 'login-refused' });
  });

  test('finds out that only the submission service refuses', async () => {
    server.faults.arm({ kind: 'refuse-login', protocol: 'smtp' });
    expect((await add(args())).steps.at(-2)).toMatchObject({ kind: 'ask', why: 'login-refused' });
  });

  test('gives up after being answered in vain', async () => {
    const answers = Array.from({ length: 20 }, () => fields({ password: 'wrong' }));
    expect(await last(args({ password: 'wrong' }), answers)).toEqual({
      kind: 'failed',
      why: 'too-many-tries',
    });
    // What is answered last is tried.
    expect(await last(args({ password: 'wrong' }), answers.with(9, fields({ password: 'right' })))).toEqual({
      kind: 'done',
      conversation: null,
      peer: null,
    });
  });

  test('a busy service is not a wrong password', async () => {
    server.faults.arm({ kind: 'refuse-login', protocol: 'imap', temporary: true });
    expect((await add(args())).steps.at(-2)).toMatchObject({ kind: 'ask', why: 'server-unreachable' });
  });

  test('nobody listens there', async () => {
    expect((await add(args({ imapPort: '1' }))).steps.at(-2)).toMatchObject({
      kind: 'ask',
      why: 'server-unreachable',
    });
    expect((await add(args({ smtpPort: '1' }))).steps.at(-2)).toMatchObject({
      kind: 'ask',
      why: 'server-unreachable',
    });
  });

  test('ports known for STARTTLS are used with it', async () => {
    const given = args({ imapPort: '143', smtpPort: '587' });
    expect((await add(given)).steps.at(-2)).toMatchObject({ kind: 'ask', why: 'server-unreachable' });
    expect((await add({})).steps).toEqual([{ kind: 'failed', why: 'address-malformed' }]);
    expect((await add({ address: 'me@example.org' })).steps[1]).toMatchObject({
      kind: 'ask',
      why: 'server-unknown',
    });
  });

  test('a certificate nobody vouches for is refused for good', async () => {
    const { ca, ...without } = args();
    expect(ca).not.toBe('');
    expect(await last(without)).toEqual({ kind: 'failed', why: 'certificate-refused' });
    expect(await last(args({ ca: (await createCertificate()).ca }))).toEqual({
      kind: 'failed',
      why: 'certificate-refused',
    });
  });

  test.each(['wrong-host', 'expired', 'not-yet-valid', 'other-authority'] as const)(
    'a certificate with the flaw %s is refused',
    async (flaw) => {
      const flawed = await openMailServer({ certificate: await createCertificate(flaw) });
      try {
        expect(await last({ ...accountArgs(flawed, 'me@example.org') })).toEqual({
          kind: 'failed',
          why: 'certificate-refused',
        });
        expect(flawed.record.commands()).toEqual([]);
      } finally {
        await flawed.stop();
      }
    },
  );

  test('a live profile takes neither a test authority nor a loopback server', async () => {
    const { ca, ...without } = args();
    expect(await last(args(), [], { environment: 'live' })).toEqual({
      kind: 'failed',
      why: 'test-profile-only',
    });
    expect(await last(without, [], { environment: 'live' })).toEqual({
      kind: 'failed',
      why: 'test-profile-only',
    });
    const elsewhere = {
      imapHost: 'imap.example.org',
      imapPort: '993',
      smtpHost: 'localhost',
      smtpPort: '465',
    };
    expect(await last({ ...without, ...elsewhere }, [], { environment: 'live' })).toEqual({
      kind: 'failed',
      why: 'test-profile-only',
    });
    expect(
      await last({ ...without, ...elsewhere, smtpHost: 'smtp.example.org', ca: ca ?? '' }, [], {
        environment: 'live',
      }),
    ).toEqual({ kind: 'failed', why: 'test-profile-only' });
  });

  test('a test profile reaches no live server', async () => {
    expect(await last({ address: 'me@posteo.de', password: 'p' })).toEqual({
      kind: 'failed',
      why: 'not-possible',
    });
  });

  test('can be cancelled while it connects', async () => {
    server.faults.arm({ kind: 'stall-connect', protocol: 'imap' });
    const stop = new AbortController();
    const adding = add(args(), [], {}, stop.signal);
    stop.abort();
    expect((await adding).steps.at(-1)).toEqual({ kind: 'failed', why: 'cancelled' });
  });
});

describe('AT-39 a server that has no TLS', () => {
  const servers: NetServer[] = [];
  const sockets = new Set<Socket>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    for (const one of servers.splice(0)) one.close();
  });

  async function plaintext(greet: string, answer: (line: string) => string) {
    const heard: string[] = [];
    const one = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.write(greet);
      socket.on('data', (chunk) => {
        for (const line of chunk.toString('latin1').split('\r\n').filter(Boolean)) {
          heard.push(line);
          socket.write(answer(line));
        }
      });
    });
    servers.push(one);
    await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
    const { port } = one.address() as AddressInfo;
    const access = (security: 'tls' | 'starttls'): Access => ({
      server: { host: '127.0.0.1', port, security, user: 'address' },
      address: 'me@example.org',
      password: 'secret-word',
      ca: null,
      proxy: null,
    });
    return { heard, access };
  }

  const imapAnswer = (starttls: string) => (line: string) => {
    const [tag = '*', verb = ''] = line.split(' ');
    if (verb === 'CAPABILITY') return `* CAPABILITY IMAP4rev1 ${starttls}\r\n${tag} OK\r\n`;
    if (verb === 'STARTTLS') return `${tag} OK go\r\n* OK injected\r\n`;
    return `${tag} OK\r\n`;
  };
  const smtpAnswer = (starttls: string) => (line: string) =>
    line.startsWith('EHLO')
      ? `250-hi\r\n${starttls}250 AUTH PLAIN LOGIN\r\n`
      : line === 'STARTTLS'
        ? '220 go\r\n250 injected\r\n'
        : '250 ok\r\n';

  test.each(['', 'STARTTLS'])('IMAP announcing %j gets no password', async (announced) => {
    const { heard, access } = await plaintext('* OK hi\r\n', imapAnswer(announced));
    await expect(openInbox(access('starttls'), new AbortController().signal)).rejects.toMatchObject({
      fault: 'no-tls',
    });
    expect(heard.join('\n')).not.toContain('secret-word');
    await expect(openInbox(access('tls'), new AbortController().signal)).rejects.toMatchObject({
      fault: 'no-tls',
    });
    expect(heard.join('\n')).not.toContain('secret-word');
  });

  test('the person is asked for other servers', async () => {
    const { access } = await plaintext('* OK hi\r\n', imapAnswer(''));
    const { steps } = await add(args({ imapPort: String(access('tls').server.port) }));
    expect(steps.at(-2)).toMatchObject({ kind: 'ask', why: 'tls-required' });
  });

  test.each(['', '250-STARTTLS\r\n'])('SMTP announcing %j gets no password', async (announced) => {
    const { heard, access } = await plaintext('220 hi\r\n', smtpAnswer(announced));
    await expect(verifySubmission(access('starttls'))).rejects.toMatchObject({ fault: 'no-tls' });
    await expect(verifySubmission(access('tls'))).rejects.toMatchObject({
      fault: expect.stringMatching(/no-tls|unreachable/),
    });
    expect(heard.join('\n')).not.toContain(Buffer.from('\0me@example.org\0secret-word').toString('base64'));
  });
});

describe('the provider table', () => {
  test('has enough rows, each complete, sourced and dated, no domain twice', () => {
    expect(providers.length).toBeGreaterThanOrEqual(20);
    const domains = providers.flatMap((provider) => provider.domains);
    expect(new Set(domains).size).toBe(domains.length);
    for (const provider of providers) {
      expect(provider.source).not.toBe('');
      expect(provider.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(provider.domains.length).toBeGreaterThan(0);
      for (const domain of provider.domains) expect(domain).toMatch(/^[a-z0-9.-]+\.[a-z]+$/);
      if (provider.signIn === 'none') expect([provider.imap, provider.smtp]).toEqual([null, null]);
      else {
        expect(provider.imap).toMatchObject({ security: provider.imap?.port === 993 ? 'tls' : 'starttls' });
        expect(provider.smtp).toMatchObject({ security: provider.smtp?.port === 465 ? 'tls' : 'starttls' });
        expect(fitsEnvironment(provider.imap?.host ?? '', 'live')).toBe(true);
      }
    }
  });

  test('knows names and user names', () => {
    expect(providerOf('posteo.de')?.name).toBe('Posteo');
    expect(providerName('unknown.example')).toBe('unknown.example');
    const icloud = providerOf('icloud.com');
    if (!icloud?.imap || !icloud.smtp) throw new Error('no iCloud');
    expect(userOf(icloud.imap, 'me.too@icloud.com')).toBe('me.too');
    expect(userOf(icloud.smtp, 'me.too@icloud.com')).toBe('me.too@icloud.com');
  });

  test.each([
    'localhost',
    'LOCALHOST.',
    'mail.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '[::1]',
    '0.0.0.0',
    '::',
    '::ffff:127.0.0.1',
  ])('%s is this machine', (host) => expect(isLoopback(host)).toBe(true));
  test.each([
    'example.org',
    '128.0.0.1',
    '10.0.0.1',
    'localhost.example.org',
    '::2',
    '127.0.0.1.example.org',
  ])('%s is another machine', (host) => expect(isLoopback(host)).toBe(false));
});
