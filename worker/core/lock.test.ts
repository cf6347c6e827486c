import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readKeyHeader } from '../../storage/key-header.ts';
import { unwrapWithPassphrase } from '../../storage/key-wrap.ts';
import { readProfile } from '../../storage/profile.ts';
import { keyringNamed, profileShell, type Page, type ProfileShell } from '../sample/profile-shell.ts';
import { request } from '../sample/rig.ts';

// Deriving a key is meant to be slow.
vi.setConfig({ testTimeout: 90_000 });

const OLD = 'correct horse';
const NEW = 'battery staple';

let at: ProfileShell;

beforeEach(() => {
  at = profileShell();
});
afterEach(() => at.end());

const act = (page: Page, name: 'set' | 'change' | 'remove') =>
  page.call('profile.passphrase', { request: request(), act: name });
const keptBy = async (page: Page) => (await page.call('profile.get', {})).keptBy;
const steps = () => at.asked.map(({ kind, secret, trouble }) => [kind, secret, trouble ?? null]);
const rejects = (kind: string) => expect.objectContaining({ kind }) as Error;
/** Every byte of the profile, in one text. */
const everything = () =>
  readdirSync(at.folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(at.folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');

/** A test profile with a setting in it, locked under {@link OLD}, closed. */
async function locked(): Promise<Uint8Array> {
  const page = await at.start();
  const key = readFileSync(join(at.folder, 'test.key'));
  await page.call('settings.set', { request: request(), patch: { theme: 'dark' } });
  at.typed = [OLD];
  expect(await act(page, 'set')).toBe(true);
  await at.stop();
  at.asked = [];
  at.ended = 0;
  return key;
}

describe('a profile locked with a passphrase', () => {
  test('was open before to whoever had its folder, and is not now', async () => {
    const page = await at.start();
    expect(at.asked).toEqual([]);
    expect(await keptBy(page)).toBe('file');
    const key = readFileSync(join(at.folder, 'test.key'));
    at.typed = [OLD];
    expect(await act(page, 'set')).toBe(true);
    expect(steps()).toEqual([['set-passphrase', 'new-passphrase', null]]);
    expect(await keptBy(page)).toBe('passphrase');
    expect(existsSync(join(at.folder, 'test.key'))).toBe(false);
    await at.stop();
    const kept = everything();
    for (const form of ['latin1', 'base64', 'hex'] as const) expect(kept).not.toContain(key.toString(form));
    expect(kept + at.lines.join('')).not.toContain(OLD);
  });

  test('asks at the start until the passphrase is right, and has everything then', async () => {
    await locked();
    at.typed = ['correct hors', '', OLD];
    const page = await at.start();
    expect(steps()).toEqual([
      ['open-profile', 'passphrase', null],
      ['open-profile', 'passphrase', 'wrong-passphrase'],
      ['open-profile', 'passphrase', 'wrong-passphrase'],
    ]);
    expect(at.ended).toBe(1);
    expect((await page.call('settings.get', {})).theme).toBe('dark');
    expect(at.lines.join('')).not.toMatch(/horse?|passphrase/u);
  });

  test('stays closed when the person does not unlock it, and can be tried again', async () => {
    await locked();
    at.typed = ['wrong'];
    await expect(at.start()).rejects.toThrow(rejects('cancelled'));
    expect(at.ended).toBe(1);
    // The hold on it is given back.
    at.typed = [OLD];
    expect(await keptBy(await at.start())).toBe('passphrase');
  });

  test('drops a key file that a lock which was cut short left behind', async () => {
    const key = await locked();
    writeFileSync(join(at.folder, 'test.key'), key);
    await expect(at.start()).rejects.toThrow(rejects('cancelled'));
    expect(existsSync(join(at.folder, 'test.key'))).toBe(false);
  });

  test('is opened by a new passphrase only, once it was changed', async () => {
    const key = await locked();
    at.typed = [OLD];
    let page = await at.start();
    at.asked = [];
    at.typed = ['not it', OLD, NEW];
    expect(await act(page, 'change')).toBe(true);
    expect(steps()).toEqual([
      ['change-passphrase', 'passphrase', null],
      ['change-passphrase', 'passphrase', 'wrong-passphrase'],
      ['change-passphrase', 'new-passphrase', null],
    ]);
    await at.stop();
    const header = readKeyHeader(at.folder);
    if (header?.kind !== 'passphrase') throw new Error('another header');
    await expect(unwrapWithPassphrase(header, OLD, readProfile(at.folder))).rejects.toThrow(
      rejects('wrong-key'),
    );
    // The same database key, wrapped anew.
    expect(Buffer.from(await unwrapWithPassphrase(header, NEW, readProfile(at.folder)))).toEqual(
      Buffer.from(key),
    );
    at.typed = [OLD, NEW];
    at.asked = [];
    page = await at.start();
    expect(at.asked).toHaveLength(2);
    expect((await page.call('settings.get', {})).theme).toBe('dark');
  });

  test('opens by itself again once the passphrase was removed', async () => {
    await locked();
    at.typed = [OLD];
    const page = await at.start();
    at.typed = [OLD];
    expect(await act(page, 'remove')).toBe(true);
    expect(await keptBy(page)).toBe('file');
    await at.stop();
    at.asked = [];
    expect((await (await at.start()).call('settings.get', {})).theme).toBe('dark');
    expect(at.asked).toEqual([]);
  });

  test('keeps its passphrase when the person stops half way, or asks for what makes no sense', async () => {
    await locked();
    at.typed = [OLD];
    const page = await at.start();
    const before = readFileSync(join(at.folder, 'key.json'));
    for (const [name, given] of [
      ['change', []],
      ['change', [OLD]],
      ['change', ['wrong']],
      ['remove', ['wrong']],
    ] as const) {
      at.typed = [...given];
      await expect(act(page, name)).rejects.toThrow(rejects('refused'));
    }
    at.typed = [NEW];
    await expect(act(page, 'set')).rejects.toThrow(rejects('conflict'));
    expect(at.typed).toEqual([NEW]);
    expect(readFileSync(join(at.folder, 'key.json'))).toEqual(before);
  });
});

describe('a live profile', () => {
  test('is made under a passphrase where the system has no keyring', async () => {
    await expect(at.start('live')).rejects.toThrow(rejects('cancelled'));
    expect(steps()).toEqual([['set-passphrase', 'new-passphrase', 'no-keyring']]);
    at.typed = [OLD];
    let page = await at.start('live');
    expect(await keptBy(page)).toBe('passphrase');
    await at.stop();
    at.typed = [OLD];
    at.asked = [];
    page = await at.start('live');
    expect(steps()).toEqual([['open-profile', 'passphrase', null]]);
    // Nothing could take the passphrase's place.
    at.asked = [];
    at.typed = [OLD, 'yes'];
    await expect(act(page, 'remove')).rejects.toThrow(rejects('refused'));
    expect(steps()).toEqual([
      ['remove-passphrase', 'passphrase', null],
      ['remove-passphrase', undefined, 'no-keyring'],
    ]);
    expect(await keptBy(page)).toBe('passphrase');
    expect(existsSync(join(at.folder, 'test.key'))).toBe(false);
  });

  test('goes from the keyring to a passphrase and back', async () => {
    at.keyring = keyringNamed('kwallet6');
    let page = await at.start('live');
    expect([at.asked, await keptBy(page)]).toEqual([[], 'keyring']);
    at.typed = [OLD];
    await act(page, 'set');
    await at.stop();
    // The keyring alone opens nothing any more.
    at.asked = [];
    await expect(at.start('live')).rejects.toThrow(rejects('cancelled'));
    at.typed = [OLD];
    page = await at.start('live');
    at.typed = [OLD];
    await act(page, 'remove');
    expect(await keptBy(page)).toBe('keyring');
    await at.stop();
    at.asked = [];
    await at.start('live');
    expect(at.asked).toEqual([]);
  });
});
