import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { createCheckpointer } from './checkpointer.ts';
import { openDatabase } from './database.ts';
import { createReader } from './reader.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
afterEach(() => vi.restoreAllMocks());

test.each([
  ['moves the log', createCheckpointer],
  ['reads', createReader],
] as const)('a thread that %s, closed while it loads SQLite, ends by itself', async (_, create) => {
  const folder = folderFor();
  const key = new Uint8Array(32).fill(7);
  const database = openDatabase({ folder, key });
  // Of some hundreds that are ended from outside just then one takes this very program with it.
  const ended = vi.spyOn(Worker.prototype, 'terminate');
  const thread = create({ folder, key });
  if ('run' in thread) thread.run('inbox.counts', {}).catch(() => undefined);
  await thread.close();
  await thread.close();
  expect(ended).not.toHaveBeenCalled();
  database.close();
});
