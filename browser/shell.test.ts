import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Calls } from '../shared/contract/calls.ts';
import type { Events } from '../shared/contract/events.ts';
import { SOCKET_PROTOCOL } from '../shared/wire/page.ts';
import { link, type Link } from '../shared/wire/rpc.ts';
import { socketPipe } from '../shared/wire/socket.ts';
import { trunk } from '../shared/wire/trunk.ts';
import { startDummyServer } from '../networks/dummy/wire.ts';
import { startShell, type Shell } from './shell.ts';

type CoreLink = Link<Calls, Record<never, never>, Events>;

let folder: string;
let shell: Shell | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plainseal-shell-'));
  await mkdir(join(folder, 'page'));
  await writeFile(join(folder, 'page/index.html'), 'page');
  shell = null;
});
afterEach(async () => {
  await shell?.close();
  await rm(folder, { recursive: true, maxRetries: 3 });
});

let onQuestion: (url: string) => Promise<void> | void;
let leftLocked: () => void;

const start = async (
  profile = join(folder, 'profile'),
  answering: typeof onQuestion = () => undefined,
): Promise<Shell> => {
  onQuestion = answering;
  leftLocked = () => undefined;
  shell = await startShell({
    profile,
    page: join(folder, 'page'),
    version: '0.0.0',
    clockOffset: 0,
    authority: null,
    signal: null,
    crashPoints: [],
    crashPoint: () => undefined,
    showQuestion: (url) => void onQuestion(url),
    leftLocked: () => leftLocked(),
    openLink: () => false,
    notify: () => undefined,
  });
  return shell;
};

const post = async (url: string, fields: Record<string, string>): Promise<string> => {
  const headers = { origin: new URL(url).origin };
  return (await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields) })).text();
};

/** Goes from the local page of a question to the question; gives where and with what it is answered. */
async function formOf(local: string, origin: string): Promise<{ action: string; token: string }> {
  const ask = /action="([^"]+)"/.exec(local)?.[1] ?? '';
  const body = new URLSearchParams({ token: /name="token" value="([^"]+)"/.exec(local)?.[1] ?? '' });
  const html = await (await fetch(ask, { method: 'POST', headers: { origin }, body })).text();
  expect(html).toContain('Your messages are locked');
  return {
    action: new URL('/answer', ask).href,
    token: /name="token" value="([^"]+)"/.exec(html)?.[1] ?? '',
  };
}

/** Goes the way a browser goes: local page, token, session, socket, core's line. */
async function attach(url: string): Promise<CoreLink> {
  const html = await readFile(fileURLToPath(url), 'utf8');
  const action = /action="([^"]+)"/.exec(html)?.[1] ?? '';
  const token = /name="token" value="([^"]+)"/.exec(html)?.[1] ?? '';
  const entered = await fetch(action, {
    method: 'POST',
    headers: { origin: 'null' },
    body: new URLSearchParams({ token }),
  });
  const session = /data-session="([^"]+)"/.exec(await entered.text())?.[1] ?? '';
  const { origin, host } = new URL(action);
  const socket = new WebSocket(`ws://${host}/pipe`, [SOCKET_PROTOCOL, session], { headers: { origin } });
  const pipe = trunk(socketPipe(socket), 'child').open('core');
  return link<Record<never, never>, Calls, Record<never, never>, Events>({ pipe, serve: {} });
}

describe('the browser shell', () => {
  it('opens core on a new test profile and lets a page talk to it', async () => {
    const { enter } = await start();
    const core = await attach(await enter());
    expect(await core.call('profile.get', {})).toMatchObject({ kind: 'test', version: '0.0.0' });
    expect(await core.call('account.list', {})).toEqual({ rows: [] });
    await expect(core.call('account.list', { surplus: 1 })).rejects.toMatchObject({
      kind: 'bad-request',
    });
  });

  it('starts core again when it dies, and serves a page that comes back', async () => {
    const running = await start();
    const core = await attach(await running.enter());
    await core.call('profile.get', {});
    const gone = new Promise<void>((resolve) => core.ended(resolve));
    running.killCore();
    await gone;
    const again = await vi.waitFor(
      async () => {
        const next = await attach(await running.enter());
        await next.call('profile.get', {});
        return next;
      },
      { timeout: 15_000, interval: 250 },
    );
    expect(await again.call('account.list', {})).toEqual({ rows: [] });
  });

  it('gives a lane of native code a process of its own, which dies alone', { timeout: 60_000 }, async () => {
    const server = await startDummyServer();
    const running = await start();
    try {
      const core = await attach(await running.enter());
      for (const { network, version } of (await core.call('disclosure.list', {})).rows)
        await core.call('disclosure.accept', { request: crypto.randomUUID(), network, version });
      const added = new Promise<void>((resolve) =>
        core.listen('changed', ({ accounts }) => accounts && resolve()),
      );
      await core.call('flow.start', {
        request: crypto.randomUUID(),
        account: null,
        network: 'dummy',
        start: { kind: 'add-account', args: { address: 'me', port: String(server.port) } },
      });
      await added;
      const mail = (id: string, text: string) => ({ id, from: 'peer', key: `key-${id}`, sentAt: 1, text });
      const crashed = new Promise<void>((resolve) =>
        core.listen('lane', ({ status }) => status.kind === 'crashed' && resolve()),
      );
      server.deliver('me', mail('one', 'before'));
      // Opening this one aborts the process, as a fault in native code does.
      server.deliver('me', mail('two', 'PLAINSEAL-TEST-ABORT'));
      server.deliver('me', mail('three', 'after'));
      await crashed;
      // Core goes on answering while the lane is away, and the poisoned mail ends by standing aside.
      expect((await core.call('profile.get', {})).kind).toBe('test');
      await vi.waitFor(() => expect(server.waiting('me')).toEqual([]), { timeout: 25_000, interval: 100 });
      const { rows } = await core.call('inbox.page', { filter: 'all', before: null, limit: 10 });
      const page = await core.call('message.page', {
        conversation: rows[0]!.id,
        around: 'end',
        side: 'around',
        limit: 10,
      });
      const said = page.rows.flatMap((row) => (row.kind === 'message' ? [row.content.text] : []));
      expect(said).toEqual(expect.arrayContaining(['before', 'after']));
      expect(said).not.toContain('PLAINSEAL-TEST-ABORT');
    } finally {
      await running.close();
      shell = null;
      await server.close();
    }
  });

  it('leaves nothing behind but the profile and its marks', async () => {
    const running = await start();
    await running.enter();
    await running.close();
    shell = null;
    expect(existsSync(running.run)).toBe(false);
    expect(await readdir(folder)).toEqual(['page', 'profile', 'profile.marks']);
  });

  it('opens the same profile for one shell at a time', async () => {
    await start();
    const second = start();
    await expect(second).rejects.toMatchObject({ kind: 'in-use' });
  });

  it('asks for the passphrase of a locked profile before it opens, and leaves nothing when it does not', async () => {
    const profile = join(folder, 'profile');
    const { createProfile } = await import('../storage/profile.ts');
    const { keepUnderPassphrase, newKey } = await import('../storage/key-wrap.ts');
    createProfile({ folder: profile, kind: 'test', now: Date.now() });
    await keepUnderPassphrase(profile, newKey(), 'correct horse');
    const answered: string[] = [];
    const unlocking = (secret: string, ok = 'yes') =>
      start(profile, async (url) => {
        const { action, token } = await formOf(await readFile(fileURLToPath(url), 'utf8'), 'null');
        const reply = await post(action, { token, ok, secret });
        answered.push(reply);
      });

    await expect(unlocking('', 'no')).rejects.toMatchObject({ kind: 'cancelled' });
    expect(await readdir(profile)).not.toContain('run');
    const running = await unlocking('correct horse');
    const core = await attach(await running.enter());
    expect((await core.call('profile.get', {})).keptBy).toBe('passphrase');
    await vi.waitFor(() => expect(answered.at(-1)).toContain('You can close this window.'));

    // A core that died took the key with it: the next one asks again, and the shell ends when it is not told.
    answered.length = 0;
    const left = new Promise<void>((resolve) => (leftLocked = resolve));
    onQuestion = async (url) => {
      const { action, token } = await formOf(await readFile(fileURLToPath(url), 'utf8'), 'null');
      await post(action, { token, ok: 'no' });
    };
    running.killCore();
    await left;
  });

  it('opens no folder that holds something else, and no live profile', async () => {
    await mkdir(join(folder, 'other'));
    await writeFile(join(folder, 'other/letter.txt'), 'hello');
    await expect(start(join(folder, 'other'))).rejects.toMatchObject({ kind: 'not-a-profile' });

    const { createProfile } = await import('../storage/profile.ts');
    createProfile({ folder: join(folder, 'live'), kind: 'live', now: Date.now() });
    await expect(start(join(folder, 'live'))).rejects.toMatchObject({ kind: 'refused' });
    expect(await readdir(join(folder, 'live'))).not.toContain('run');
  });
});
