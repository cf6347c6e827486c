/** Interoperability with GnuPG, as another person's program: its own home, ended with it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCertificate, type Certificate } from './certificate.ts';
import { exportCertificate, exportOwnKey, generateOwnKey, importOwnKey, type OwnKey } from './keys.ts';
import { minimise } from './merge.ts';
import { openMessage } from './open.ts';
import { seal } from './seal.ts';
import { bytes, textOf } from './test-people.ts';

const now = Date.now();
const text = 'Grüße, gpg! 🔒\n'.repeat(2000);
let home = '';
let carol: Certificate;
let alice: OwnKey;

function gpg(args: readonly string[], input: Uint8Array | string = ''): Buffer {
  return execFileSync(
    'gpg',
    ['--batch', '--yes', '--quiet', '--trust-model', 'always', '--pinentry-mode', 'loopback', ...args],
    {
      input,
      env: { PATH: process.env['PATH'] ?? '', GNUPGHOME: home, LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    },
  );
}

async function read(octets: Uint8Array): Promise<Certificate> {
  const result = await readCertificate(octets, now);
  if (result.kind === 'refused') throw new Error(result.why);
  return result.certificate;
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'gpg-'));
  gpg(['--passphrase', '', '--quick-generate-key', 'Carol <carol@example.org>', 'ed25519', 'sign', 'never']);
  const listed = gpg(['--list-keys', '--with-colons', 'carol@example.org']).toString();
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? '';
  gpg(['--passphrase', '', '--quick-add-key', fingerprint, 'cv25519', 'encr', 'never']);
  carol = await read(gpg(['--export', 'carol@example.org']));
  alice = await generateOwnKey({ address: 'alice@example.org', now: now - 10_000 });
  gpg(['--import'], alice.certificate.bytes);
});

afterAll(() => {
  execFileSync('gpgconf', ['--kill', 'all'], { env: { PATH: process.env['PATH'] ?? '', GNUPGHOME: home } });
  rmSync(home, { recursive: true, force: true });
});

async function open(armored: Uint8Array) {
  return openMessage({ armored, own: [alice], candidates: () => Promise.resolve([carol]), now });
}

describe('GnuPG', () => {
  test('knows our certificate under the name we give it', () => {
    const listed = gpg(['--list-keys', '--with-colons', 'alice@example.org']).toString();
    expect(listed).toContain(`:${alice.certificate.fingerprint}:`);
    expect(listed).toContain('<alice@example.org>');
  });

  test('we read its certificate, armored and minimised too', async () => {
    expect(carol).toMatchObject({
      version: 4,
      addresses: ['carol@example.org'],
      seipd2: false,
      revoked: false,
    });
    expect((await read(gpg(['--export', '--armor', 'carol@example.org']))).bytes).toEqual(carol.bytes);
    const small = await minimise(carol, now);
    if (small.kind === 'refused') throw new Error(small.why);
    gpg(['--import'], small.certificate.bytes);
    gpg(['--import'], await exportCertificate(small.certificate));
  });

  test.each([
    ['named', false],
    ['hidden', true],
  ])('opens and verifies our message to a %s recipient', async (_, hidden) => {
    for (const compress of [false, true]) {
      const sealed = await seal({
        plaintext: bytes(text),
        from: alice,
        to: [carol],
        hideRecipients: hidden,
        compress,
        now,
      });
      if (sealed.kind === 'refused') throw new Error(sealed.why);
      // It does not announce version 2, so it is not sent any.
      expect(sealed.facts.seipd).toBe(1);
      expect(gpg(['--decrypt'], sealed.armored).toString()).toBe(text);
      const status = gpg(
        ['--status-fd', '1', '--output', '/dev/null', '--decrypt'],
        sealed.armored,
      ).toString();
      expect(status).toMatch(new RegExp(`VALIDSIG ${alice.certificate.fingerprint}`));
      expect(status).toContain('DECRYPTION_OKAY');
    }
  });

  test.each([
    ['uncompressed', ['-z', '0']],
    ['ZIP', ['--compress-algo', 'zip']],
    ['ZLIB', ['--compress-algo', 'zlib']],
    ['BZIP2', ['--compress-algo', 'bzip2']],
    ['AES-256', ['--cipher-algo', 'AES256']],
    ['SHA-512', ['--digest-algo', 'SHA512']],
    ['hidden recipient', ['--throw-keyids']],
    ['text signature', ['--textmode']],
  ])('we open and verify its message: %s', async (name, options) => {
    const armored = gpg(
      [...options, '--armor', '--sign', '--encrypt', '-u', 'carol@example.org', '-r', 'alice@example.org'],
      text,
    );
    const opened = await open(armored);
    if (opened.kind === 'refused') throw new Error(opened.why);
    expect(textOf(opened.plaintext).replaceAll('\r', '')).toBe(text);
    expect(opened.signature).toMatchObject({
      kind: 'good',
      fingerprint: carol.fingerprint,
      intendedRecipients: null,
    });
    expect(opened.facts.seipd).toBe(1);
    expect(opened.facts.hidden).toBe(name === 'hidden recipient');
  });

  test('weak message digests and unsigned messages prove nothing', async () => {
    const unsigned = await open(gpg(['--armor', '--encrypt', '-r', 'alice@example.org'], text));
    expect(unsigned).toMatchObject({ kind: 'opened', signature: { kind: 'none' } });
  });

  test('a body without integrity protection is refused', async () => {
    const armored = gpg(
      [
        '--rfc2440',
        '--disable-mdc',
        '--cipher-algo',
        '3DES',
        '--armor',
        '--encrypt',
        '-r',
        'alice@example.org',
      ],
      text,
    );
    expect(await open(armored)).toMatchObject({ kind: 'refused' });
  });

  test('imports our exported key and opens with it', async () => {
    const dora = await generateOwnKey({ address: 'dora@example.org', now: now - 5000 });
    gpg(['--passphrase', 'pass phrase', '--import'], await exportOwnKey(dora, 'pass phrase'));
    const sealed = await seal({
      plaintext: bytes('hi'),
      from: alice,
      to: [{ ...dora.certificate, seipd2: false }],
      hideRecipients: false,
      now,
    });
    if (sealed.kind === 'refused') throw new Error(sealed.why);
    expect(gpg(['--passphrase', 'pass phrase', '--decrypt'], sealed.armored).toString()).toBe('hi');
  });

  test('we import its key with the passphrase', async () => {
    gpg([
      '--passphrase',
      'secret',
      '--quick-generate-key',
      'erin@example.org',
      'rsa2048',
      'default',
      'never',
    ]);
    const exported = gpg(['--passphrase', 'secret', '--export-secret-keys', '--armor', 'erin@example.org']);
    expect(await importOwnKey(exported, 'wrong', now)).toEqual({ kind: 'refused', why: 'wrong-passphrase' });
    // gpg makes an RSA key with "default" usage for signing only.
    const imported = await importOwnKey(exported, 'secret', now + 2000);
    expect(imported).toEqual({ kind: 'refused', why: 'no-encryption-key' });
    const carolSecret = gpg(['--export-secret-keys', 'carol@example.org']);
    expect(await importOwnKey(carolSecret, null, now + 2000)).toMatchObject({
      kind: 'imported',
      key: { certificate: { fingerprint: carol.fingerprint } },
    });
  });

  test('a revocation made by it is seen', async () => {
    gpg(['--passphrase', '', '--quick-generate-key', 'gone@example.org', 'ed25519', 'default', 'never']);
    const listed = gpg(['--list-keys', '--with-colons', 'gone@example.org']).toString();
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? '';
    const { readFileSync } = await import('node:fs');
    const revocation = readFileSync(join(home, 'openpgp-revocs.d', `${fingerprint}.rev`), 'latin1');
    gpg(['--import'], revocation.replace(/^:-----BEGIN/m, '-----BEGIN'));
    const certificate = await readCertificate(gpg(['--export', 'gone@example.org']), now + 5000);
    expect(certificate).toMatchObject({ kind: 'certificate', certificate: { revoked: true } });
  });
});
