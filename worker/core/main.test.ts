import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDummyServer, type DummyServer } from '../../networks/dummy/wire.ts';
import type { Calls } from '../../shared/contract/calls.ts';
import type { Events } from '../../shared/contract/events.ts';
import { textOnly } from '../../shared/contract/content.ts';
import type { CrashPoint } from '../../shared/lane/lane.ts';
import type { ProfileCalls } from '../../shared/shell/core.ts';
import type { HostCalls, HostEvents } from '../../shared/shell/host.ts';
import { visitorName } from '../../shared/shell/visitor.ts';
import { laterPipe } from '../../shared/wire/later.ts';
import { childPipe } from '../../shared/wire/node/child.ts';
import { linePipe, spawnWithLine } from '../../shared/wire/node/line.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import type { Pipe } from '../../shared/wire/pipe.ts';
import { relay } from '../../shared/wire/relay.ts';
import { link, type Handlers } from '../../shared/wire/rpc.ts';
import { trunk } from '../../shared/wire/trunk.ts';
import { disclosures } from '../../shared/words/disclosure.ts';
import { request } from '../sample/rig.ts';
import { windowless } from '../sample/windowless.ts';

const entryOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let folder: string;
let server: DummyServer;
let children: ChildProcess[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plainseal-main-'));
  server = await startDummyServer();
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function forkEntry(path: string): ChildProcess {
  const child = fork(entryOf(path), [], {
    serialization: 'advanced',
    env: { PATH: process.env['PATH'] },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  return child;
}

/** A shell in miniature: forks core and its lanes, and says yes to everything. */
async function openShell(harness: {
  crashPoints: readonly CrashPoint[];
  onCrash?: (name: CrashPoint) => void;
}) {
  const child = forkEntry('./main.ts');
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = trunk(childPipe(child), 'parent');
  const pipe = laterPipe(
    new Promise<Pipe>((resolve) => lines.opened((name, opened) => name === 'shell' && resolve(opened))),
  );
  const lanes: ChildProcess[] = [];
  const serve: Handlers<HostCalls> = {
    ...windowless,
    'crash.point': ({ name }) => {
      harness.onCrash?.(name);
      // No answer: the program stands still at the point until it is killed.
      return new Promise<null>(() => undefined);
    },
    'lane.start': ({ account }) => {
      const lane = spawnWithLine(entryOf('../lane/process.ts'), { PATH: process.env['PATH'] });
      lanes.push(lane.child);
      children.push(lane.child);
      // As on Windows, where the line cannot be handed on.
      relay(linePipe(lane.line), lines.open(visitorName({ kind: 'lane', account })));
      return null;
    },
    'lane.stop': () => null,
  };
  const core = link<HostCalls, ProfileCalls, HostEvents, Record<never, never>>({ pipe, serve });
  await core.call('profile.open', {
    folder: join(folder, 'profile'),
    marks: join(folder, 'marks'),
    kind: 'test',
    version: '0.1.0',
    harness: { crashPoints: harness.crashPoints, clockOffset: 0, authority: null, signal: null },
  });
  const [near, far] = pipePair();
  relay(far, lines.open(visitorName({ kind: 'page' })));
  const page = link<Record<string, never>, Calls, Record<string, never>, Events>({ pipe: near, serve: {} });
  const once = <K extends keyof Events>(name: K, fits: (payload: Events[K]) => boolean): Promise<Events[K]> =>
    new Promise((resolve) => {
      const undo = page.listen(name, (payload) => {
        if (!fits(payload)) return;
        undo();
        resolve(payload);
      });
    });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    for (const lane of lanes) lane.kill('SIGKILL');
    await exited;
  };
  return { core, page, once, exited, kill };
}

type Shell = Awaited<ReturnType<typeof openShell>>;

async function setUp(shell: Shell) {
  const { version } = disclosures.dummy;
  await shell.page.call('disclosure.accept', { request: request(), network: 'dummy', version });
  const online = shell.once('lane', (told) => told.status.kind === 'online');
  await shell.page.call('flow.start', {
    request: request(),
    account: null,
    network: 'dummy',
    start: { kind: 'add-account', args: { address: 'me', port: String(server.port) } },
  });
  const { account } = await online;
  const done = shell.once('flow', (told) => told.step.kind === 'done' && told.step.conversation !== null);
  await shell.page.call('flow.start', {
    request: request(),
    account,
    network: 'dummy',
    start: { kind: 'chat', address: 'bob' },
  });
  const { step } = await done;
  if (step.kind !== 'done' || !step.conversation) throw new Error('no conversation');
  return step.conversation;
}

test('a forked core opens a profile, runs a process lane, sends, closes in order and opens again', async () => {
  const shell = await openShell({ crashPoints: [] });
  const conversation = await setUp(shell);
  const row = await shell.page.call('conversation.get', { conversation });
  await shell.page.call('message.send', {
    request: request(),
    conversation,
    content: textOnly('through two processes'),
    seenLabel: row.labelRevision,
  });
  await server.taken('through two processes');
  await shell.core.call('profile.close', {});
  await shell.exited;

  const again = await openShell({ crashPoints: [] });
  const hits = await again.page.call('search', { text: 'processes', in: null, before: null, limit: 5 });
  expect(hits.rows.map((hit) => hit.text)).toEqual(['through two processes']);
  expect(readFileSync(join(folder, 'profile', 'plainseal.db')).includes('through two processes')).toBe(false);
  await again.core.call('profile.close', {});
  await again.exited;
}, 60_000);

// The page asks again after each: once in core, once in the lane. All points, on each network: e2e/crash.
test.each(['core.after-intent', 'lane.after-wire-write'] as const)(
  'killed at %s, a message is sent once and both halves of the program agree',
  async (point) => {
    const setup = await openShell({ crashPoints: [] });
    const conversation = await setUp(setup);
    const { labelRevision } = await setup.page.call('conversation.get', { conversation });
    await setup.core.call('profile.close', {});
    await setup.exited;

    let reached: () => void;
    const there = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const first = await openShell({ crashPoints: [point], onCrash: () => reached() });
    void first.page
      .call('message.send', {
        request: 'the-one-request',
        conversation,
        content: textOnly('exactly once'),
        seenLabel: labelRevision,
      })
      .catch(() => undefined);
    await there;
    await first.kill();

    const second = await openShell({ crashPoints: [] });
    const answer = await second.page.call('message.send', {
      request: 'the-one-request',
      conversation,
      content: textOnly('exactly once'),
      seenLabel: labelRevision,
    });
    await server.taken('exactly once');
    await expect
      .poll(
        async () => {
          const { rows } = await second.page.call('message.rows', { ids: [answer.id] });
          return rows[0]?.kind === 'message' ? rows[0].sending?.state : null;
        },
        { timeout: 30_000 },
      )
      .toBe('sent');
    expect(server.waiting('bob')).toHaveLength(1);
    const page = await second.page.call('message.page', {
      conversation,
      around: 'end',
      side: 'around',
      limit: 10,
    });
    expect(page.rows).toHaveLength(1);
    await second.core.call('profile.close', {});
    await second.exited;
  },
  60_000,
);
