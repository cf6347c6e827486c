import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Calls } from '../../shared/contract/calls.ts';
import type { Events } from '../../shared/contract/events.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { ConfirmAnswer, ConfirmQuestion, HostCalls, HostEvents } from '../../shared/shell/host.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import { link, type Handlers, type Link } from '../../shared/wire/rpc.ts';
import { readKeyHeader } from '../../storage/key-header.ts';
import { unwrapWithPassphrase } from '../../storage/key-wrap.ts';
import { readProfile } from '../../storage/profile.ts';
import { request } from '../sample/rig.ts';
import { openCore, type OpenCore } from './open.ts';

// Deriving a key is meant to be slow.
vi.setConfig({ testTimeout: 90_000 });

const OLD = 'correct horse';
const NEW = 'battery staple';

let folder: string;
let open: OpenCore | null;
let asked: ConfirmQuestion[];
/** What the person types next; they say no when there is nothing left. */
let typed: string[];
let ended: number;
/** A keyring that keeps what it is given, or null. */
let keyring: Map<string, Uint8Array> | null;
let lines: string[];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'plainseal-lock-')), 'profile');
  open = null;
  asked = [];
  typed = [];
  ended = 0;
  keyring = null;
  lines = [];
});
afterEach(async () => {
  await open?.close();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

const never = (): never => {
  throw new Error('not in this test');
};
const shell: Handlers<HostCalls> = {
  'key.wrap': ({ key }) => {
    if (!keyring) throw new PlainsealError('refused', 'no keyring');
    const name = `entry ${keyring.size}`;
    keyring.set(name, Uint8Array.from(key));
    return { wrapped: Buffer.from(name), backend: 'test' };
  },
  'key.unwrap': ({ wrapped }) => {
    const key = keyring?.get(Buffer.from(wrapped).toString());
    if (!key) throw new PlainsealError('refused', 'no keyring');
    return key;
  },
  confirm: (question): ConfirmAnswer => {
    asked.push(question);
    const secret = typed.shift();
    return secret === undefined ? { ok: false, secret: null } : { ok: true, secret };
  },
  'confirm.end': () => {
    ended += 1;
    return null;
  },
  notify: () => null,
  badge: () => null,
  'file.pick': never,
  'file.save': never,
  'grant.open': never,
  'grant.close': never,
  'crash.point': never,
  'lane.start': never,
  'lane.stop': () => null,
};

type Page = Link<Calls, Record<string, never>, Events>;

async function start(kind: 'live' | 'test' = 'test'): Promise<Page> {
  const [near, far] = pipePair();
  link<HostCalls, Record<string, never>, HostEvents, Record<string, never>>({ pipe: far, serve: shell });
  const host = link<Record<string, never>, HostCalls, Record<string, never>, HostEvents>({
    pipe: near,
    serve: {},
  });
  open = await openCore({
    folder,
    kind,
    version: '0',
    harness: null,
    host,
    log: (line) => lines.push(line),
  });
  const [own, core] = pipePair();
  open.core.attachPage(core);
  return link<Record<string, never>, Calls, Record<string, never>, Events>({ pipe: own, serve: {} });
}
async function stop(): Promise<void> {
  await open?.close();
  open = null;
}
const act = (page: Page, name: 'set' | 'change' | 'remove') =>
  page.call('profile.passphrase', { request: request(), act: name });
const keptBy = async (page: Page) => (await page.call('profile.get', {})).keptBy;
const steps = () => asked.map(({ kind, secret, trouble }) => [kind, secret, trouble ?? null]);
const rejects = (kind: string) => expect.objectContaining({ kind }) as Error;
/** Every byte of the profile, in one text. */
const everything = () =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');

/** A test profile with a setting in it, locked under {@link OLD}, closed. */
async function locked(): Promise<Uint8Array> {
  const page = await start();
  const key = readFileSync(join(folder, 'test.key'));
  await page.call('settings.set', { request: request(), patch: { theme: 'dark' } });
  typed = [OLD];
  expect(await act(page, 'set')).toBe(true);
  await stop();
  asked = [];
  ended = 0;
  return key;
}

describe('a profile locked with a passphrase', () => {
  test('was open before to whoever had its folder, and is not now', async () => {
    const page = await start();
    expect(asked).toEqual([]);
    expect(await keptBy(page)).toBe('file');
    const key = readFileSync(join(folder, 'test.key'));
    typed = [OLD];
    expect(await act(page, 'set')).toBe(true);
    expect(steps()).toEqual([['set-passphrase', 'new-passphrase', null]]);
    expect(await keptBy(page)).toBe('passphrase');
    expect(existsSync(join(folder, 'test.key'))).toBe(false);
    await stop();
    const kept = everything();
    for (const form of ['latin1', 'base64', 'hex'] as const) expect(kept).not.toContain(key.toString(form));
    expect(kept + lines.join('')).not.toContain(OLD);
  });

  test('asks at the start until the passphrase is right, and has everything then', async () => {
    await locked();
    typed = ['correct hors', '', OLD];
    const page = await start();
    expect(steps()).toEqual([
      ['open-profile', 'passphrase', null],
      ['open-profile', 'passphrase', 'wrong-passphrase'],
      ['open-profile', 'passphrase', 'wrong-passphrase'],
    ]);
    expect(ended).toBe(1);
    expect((await page.call('settings.get', {})).theme).toBe('dark');
    expect(lines.join('')).not.toMatch(/horse?|passphrase/u);
  });

  test('stays closed when the person does not unlock it, and can be tried again', async () => {
    await locked();
    typed = ['wrong'];
    await expect(start()).rejects.toThrow(rejects('cancelled'));
    expect(ended).toBe(1);
    // The hold on it is given back.
    typed = [OLD];
    expect(await keptBy(await start())).toBe('passphrase');
  });

  test('drops a key file that a lock which was cut short left behind', async () => {
    const key = await locked();
    writeFileSync(join(folder, 'test.key'), key);
    await expect(start()).rejects.toThrow(rejects('cancelled'));
    expect(existsSync(join(folder, 'test.key'))).toBe(false);
  });

  test('is opened by a new passphrase only, once it was changed', async () => {
    const key = await locked();
    typed = [OLD];
    let page = await start();
    asked = [];
    typed = ['not it', OLD, NEW];
    expect(await act(page, 'change')).toBe(true);
    expect(steps()).toEqual([
      ['change-passphrase', 'passphrase', null],
      ['change-passphrase', 'passphrase', 'wrong-passphrase'],
      ['change-passphrase', 'new-passphrase', null],
    ]);
    await stop();
    const header = readKeyHeader(folder);
    if (header?.kind !== 'passphrase') throw new Error('another header');
    await expect(unwrapWithPassphrase(header, OLD, readProfile(folder))).rejects.toThrow(
      rejects('wrong-key'),
    );
    // The same database key, wrapped anew.
    expect(Buffer.from(await unwrapWithPassphrase(header, NEW, readProfile(folder)))).toEqual(
      Buffer.from(key),
    );
    typed = [OLD, NEW];
    asked = [];
    page = await start();
    expect(asked).toHaveLength(2);
    expect((await page.call('settings.get', {})).theme).toBe('dark');
  });

  test('opens by itself again once the passphrase was removed', async () => {
    await locked();
    typed = [OLD];
    const page = await start();
    typed = [OLD];
    expect(await act(page, 'remove')).toBe(true);
    expect(await keptBy(page)).toBe('file');
    await stop();
    asked = [];
    expect((await (await start()).call('settings.get', {})).theme).toBe('dark');
    expect(asked).toEqual([]);
  });

  test('keeps its passphrase when the person stops half way, or asks for what makes no sense', async () => {
    await locked();
    typed = [OLD];
    const page = await start();
    const before = readFileSync(join(folder, 'key.json'));
    for (const [name, given] of [
      ['change', []],
      ['change', [OLD]],
      ['change', ['wrong']],
      ['remove', ['wrong']],
    ] as const) {
      typed = [...given];
      await expect(act(page, name)).rejects.toThrow(rejects('refused'));
    }
    typed = [NEW];
    await expect(act(page, 'set')).rejects.toThrow(rejects('conflict'));
    expect(typed).toEqual([NEW]);
    expect(readFileSync(join(folder, 'key.json'))).toEqual(before);
  });
});

describe('a live profile', () => {
  test('is made under a passphrase where the system has no keyring', async () => {
    await expect(start('live')).rejects.toThrow(rejects('cancelled'));
    expect(steps()).toEqual([['set-passphrase', 'new-passphrase', 'no-keyring']]);
    typed = [OLD];
    let page = await start('live');
    expect(await keptBy(page)).toBe('passphrase');
    await stop();
    typed = [OLD];
    asked = [];
    page = await start('live');
    expect(steps()).toEqual([['open-profile', 'passphrase', null]]);
    // Nothing could take the passphrase's place.
    asked = [];
    typed = [OLD, 'yes'];
    await expect(act(page, 'remove')).rejects.toThrow(rejects('refused'));
    expect(steps()).toEqual([
      ['remove-passphrase', 'passphrase', null],
      ['remove-passphrase', undefined, 'no-keyring'],
    ]);
    expect(await keptBy(page)).toBe('passphrase');
    expect(existsSync(join(folder, 'test.key'))).toBe(false);
  });

  test('goes from the keyring to a passphrase and back', async () => {
    keyring = new Map();
    let page = await start('live');
    expect([asked, await keptBy(page)]).toEqual([[], 'keyring']);
    typed = [OLD];
    await act(page, 'set');
    await stop();
    // The keyring alone opens nothing any more.
    asked = [];
    await expect(start('live')).rejects.toThrow(rejects('cancelled'));
    typed = [OLD];
    page = await start('live');
    typed = [OLD];
    await act(page, 'remove');
    expect(await keptBy(page)).toBe('keyring');
    await stop();
    asked = [];
    await start('live');
    expect(asked).toEqual([]);
  });
});
