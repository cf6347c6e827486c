import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { pagePolicy } from '../shared/shell/policy.ts';
import { CLOSE_ELSEWHERE, SOCKET_PROTOCOL } from '../shared/wire/page.ts';
import type { Pipe } from '../shared/wire/pipe.ts';
import { createDownloads, type Downloads } from './downloads.ts';
import { startPageServer, type PageServer } from './page-server.ts';

let folder: string;
let server: PageServer;
let downloads: Downloads;
let attached: Pipe[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plainseal-server-'));
  await mkdir(join(folder, 'page/assets'), { recursive: true });
  await mkdir(join(folder, 'run'), { mode: 0o700 });
  await writeFile(join(folder, 'page/index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(folder, 'page/assets/a.js'), 'export {};');
  await writeFile(join(folder, 'secret.js'), 'nobody');
  attached = [];
  downloads = createDownloads(join(folder, 'run'));
  server = await startPageServer({
    page: join(folder, 'page'),
    run: join(folder, 'run'),
    downloads,
    attach: (pipe) => attached.push(pipe),
  });
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

type Answer = {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
};

/** A raw request, so that `Host`, `Origin` and the path are exactly what the test says. */
function ask(
  path: string,
  options: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: server.port, path, method, headers: { host: own(), ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
const own = (): string => `127.0.0.1:${server.port}`;
const form = (token: string, origin = 'null') => ({
  method: 'POST',
  headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ token }).toString(),
});
async function tokenOf(url: string): Promise<string> {
  const html = await readFile(fileURLToPath(url), 'utf8');
  return /name="token" value="([^"]+)"/.exec(html)?.[1] ?? '';
}
async function enterSession(): Promise<string> {
  const answer = await ask('/enter', form(await tokenOf(await server.enter())));
  return /data-session="([^"]+)"/.exec(answer.body)?.[1] ?? '';
}
function connect(
  secret: string,
  options: { origin?: string; host?: string; path?: string; protocols?: string[] } = {},
): WebSocket {
  return new WebSocket(
    `ws://${own()}${options.path ?? '/pipe'}`,
    options.protocols ?? [SOCKET_PROTOCOL, secret],
    { headers: { origin: options.origin ?? `http://${own()}`, host: options.host ?? own() } },
  );
}
/** How a connection ends that must not come about. */
async function refusedWith(socket: WebSocket): Promise<number> {
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  socket.on('error', () => undefined);
  socket.terminate();
  return response.statusCode;
}

describe('the page', () => {
  it('comes with its policy and is never kept', async () => {
    for (const path of ['/', '/assets/a.js']) {
      const { status, headers } = await ask(path);
      expect(status).toBe(200);
      expect(headers['content-security-policy']).toBe(pagePolicy);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it.each([
    '/../secret.js',
    '/..%2fsecret.js',
    '/%2e%2e/secret.js',
    '/assets/../../secret.js',
    '/run/',
    '/nothing.js',
    '/assets',
  ])('serves nothing for %s', async (path) => {
    const { status, body } = await ask(path);
    expect([status, body]).toEqual([404, '']);
  });

  it.each(['evil.example', 'localhost', '127.0.0.1', '127.0.0.1:1', '[::1]'])(
    'answers nobody who calls it %j',
    async (host) => {
      expect((await ask('/', { headers: { host } })).status).toBeGreaterThanOrEqual(400);
    },
  );

  it('takes no other method', async () => {
    const headers = { origin: `http://${own()}` };
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
      expect((await ask('/', { method, headers })).status).toBe(405);
  });
});

describe('the way in', () => {
  it('is a page for its owner alone, which works once', async () => {
    const url = await server.enter();
    const file = fileURLToPath(url);
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    const token = await tokenOf(url);
    const first = await ask('/enter', form(token));
    expect(first.status).toBe(200);
    expect(first.headers['content-security-policy']).toBe(pagePolicy);
    expect((await ask('/enter', form(token))).status).toBe(403);
    await expect.poll(() => existsSync(file)).toBe(false);
  });

  it('is closed to wrong tokens and other origins, and still open afterwards', async () => {
    const token = await tokenOf(await server.enter());
    for (const wrong of ['', 'x', token.slice(1), `${token}x`])
      expect((await ask('/enter', form(wrong))).status).toBe(403);
    for (const origin of ['https://evil.example', 'http://127.0.0.1:1', 'file://'])
      expect((await ask('/enter', form(token, origin))).status).toBe(403);
    const noOrigin = form(token);
    expect(
      (await ask('/enter', { ...noOrigin, headers: { 'content-type': noOrigin.headers['content-type'] } }))
        .status,
    ).toBe(403);
    expect(
      (await ask('/enter', { ...noOrigin, headers: { origin: 'null', 'content-type': 'text/plain' } }))
        .status,
    ).toBe(403);
    expect((await ask(`/enter?token=${token}`)).status).toBe(404);
    expect((await ask('/enter', form(token))).status).toBe(200);
  });

  it('reads no endless form', async () => {
    const { method, headers } = form('');
    expect((await ask('/enter', { method, headers, body: `token=${'a'.repeat(400_000)}` })).status).toBe(403);
  });

  it('makes the one before worthless', async () => {
    const old = await tokenOf(await server.enter());
    await server.enter();
    expect((await ask('/enter', form(old))).status).toBe(403);
    expect((await readdir(join(folder, 'run'))).length).toBe(1);
  });
});

describe('the pipe', () => {
  it('opens with the secret and carries bytes both ways', async () => {
    const socket = connect(await enterSession());
    await once(socket, 'open');
    expect(socket.protocol).toBe(SOCKET_PROTOCOL);
    await expect.poll(() => attached.length).toBe(1);
    attached[0]?.listen((bytes) => attached[0]?.send(bytes));
    socket.send(new Uint8Array([1, 2, 3]));
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect([...data]).toEqual([1, 2, 3]);
  });

  it('is closed to everybody else', async () => {
    expect(await refusedWith(connect('x'))).toBe(403); // nobody has entered yet
    const secret = await enterSession();
    expect(await refusedWith(connect('x'))).toBe(403);
    expect(await refusedWith(connect(secret, { origin: 'https://evil.example' }))).toBe(403);
    expect(await refusedWith(connect(secret, { origin: 'null' }))).toBe(403);
    expect(await refusedWith(connect(secret, { host: 'evil.example' }))).toBe(403);
    expect(await refusedWith(connect(secret, { path: '/other' }))).toBe(403);
    expect(await refusedWith(connect(secret, { protocols: [SOCKET_PROTOCOL] }))).toBe(403);
    expect(await refusedWith(connect(secret, { protocols: [secret] }))).toBe(403);
    expect(await refusedWith(connect(secret, { protocols: [SOCKET_PROTOCOL, secret, 'more'] }))).toBe(403);
    expect(attached).toEqual([]);
  });

  it('gives way to the newest page and says why', async () => {
    const secret = await enterSession();
    const first = connect(secret);
    await once(first, 'open');
    const closed = once(first, 'close') as Promise<[number]>;
    await once(connect(secret), 'open');
    expect((await closed)[0]).toBe(CLOSE_ELSEWHERE);
  });

  it('is of no use to an older session once somebody entered anew', async () => {
    const old = await enterSession();
    await enterSession();
    expect(await refusedWith(connect(old))).toBe(403);
  });
});

describe('a download', () => {
  it('works once, under its own name and never as a page', async () => {
    const grant = await downloads.begin('Übersicht "1";\r\nX: y.html');
    const path = downloads.path(grant);
    await writeFile(path, '<script>1</script>');
    const address = downloads.finish(grant) ?? '';
    const { status, headers, body } = await ask(address);
    expect([status, body]).toEqual([200, '<script>1</script>']);
    expect(headers['content-disposition']).toBe(
      "attachment; filename*=UTF-8''%C3%9Cbersicht%20%221%22%3B%0D%0AX%3A%20y.html",
    );
    expect(headers['content-type']).toBe('application/octet-stream');
    expect(headers['cache-control']).toBe('no-store');
    expect((await ask(address)).status).toBe(404);
    await expect.poll(() => existsSync(path)).toBe(false);
  });

  it('is nothing before it is whole, and no grant works twice', async () => {
    const grant = await downloads.begin('a.txt');
    expect((await ask(`/download/${grant}`)).status).toBe(404);
    expect(downloads.finish(grant)).not.toBeNull();
    expect(downloads.finish(grant)).toBeNull();
    expect(() => downloads.path(grant)).toThrow('no such grant');
  });

  it('leaves nothing behind at the end', async () => {
    await downloads.begin('a');
    downloads.finish(await downloads.begin('b'));
    await downloads.close();
    expect(await readdir(join(folder, 'run'))).toEqual([]);
  });
});

it('follows no link out of the page folder that a build would not make', async () => {
  // Lexical containment is the rule (shared/shell/policy.ts); a link inside the build would be the builder's own act.
  await symlink(join(folder, 'secret.js'), join(folder, 'page/link.txt'));
  expect((await ask('/link.txt')).status).toBe(404);
});
