import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OtherDevice, type Got, type OtherAccount } from '../../networks/signal/test/other-side.ts';
import { errandIntent } from '../../networks/signal/errand.ts';
import { readSent, writeSent } from '../../networks/signal/send-log.ts';
import { notePhoneSettings } from '../../networks/signal/phone-record.ts';
import { MAX_RENEWALS } from '../../networks/signal/renewals.ts';
import type { ConversationId, Millis } from '../../shared/ids.ts';
import { createWork } from '../../shared/lane/work.ts';
import { request } from './rig.ts';
import { openSignalWorld, type SignalWorld } from './signal-world.ts';

let world: SignalWorld;
let account: OtherAccount;
let chat: ConversationId;
beforeEach(async () => {
  world = await openSignalWorld();
  ({ account, chat } = await world.meet({ devices: 2 }));
});
afterEach(() => world.close());

const kinds = (got: readonly Got[]) =>
  got.map(({ content }) => {
    if (content.kind === 'data' && content.data.what.kind === 'text') return content.data.what.text;
    return content.kind === 'nothing' ? content.what : content.kind;
  });
const send = async (text: string) => world.until(await world.say(chat, text), 'sent');
const sends = () => world.network.sends.filter(({ to }) => to === account.service);
/** The ratchet key of what a device got last. */
function ratchetKey(device: number): Uint8Array {
  const part = sends()
    .flatMap(({ parts }) => parts)
    .findLast((one) => one.device === device);
  if (part?.type !== 'prekey' && part?.type !== 'double-ratchet') throw new Error('nothing sealed');
  return OtherDevice.ratchetKeyOf(part.bytes, part.type, 1);
}
let stamp = 1_000;
/** Asks as a device would that could not open what I sent it at a time. */
async function ask(device: number, sentAt: Millis, key: Uint8Array | null): Promise<void> {
  const to = { service: account.service, device };
  const errand = errandIntent({ op: 'resend', to, sentAt, ratchetKey: key }, (stamp += 1), chat);
  await world.commit({ enqueue: [errand] });
  await settled();
}
const settled = () =>
  world.eventually(
    () => world.rig.db.get("SELECT 1 FROM outbox WHERE state IN ('queued', 'sealed')") === undefined,
  );
const lastState = () =>
  world.rig.db.get<{ readonly state: string }>(
    'SELECT state FROM outbox WHERE conversation = ? ORDER BY seq DESC LIMIT 1',
    chat,
  )?.state;

describe('a device that could not open a message', () => {
  test('gets it again in a new session, under its own time; the others get nothing of it', async () => {
    const { sentAt } = await send('one');
    account.device(1).forgetSessions();
    await ask(1, sentAt, ratchetKey(1));
    expect(kinds(account.device(1).got)).toEqual(['one', 'one']);
    expect(kinds(account.device(2).got)).toEqual(['one', 'null-message']);
    expect(account.device(1).got.at(-1)).toMatchObject({ type: 'prekey', sentAt });
    await send('two');
    expect(kinds(account.device(1).got)).toEqual(['one', 'one', 'two']);
  });

  test('in a session of before gets it in the one of now', async () => {
    const { sentAt } = await send('one');
    await ask(1, sentAt, new Uint8Array(33).fill(5));
    expect(kinds(account.device(1).got)).toEqual(['one', 'one']);
  });

  test('gets a null message where nothing is kept, for both sides need the new session', async () => {
    const { sentAt } = await send('one');
    await ask(1, sentAt - 1, ratchetKey(1));
    expect(kinds(account.device(1).got)).toEqual(['one', 'null-message']);
    expect(account.device(1).got.at(-1)?.type).toBe('prekey');
  });

  test('that asks for what was never sent, in no session of ours, gets nothing', async () => {
    const { sentAt } = await send('one');
    const before = sends().length;
    await ask(1, sentAt - 1, null);
    expect(lastState()).toBe('cancelled');
    expect(sends()).toHaveLength(before);
  });

  test('that is no device of theirs gets nothing', async () => {
    const { sentAt } = await send('one');
    const before = sends().length;
    await ask(77, sentAt, null);
    expect(sends()).toHaveLength(before);
  });

  test('that went while it was given it again gets nothing, and the others nothing either', async () => {
    const { sentAt } = await send('one');
    account.devices.delete(2);
    await ask(2, sentAt, null);
    expect(lastState()).toBe('failed');
    expect(kinds(account.device(1).got)).toEqual(['one']);
    await send('two');
    expect(kinds(account.device(1).got)).toEqual(['one', 'two']);
  });

  test('that came later gets nothing of before', async () => {
    const { sentAt } = await send('one');
    account.setUp(3);
    await send('two');
    await ask(3, sentAt, null);
    expect(kinds(account.device(3).got)).toEqual(['two']);
  });

  test('under another identity gets nothing, accepted or not', async () => {
    const { sentAt } = await send('one');
    const fresh = account.reinstall();
    const held = await world.say(chat, 'two');
    await world.until(held, 'held');
    const to = { service: account.service, device: 1 };
    // Without its conversation it would not even be held back by core.
    await world.commit({ enqueue: [errandIntent({ op: 'resend', to, sentAt, ratchetKey: null }, 1)] });
    await settled();
    expect(fresh.got).toEqual([]);
  });

  test('does not get it again and again', async () => {
    const { sentAt } = await send('one');
    for (let time = 0; time < MAX_RENEWALS + 3; time++) await ask(1, sentAt - 1, ratchetKey(1));
    expect(kinds(account.device(1).got).filter((kind) => kind === 'null-message')).toHaveLength(MAX_RENEWALS);
    expect(lastState()).toBe('cancelled');
  });

  test('gets nothing of what has disappeared: nothing of it is kept', async () => {
    await send('one');
    const { sentAt } = await send('gone soon');
    const kept = () =>
      world.rig.db.get(
        'SELECT 1 FROM lane_state WHERE space = ? AND key = ?',
        'sent',
        `${account.service}/${sentAt}`,
      ) !== undefined;
    const cell = { space: 'sent', key: `${account.service}/${sentAt}` };
    expect(kept()).toBe(true);
    const { context, sweeper } = world.performing();
    const record = await readSent(createWork(context.view), account.service, sentAt, 0);
    await world.commit({
      write: async (work) => {
        await work.get(cell);
        await writeSent(work, account.service, sentAt, { ...record!, expiresAt: Date.now() + 30 }, 0);
      },
    });
    sweeper.note(account.service, Date.now() + 30);
    await world.eventually(() => !kept());
    await ask(1, sentAt, ratchetKey(1));
    expect(kinds(account.device(1).got)).toEqual(['one', 'gone soon', 'null-message']);
  });

  test('gets nothing that was deleted', async () => {
    const { id, sentAt } = await send('one');
    await world.rig.page.call('message.delete', { request: request(), id });
    await world.eventually(() => account.device(1).got.length === 2);
    await ask(1, sentAt, ratchetKey(1));
    expect(kinds(account.device(1).got).filter((kind) => kind === 'one')).toHaveLength(1);
  });
});

describe('asking for something again', () => {
  test('goes to every device as it is, without a session of its own', async () => {
    await send('one');
    const to = { service: account.service, device: 2 };
    const content = world.retryRequest(account.device(2), 55);
    await world.commit({ enqueue: [errandIntent({ op: 'retry-request', to, content }, 2)] });
    await settled();
    for (const device of [1, 2])
      expect(account.device(device).got.at(-1)).toMatchObject({
        type: 'plaintext',
        content: { kind: 'decryption-error' },
      });
    await send('two');
    expect(kinds(account.device(2).got).at(-1)).toBe('two');
  });

  test('of somebody I never wrote to, too', async () => {
    const other = world.network.meet();
    const to = { service: other.service, device: 1 };
    const content = world.retryRequest(other.device(1), 55);
    await world.commit({ enqueue: [errandIntent({ op: 'retry-request', to, content }, 2)] });
    await settled();
    expect(other.device(1).got).toMatchObject([{ type: 'plaintext', content: { kind: 'decryption-error' } }]);
  });
});

describe('typing', () => {
  const type = async (on: boolean) => {
    await world.rig.page.call('typing.set', { conversation: chat, on });
    await world.idle();
  };

  test('is told once in a while, to who is there, and never starts a session', async () => {
    await type(true);
    expect(sends()).toEqual([]);
    expect(world.network.asked).toEqual([]);
    await send('one');
    await type(true);
    await type(true);
    await type(false);
    await type(false);
    const typing = sends().filter(({ online }) => online);
    expect(typing).toHaveLength(2);
    expect(kinds(account.device(1).got)).toEqual(['one', 'typing', 'typing']);
    expect(
      account
        .device(1)
        .got.slice(1)
        .map(({ content }) => content.kind === 'typing' && content.on),
    ).toEqual([true, false]);
    await send('two');
    expect(kinds(account.device(1).got).at(-1)).toBe('two');
  });

  test('is not told where my phone says so', async () => {
    await send('one');
    await world.commit({ write: (work) => notePhoneSettings(work, { readReceipts: null, typing: false }) });
    await type(true);
    expect(sends().filter(({ online }) => online)).toEqual([]);
  });

  test('is not told under another identity', async () => {
    await send('one');
    account.reinstall();
    await world.until(await world.say(chat, 'two'), 'held');
    const before = sends().length;
    await type(true);
    expect(sends()).toHaveLength(before);
  });
});
