import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MailServer } from '../../e2e/peers/mail/server.ts';
import type { Certificate } from '../../crypto/openpgp/certificate.ts';
import { readCertificate } from '../../crypto/openpgp/certificate.ts';
import { KEY_LIMIT_BYTES } from '../../crypto/openpgp/config.ts';
import type { KeyImport } from '../../shared/lane/key.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf } from './account-record.ts';
import { startGpg, type Gpg } from './test/gpg.ts';
import { isMessage, openAgain, openMailServer, openPlainseal, type Plainseal } from './test/world.ts';
import { certificateOf, createWriter, letterOf, sealedMail, type Writer } from './test/writer.ts';

const ME = 'me@example.org';
let gpg: Gpg;
let server: MailServer;
let me: Plainseal;
let writer: Writer;

beforeAll(() => {
  gpg = startGpg();
});
afterAll(() => gpg.close());
beforeEach(async () => {
  server = await openMailServer();
  me = await openPlainseal(server, ME);
  writer = await createWriter('writer@example.org', 'Writer');
});
afterEach(async () => {
  await me?.stop();
  await server?.stop();
});

async function importKey(text: string, passphrase: string | null = null): Promise<KeyImport> {
  if (!me.lane.importKey) throw new Error('the lane takes no keys');
  return me.lane.importKey(text, passphrase);
}
async function exportKey(passphrase: string): Promise<{ readonly name: string; readonly text: string }> {
  if (!me.lane.exportKey) throw new Error('the lane hands out no keys');
  const { name, bytes } = await me.lane.exportKey(passphrase);
  return { name, text: Buffer.from(bytes).toString('utf8') };
}
const self = () => readSelf(createWork(me.core.context.view), Date.now());
const deliver = async (text: string, to: Certificate) =>
  server.deliver(ME, await sealedMail(writer, letterOf(writer, ME, text), [to]));
async function certificateIn(bytes: Uint8Array): Promise<Certificate> {
  const read = await readCertificate(bytes, Date.now());
  if (read.kind === 'refused') throw new Error(read.why);
  return read.certificate;
}

describe('exporting my key', () => {
  test('gives a file that gpg imports with the passphrase only, and opens my mail with', async () => {
    const { name, text } = await exportKey('pass phrase');
    expect(name).toBe('secret-key-me@example.org.asc');
    expect(text).toMatch(/^-----BEGIN PGP PRIVATE KEY BLOCK-----/);
    const other = startGpg();
    try {
      other.run(['--passphrase', 'pass phrase', '--import'], text);
      other.run(['--import'], writer.key.certificate.bytes);
      const mine = await certificateOf(me);
      // gpg 2.2 knows no version 2 of the sealed packet.
      const old = { ...mine, seipd2: false };
      const mail = Buffer.from(await sealedMail(writer, letterOf(writer, ME, 'for gpg too'), [old]));
      const armored = /-----BEGIN PGP MESSAGE-----[^]+-----END PGP MESSAGE-----/.exec(
        mail.toString('latin1'),
      );
      const open = (passphrase: string) =>
        other.run(['--passphrase', passphrase, '--decrypt'], armored?.[0]).toString();
      expect(() => open('pass phrasf')).toThrow();
      expect(open('pass phrase')).toContain(Buffer.from('for gpg too').toString('base64'));
    } finally {
      other.close();
    }
    await expect(exportKey('')).rejects.toThrow();
    expect(JSON.stringify(me.core.logged)).not.toContain('pass phrase');
  });

  test('is undone by importing the file, which changes nothing', async () => {
    const before = await self();
    const { text } = await exportKey('pass phrase');
    expect(await importKey(text)).toEqual({ kind: 'refused', why: 'passphrase-needed' });
    expect(await importKey(text, 'pass phrase')).toEqual({
      kind: 'imported',
      identity: before.key.certificate.fingerprint,
    });
    const after = await self();
    expect(after.keys).toHaveLength(1);
    expect(after.key.certificate.keyIds).toEqual(before.key.certificate.keyIds);
  });
});

describe('importing a key that gpg made', () => {
  test('replaces mine in one commit, keeps the old one for old mail, and stands after a restart', async () => {
    const old = await certificateOf(me);
    const fingerprint = gpg.makeKey(`Me <${ME}>`, 'its own');
    const exported = gpg.exportSecret(fingerprint, 'its own');
    expect(await importKey(exported)).toEqual({ kind: 'refused', why: 'passphrase-needed' });
    expect(await importKey(exported, 'not its own')).toEqual({ kind: 'refused', why: 'wrong-passphrase' });
    const commits = me.core.commits.length;
    expect(await importKey(exported, 'its own')).toEqual({ kind: 'imported', identity: fingerprint });
    const made = me.core.commits
      .slice(commits)
      .filter(({ work }) => work.some(({ key }) => key.space === 'key'));
    expect(made).toHaveLength(1);
    expect(made[0]?.inbound).toEqual([{ kind: 'cursor', name: 'identity', value: fingerprint }]);

    const brought = await certificateIn(gpg.run(['--export', fingerprint]));
    await deliver('to the new key', brought);
    await me.core.waitFor('it', isMessage('to the new key'));
    await deliver('to the old key', old);
    await me.core.waitFor('it', isMessage('to the old key'));

    // And what gpg itself seals to it and signs.
    gpg.run(['--import'], writer.key.secret);
    let inner = '';
    const byGpg = await sealedMail(writer, letterOf(writer, ME, 'sealed by gpg'), [brought], {
      inner: (text) => (inner = text),
      armored: () =>
        gpg.run(['--armor', '--sign', '--encrypt', '-u', writer.address, '-r', fingerprint], inner),
    });
    server.deliver(ME, byGpg);
    await me.core.waitFor('it', isMessage('sealed by gpg'));

    await me.stop();
    me = await openAgain(ME, me.core);
    expect((await self()).key.certificate.fingerprint).toBe(fingerprint);
    expect((await self()).keys.map(({ certificate }) => certificate.fingerprint).toSorted()).toEqual(
      [fingerprint, old.fingerprint].toSorted(),
    );
    expect(JSON.stringify(me.core.logged)).not.toMatch(/its own|PRIVATE KEY/);
  });

  test('signs with it from then on, and can go back to the old one', async () => {
    const old = await exportKey('pass phrase');
    const before = (await certificateOf(me)).fingerprint;
    const fingerprint = gpg.makeKey(`Back <${ME}>`);
    await importKey(gpg.exportSecret(fingerprint));
    expect((await certificateOf(me)).fingerprint).toBe(fingerprint);
    expect(await importKey(old.text, 'pass phrase')).toEqual({ kind: 'imported', identity: before });
    expect((await self()).keys.map(({ certificate }) => certificate.fingerprint)).toEqual([
      before,
      fingerprint,
    ]);
  });

  test('begins again where another commit was first', async () => {
    const fingerprint = gpg.makeKey(`Twice <${ME}>`);
    const exported = gpg.exportSecret(fingerprint);
    let refusals = 2;
    me.core.intercept(({ work }) =>
      work.some(({ key }) => key.space === 'key') && refusals-- > 0 ? { ok: false, why: 'conflict' } : null,
    );
    expect(await importKey(exported)).toMatchObject({ kind: 'imported' });
    me.core.intercept(({ work }) =>
      work.some(({ key }) => key.space === 'key') ? { ok: false, why: 'disk-full' } : null,
    );
    await expect(importKey(exported)).rejects.toMatchObject({ kind: 'disk-full' });
  });
});

describe('importing', () => {
  test('refuses what could not be used, and changes nothing', async () => {
    const before = await self();
    const commits = me.core.commits.length;
    const gone = gpg.makeKey(`Gone <${ME}>`);
    gpg.revoke(gone);
    const signer = 'Signer <signer@example.org>';
    gpg.run(['--passphrase', '', '--quick-generate-key', signer, 'ed25519', 'sign', 'never']);
    const other = gpg.makeKey('Other <other@example.org>');
    const past = gpg.makeKey(`Past <${ME}>`, '', '30d', '20200101T000000');
    const cases: readonly (readonly [why: string, text: string])[] = [
      ['revoked', gpg.exportSecret(gone)],
      ['no-encryption-key', gpg.exportSecret(signer)],
      ['other-address', gpg.exportSecret(other)],
      ['not-secret', gpg.run(['--armor', '--export', other]).toString('latin1')],
      ['malformed', gpg.exportSecret(other).slice(0, 300)],
      ['malformed', ''],
      ['malformed', 'my key is under the mat'],
      ['too-large', `${gpg.exportSecret(other)}${' '.repeat(KEY_LIMIT_BYTES)}`],
      ['several-keys', gpg.exportSecret([other, past])],
      ['expired', gpg.exportSecret(past)],
    ];
    for (const [why, text] of cases)
      expect([why, await importKey(text)]).toEqual([why, { kind: 'refused', why }]);
    expect(
      me.core.commits.slice(commits).flatMap(({ work }) => work.map(({ key }) => key.space)),
    ).not.toContain('key');
    expect((await self()).key).toEqual(before.key);
  });
});
