import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { workerPipe } from '../../../shared/wire/node/thread.ts';
import { startRig, type Rig } from '../../sample/rig.ts';
import { addTestAccount } from '../../sample/scripted.ts';

let rig: Rig | null = null;
afterEach(() => rig?.close());

/** A lane's thread that takes memory until its limit ends it. */
const hungry = `
  const { parentPort } = require('node:worker_threads');
  const kept = [];
  parentPort.on('message', () => { for (;;) kept.push(new Array(10000).fill(Math.random())); });
`;

test('a thread lane that runs out of memory dies alone, and is started again', async () => {
  rig = await startRig({
    prepare: addTestAccount,
    connect: () => () => {
      const worker = new Worker(hungry, {
        eval: true,
        resourceLimits: { maxOldGenerationSizeMb: 16 },
        stderr: true,
      });
      worker.on('error', () => undefined);
      return workerPipe(worker);
    },
  });
  const { status } = await rig.page.until(
    'lane',
    (told) => told.status.kind === 'crashed' && told.status.times >= 2,
  );
  expect(status).toMatchObject({ kind: 'crashed' });
  expect((await rig.page.call('account.list', {})).rows).toHaveLength(1);
});
