import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { startDummyServer, type DummyServer } from '../../../networks/dummy/wire.ts';
import type { AccountId } from '../../../shared/ids.ts';
import { textOnly } from '../../../shared/contract/content.ts';
import { linePipe, spawnWithLine } from '../../../shared/wire/node/line.ts';
import { request, startRig, type Rig } from '../../sample/rig.ts';

const entry = fileURLToPath(new URL('../../lane/process.ts', import.meta.url));
const POISON = 'PLAINSEAL-TEST-ABORT';

let rig: Rig;
let server: DummyServer;
const children = new Set<ChildProcess>();

afterEach(async () => {
  await rig.close();
  await server.close();
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** Core with the test lane in a process of its own, as the shell starts it. */
async function online(): Promise<AccountId> {
  server = await startDummyServer();
  rig = await startRig({
    connect: () => () => {
      const { child, line } = spawnWithLine(entry, { PATH: process.env['PATH'] });
      children.add(child);
      child.once('exit', () => children.delete(child));
      return linePipe(line);
    },
  });
  const step = await rig.page.flow({
    account: null,
    network: 'dummy',
    start: { kind: 'add-account', args: { address: 'me', port: String(server.port) } },
  });
  expect(step.kind).toBe('done');
  const { account } = await rig.page.until('lane', (told) => told.status.kind === 'online');
  return account;
}

const deaths = (): number =>
  rig.page.heard.filter(
    (one) => one.name === 'lane' && 'status' in one.payload && one.payload.status.kind === 'crashed',
  ).length;

test('a lane that is killed is started again and goes on', async () => {
  const account = await online();
  const flow = await rig.page.flow({ account, network: 'dummy', start: { kind: 'chat', address: 'bob' } });
  if (flow.kind !== 'done' || !flow.conversation) throw new Error('no conversation');
  const { labelRevision } = await rig.page.call('conversation.get', { conversation: flow.conversation });
  for (const child of children) child.kill('SIGKILL');
  await rig.page.until('lane', (told) => told.status.kind === 'crashed');
  const sent = await rig.page.call('message.send', {
    request: request(),
    conversation: flow.conversation,
    content: textOnly('after the death'),
    seenLabel: labelRevision,
  });
  expect(sent.kind).toBe('queued');
  await server.taken('after the death');
  expect(deaths()).toBe(1);
});

test('an envelope that ends the lane is quarantined after the second death under its marker', async () => {
  await online();
  server.deliver('me', { id: 'one', from: 'alice', key: 'key-one', sentAt: 1, text: 'before' });
  server.deliver('me', { id: 'two', from: 'mallory', key: 'key-two', sentAt: 2, text: POISON });
  server.deliver('me', { id: 'three', from: 'alice', key: 'key-three', sentAt: 3, text: 'after' });
  const here = async (): Promise<readonly string[]> => {
    const { rows } = await rig.page.call('inbox.page', { filter: 'all', before: null, limit: 10 });
    const pages = await Promise.all(
      rows.map((row) =>
        rig.page.call('message.page', { conversation: row.id, around: 'end', side: 'around', limit: 10 }),
      ),
    );
    return pages.flatMap((page) =>
      page.rows.map((row) => (row.kind === 'note' ? row.code : row.content.text)),
    );
  };
  for (let seen = 0; !(await here()).includes('after');) {
    const { seq } = await rig.page.until('changed', (changed) => changed.seq > seen);
    seen = seq;
  }
  expect((await here()).toSorted()).toEqual(['after', 'before', 'not-opened']);
  // One death before anything was marked, two under the marker.
  expect(deaths()).toBe(3);
  await expect.poll(() => server.waiting('me')).toEqual([]);
  const kept = rig.db.get<{ readonly outcome: string }>("SELECT outcome FROM inbound WHERE envelope = 'two'");
  expect(kept?.outcome).toBe('quarantined');
  expect(rig.db.all('SELECT * FROM marker')).toEqual([]);
});
