import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { childPipe } from './node/child.ts';
import { handOver, linePipe, spawnWithLine } from './node/line.ts';
import { workerPipe } from './node/thread.ts';
import type { Pipe } from './pipe.ts';
import { portPipe } from './port.ts';
import { link } from './rpc.ts';
import { socketPipe } from './socket.ts';
import { trunk } from './trunk.ts';

type Echo = { echo: { args: Uint8Array; result: Uint8Array }; leave: { args: null; result: null } };
type Nothing = Record<never, never>;

const here = (file: string): string => pathToFileURL(join(import.meta.dirname, file)).href;
const echoEntry = `
import { link } from ${JSON.stringify(here('rpc.ts'))};
import { parentPipe } from ${JSON.stringify(here('parent.ts'))};
const pipe = parentPipe();
link({ pipe, serve: { echo: (bytes) => bytes, leave: () => process.exit(0) } });
pipe.ended(() => process.exit(0));
`;
const forkedEntry = echoEntry
  .replaceAll('parentPipe', 'parentProcessPipe')
  .replace(here('parent.ts'), here('node/child.ts'));
/** As core does: the shell's own pipe answers with the names of the visitors, each visitor echoes. */
const coreEntry = `
import { link } from ${JSON.stringify(here('rpc.ts'))};
import { shellParent } from ${JSON.stringify(here('parent.ts'))};
const parent = shellParent();
const seen = [];
let lane;
parent.visits((visitor, pipe) => {
  seen.push(visitor);
  const made = link({ pipe, serve: { echo: (bytes) => bytes } });
  if (visitor.kind === 'lane') lane = made;
});
link({ pipe: parent.shell, serve: { seen: () => seen, ask: (bytes) => lane.call('echo', bytes) } });
parent.shell.ended(() => process.exit(0));
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plainseal-pipe-'));
  await writeFile(join(folder, 'echo.mjs'), echoEntry);
  await writeFile(join(folder, 'forked.mjs'), forkedEntry);
  await writeFile(join(folder, 'core.mjs'), coreEntry);
});
afterAll(() => rm(folder, { recursive: true }));

/** What every adapter must do: carry bytes of any size both ways, in order, and tell the end. */
async function proves(pipe: Pipe, end: (use: ReturnType<typeof client>) => void): Promise<void> {
  const use = client(pipe);
  const ended = new Promise<void>((resolve) => pipe.ended(resolve));
  const sizes = [0, 1, 255, 65_536, 3_000_000];
  const answers = await Promise.all(
    sizes.map((size) => use.call('echo', new Uint8Array(size).fill(size % 251))),
  );
  expect(answers.map((answer) => answer.byteLength)).toEqual(sizes);
  expect(answers.every((answer) => answer.every((byte) => byte === answer.byteLength % 251))).toBe(true);
  end(use);
  await ended;
  await expect(use.call('echo', new Uint8Array())).rejects.toMatchObject({ kind: 'gone' });
}

const client = (pipe: Pipe) => link<Nothing, Echo, Nothing, Nothing>({ pipe, serve: {} });
const serveEcho = (pipe: Pipe) =>
  link<Pick<Echo, 'echo'>, Nothing, Nothing, Nothing>({ pipe, serve: { echo: (bytes) => bytes } });

describe('pipes of the runtimes', () => {
  it('to a worker thread, which ends by itself', async () => {
    const worker = new Worker(join(folder, 'echo.mjs'));
    await proves(workerPipe(worker), (use) => void use.call('leave', null).catch(() => undefined));
  });

  it('to a worker thread, which is ended', async () => {
    const worker = new Worker(join(folder, 'echo.mjs'));
    const exited = once(worker, 'exit');
    await proves(workerPipe(worker), (use) => use.close());
    await exited;
  });

  it('to a process at the end of a line, which ends by itself', async () => {
    const { line } = spawnWithLine(join(folder, 'echo.mjs'), {});
    await proves(linePipe(line), (use) => void use.call('leave', null).catch(() => undefined));
  });

  it('to a process at the end of a line, which leaves when the other end hangs up', async () => {
    const { child, line } = spawnWithLine(join(folder, 'echo.mjs'), {});
    const exited = once(child, 'exit');
    await proves(linePipe(line), (use) => use.close());
    expect(await exited).toEqual([0, null]);
  });

  it('tells the end of a process that is killed', async () => {
    const { child, line } = spawnWithLine(join(folder, 'echo.mjs'), {});
    await proves(linePipe(line), () => child.kill('SIGKILL'));
  });

  it('cuts off a process whose line carries no frames', async () => {
    await writeFile(
      join(folder, 'noise.mjs'),
      "import { Socket } from 'node:net'; new Socket({ fd: 3 }).write(new Uint8Array(8).fill(255));",
    );
    const { child, line } = spawnWithLine(join(folder, 'noise.mjs'), {});
    const exited = once(child, 'exit');
    const pipe = linePipe(line);
    let heard = 0;
    pipe.listen(() => (heard += 1));
    await new Promise<void>((resolve) => pipe.ended(resolve));
    await exited;
    expect(heard).toBe(0);
  });

  it('to a forked process, which leaves when its parent hangs up', async () => {
    const child = fork(join(folder, 'forked.mjs'), { serialization: 'advanced' });
    const exited = once(child, 'exit');
    await proves(childPipe(child), (use) => use.close());
    expect(await exited).toEqual([0, null]);
  });

  it('to a forked process that is killed', async () => {
    const child = fork(join(folder, 'forked.mjs'), { serialization: 'advanced' });
    await proves(childPipe(child), () => child.kill('SIGKILL'));
  });

  it('over a page port', async () => {
    const { port1, port2 } = new MessageChannel();
    serveEcho(portPipe(port2));
    await proves(portPipe(port1), (use) => use.close());
  });

  it('over a web socket, from before it is open', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (socket) => serveEcho(socketPipe(socket)));
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await proves(socketPipe(socket), (use) => use.close());
    server.close();
  });

  it('to core: its own, and those the shell introduces by name', async () => {
    const child = fork(join(folder, 'core.mjs'), { serialization: 'advanced' });
    const exited = once(child, 'exit');
    const lines = trunk(childPipe(child), 'parent');
    const page = client(lines.open('{"kind":"page"}'));
    const unknown = lines.open('{"kind":"burglar"}');
    const shellPipe = await new Promise<Pipe>((resolve) => lines.opened((_, pipe) => resolve(pipe)));
    const shell = link<Nothing, { seen: { args: null; result: unknown } }, Nothing, Nothing>({
      pipe: shellPipe,
      serve: {},
    });
    await new Promise<void>((resolve) => unknown.ended(resolve));
    expect([...(await page.call('echo', new Uint8Array([7])))]).toEqual([7]);
    expect(await shell.call('seen', null)).toEqual([{ kind: 'page' }]);
    child.disconnect();
    await exited;
  });

  it('from a process at the end of a line to core, past the shell that started both', async () => {
    const child = fork(join(folder, 'core.mjs'), { serialization: 'advanced' });
    const exited = once(child, 'exit');
    const lines = trunk(childPipe(child), 'parent');
    const shell = link<
      Nothing,
      { ask: Echo['echo']; seen: { args: null; result: unknown } },
      Nothing,
      Nothing
    >({
      pipe: await new Promise<Pipe>((resolve) => lines.opened((_, pipe) => resolve(pipe))),
      serve: {},
    });
    const lane = spawnWithLine(join(folder, 'echo.mjs'), {});
    const gone = once(lane.child, 'exit');
    handOver(child, '{"kind":"lane","account":"a"}', lane.line);
    // Asked at once: the question is the next message, after which nothing is read here any more.
    for (const size of [1, 3_000_000, 0])
      expect((await shell.call('ask', new Uint8Array(size).fill(9))).byteLength).toBe(size);
    expect(lane.line.bytesRead).toBe(0);
    child.disconnect();
    expect(await exited).toEqual([0, null]);
    // Core has gone, and the lane with it.
    expect(await gone).toEqual([0, null]);
  });
});
