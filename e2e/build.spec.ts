import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Calls } from '../shared/contract/calls.ts';
import type { Events } from '../shared/contract/events.ts';
import type { ProfileCalls } from '../shared/shell/core.ts';
import { visitorName } from '../shared/shell/visitor.ts';
import { childPipe } from '../shared/wire/node/child.ts';
import type { Pipe } from '../shared/wire/pipe.ts';
import { link } from '../shared/wire/rpc.ts';
import { trunk } from '../shared/wire/trunk.ts';
import { expect, test } from '@playwright/test';

type Nothing = Record<never, never>;

test('core as it is built for Electron finds its threads and its database', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plainseal-built-'));
  const child = fork(join(import.meta.dirname, '../out/main/core.js'), {
    serialization: 'advanced',
    env: {},
  });
  const exited = once(child, 'exit');
  try {
    const lines = trunk(childPipe(child), 'parent');
    const pipe = await new Promise<Pipe>((resolve) => lines.opened((_, opened) => resolve(opened)));
    const shell = link<Nothing, ProfileCalls, Nothing, Nothing>({ pipe, serve: {} });
    await shell.call('profile.open', {
      folder: join(folder, 'profile'),
      marks: join(folder, 'marks'),
      kind: 'test',
      version: '0.0.0',
      harness: null,
    });
    const page = link<Nothing, Calls, Nothing, Events>({
      pipe: lines.open(visitorName({ kind: 'page' })),
      serve: {},
    });
    // The list comes from the reader's thread.
    expect((await page.call('inbox.page', { filter: 'all', before: null, limit: 10 })).rows).toEqual([]);
    const { rows } = await page.call('disclosure.list', {});
    for (const { network, version } of rows)
      await page.call('disclosure.accept', { request: crypto.randomUUID(), network, version });
    // The flow runs in the lane's thread.
    const failed = new Promise<unknown>((resolve) => page.listen('flow', ({ step }) => resolve(step)));
    const start = { kind: 'add-account', args: { address: 'no address' } } as const;
    await page.call('flow.start', { request: crypto.randomUUID(), account: null, network: 'email', start });
    expect(await failed).toEqual({ kind: 'failed', why: 'address-malformed' });
    await shell.call('profile.close', {});
    expect(await exited).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
});
