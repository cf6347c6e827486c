import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSent } from '../../networks/signal/send-log.ts';
import type { OtherAccount } from '../../networks/signal/test/other-side.ts';
import type { ConversationId, MessageId } from '../../shared/ids.ts';
import { DATABASE_FILE } from '../../storage/database.ts';
import { createWork } from '../../shared/lane/work.ts';
import { request } from './rig.ts';
import { openSignalWorld, type SignalWorld } from './signal-world.ts';

/* What is kept beside a message of mine, in the lane's state and in the outbox: none of it outlives the message. */

const WORDS = 'shredded words';
let world: SignalWorld;
let account: OtherAccount;
let chat: ConversationId;
beforeEach(async () => {
  world = await openSignalWorld();
  ({ account, chat } = await world.meet());
  await send('hello');
});
afterEach(() => world.close());

const send = async (text: string) => world.until(await world.say(chat, text), 'sent');
const remove = (id: MessageId) => world.rig.page.call('message.delete', { request: request(), id });
const cells = (space: string) =>
  world.rig.db.all<{ readonly key: string; readonly value: Uint8Array }>(
    'SELECT key, value FROM lane_state WHERE space = ?',
    space,
  );
const inLog = (): readonly string[] =>
  cells('sent').flatMap(({ key, value }) => (Buffer.from(value).includes(WORDS) ? [key] : []));
const inOutbox = (): readonly string[] =>
  world.rig.db
    .all<{ readonly state: string; readonly intent: Uint8Array }>('SELECT state, intent FROM outbox')
    .flatMap(({ state, intent }) => (Buffer.from(intent).includes(WORDS) ? [state] : []));
const phone = () => world.network.me.device(1);
/** From now on nothing reaches my phone. */
function losePhone(): void {
  const { service, me } = world.network;
  const { send: reach } = service;
  Object.assign(service, {
    send: (letter: Parameters<typeof reach>[0]) =>
      letter.message.to === me.service ? Promise.resolve({ kind: 'offline' }) : reach(letter),
  });
}
const setTimer = (ms: 30_000 | 300_000) =>
  world.rig.page.call('conversation.timer', { request: request(), conversation: chat, ms });

describe('of a message that was deleted', () => {
  test('once it had failed, no word is kept to be given again', async () => {
    account.registered = false;
    const id = await world.say(chat, WORDS);
    await world.until(id, 'failed');
    expect(inLog()).toHaveLength(1);
    await remove(id);
    await world.eventually(() => inLog().length === 0);
    // The log of the database is emptied of what the lane let go of, too.
    await expect.poll(() => statSync(join(world.rig.folder, `${DATABASE_FILE}-wal`)).size).toBe(0);
    // Nobody is asked to delete what they never got.
    account.registered = true;
    await send('next');
    expect(account.device(1).got.map(({ content }) => content.kind)).toEqual(['data', 'data']);
  });

  test('once it had failed, where its text lies is forgotten', async () => {
    account.registered = false;
    const id = await world.say(chat, 'wörter '.repeat(700));
    await world.until(id, 'failed');
    expect(cells('long-text')).toHaveLength(1);
    await remove(id);
    await world.eventually(() => cells('long-text').length === 0);
  });

  test('while there was no connection, no word is kept once there is', async () => {
    const { id } = await send(WORDS);
    await world.eventually(() => inLog().length === 2);
    world.connect(false);
    await remove(id);
    await world.eventually(() => inLog().length === 0);
  });

  test('in a conversation that is blocked, no word is kept', async () => {
    const { id } = await send(WORDS);
    await world.eventually(() => inLog().length === 2);
    await world.rig.page.call('conversation.block', { request: request(), conversation: chat });
    await remove(id);
    await world.eventually(() => inLog().length === 0);
  });

  test('no word waits for my phone', async () => {
    await world.eventually(() => phone().got.length === 1);
    losePhone();
    const { id } = await send(WORDS);
    await world.eventually(() => inOutbox().includes('sealed'));
    await remove(id);
    expect(inOutbox()).toEqual([]);
    await world.eventually(() => inLog().length === 0);
  });
});

describe('of a message that disappears', () => {
  test('what is kept for devices that ask again is over with it, for my own as well', async () => {
    await setTimer(300_000);
    const before = Date.now();
    await send(WORDS);
    await world.eventually(() => inLog().length === 2);
    const { context } = world.performing();
    for (const service of [account.service, world.network.me.service]) {
      const [key = ''] = inLog().filter((one) => one.startsWith(service));
      const sentAt = Number(key.slice(service.length + 1));
      const record = await readSent(createWork(context.view), service, sentAt, 0);
      const keptMs = (record?.expiresAt ?? 0) - before;
      expect(keptMs).toBeGreaterThanOrEqual(300_000);
      expect(keptMs).toBeLessThan(310_000);
    }
  });
});
