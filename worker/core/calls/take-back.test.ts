import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import {
  directConversation,
  peerId,
  type MessageId,
  type NetworkKey,
  type OutboxId,
} from '../../../shared/ids.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import type { OutboxItem } from '../../../shared/lane/intent.ts';
import type { Performed } from '../../../shared/lane/lane.ts';
import { decodeFrame } from '../../../shared/wire/codec.ts';
import { request, type Rig } from '../../sample/rig.ts';
import { ALICE, goodFacts, meeting, sealedFor } from '../../sample/scene.ts';
import { ACCOUNT, CHAT, openScripted, type Known, type scriptedLane } from '../../sample/scripted.ts';

const BEA = peerId('nostr', 'B');
const BEAS = directConversation(ACCOUNT, BEA);
/** Somebody on a network whose lane goes on by itself with what is sealed. */
const bea: Known = { network: 'nostr', peer: BEA, chat: BEAS, met: meeting(BEAS, BEA), facts: goodFacts };

const CAL = peerId('signal', 'C');
const CALS = directConversation(ACCOUNT, CAL);
/** Somebody on a network whose lane keeps what it sealed, for devices that ask for it again. */
const cal: Known = { network: 'signal', peer: CAL, chat: CALS, met: meeting(CALS, CAL), facts: goodFacts };

let rig: Rig;
let here: Pick<Known, 'peer' | 'chat'>;
let lane: ReturnType<typeof scriptedLane>;
/** What comes of handing over. */
let answer: () => Performed | Promise<Performed | 'taken'> | 'taken';
let stopsWell: boolean;
const wire: string[] = [];
/** Keys of the messages of which the lane was told that nothing of them is to be kept. */
const forgotten: unknown[] = [];

const later = (unwritten: boolean): Performed => ({
  kind: 'later',
  retryAt: Date.now() + 1_000,
  ...(unwritten ? { unwritten } : {}),
});

async function begin(known?: Known): Promise<void> {
  here = known ?? { peer: ALICE, chat: CHAT };
  answer = () => later(true);
  stopsWell = true;
  wire.length = 0;
  forgotten.length = 0;
  // Seals at once, as while the mailbox is online; hands over when the submission server can be reached.
  const perform = async (item: OutboxItem): Promise<Performed> => {
    const { what } = item.intent;
    if (what.kind === 'protocol' && what.op === 'deleted') {
      forgotten.push((decodeFrame(what.data) as { message: NetworkKey }).message);
      await lane.context().commit({ ...emptyCommit, outbound: [{ item: item.id, to: 'sent' }] });
      return { kind: 'done' };
    }
    if (item.state === 'queued') {
      const sealed = await lane.context().commit({
        ...emptyCommit,
        forecasts: [{ conversation: here.chat, facts: [goodFacts()], hold: null }],
        outbound: [
          {
            item: item.id,
            to: 'sealed',
            evidence: sealedFor(here.peer, goodFacts()),
            artifacts: [{ to: 'them', identity: 'K', bytes: new Uint8Array([1]), outcome: 'pending' }],
          },
        ],
      });
      if (!sealed.ok) return { kind: 'done' };
    }
    const answered = await answer();
    if (answered !== 'taken') return answered;
    wire.push(what.kind);
    await lane.context().commit({ ...emptyCommit, outbound: [{ item: item.id, to: 'sent' }] });
    return { kind: 'done' };
  };
  const stop = () => (stopsWell ? Promise.resolve() : Promise.reject(new Error('died')));
  ({ rig, lane } = await openScripted({ perform, stop }, known));
}
beforeEach(() => begin());
afterEach(() => rig.close());

const send = async (text: string) => {
  const { labelRevision: seenLabel } = await rig.page.call('conversation.get', { conversation: here.chat });
  const content = textOnly(text);
  return rig.page.call('message.send', { request: request(), conversation: here.chat, content, seenLabel });
};
const sendingOf = async (id: MessageId) => {
  const { rows } = await rig.page.call('message.rows', { ids: [id] });
  return rows[0]?.kind === 'message' ? rows[0].sending : null;
};
const cancel = (id: MessageId) => rig.page.call('message.cancel', { request: request(), id });
const attempted = (id: MessageId) =>
  expect
    .poll(() => rig.db.get('SELECT 1 FROM outbox WHERE attempts > 0 AND message = ?', Number(id)))
    .toBeDefined();

describe('sealed, and nothing of it written', () => {
  test('cancel works until the first artifact is written to the wire', async () => {
    const { id } = await send('hello');
    await expect.poll(async () => (await sendingOf(id))?.waits).toBe(true);
    expect(await cancel(id)).toBe(true);
    expect(await sendingOf(id)).toMatchObject({ state: 'cancelled' });
    expect((await sendingOf(id))?.waits).toBeUndefined();
    // Nothing of its bytes is kept, and what is written next does not wait for it.
    expect(rig.db.get('SELECT 1 FROM artifact WHERE bytes IS NOT NULL')).toBeUndefined();
    answer = () => 'taken';
    const next = await send('next');
    await expect.poll(async () => (await sendingOf(next.id))?.state).toBe('sent');
    expect(wire).toEqual(['content']);
  });

  test('the page is told that it waits, and can be taken back', async () => {
    const { promise, resolve } = Promise.withResolvers<Performed>();
    answer = () => promise;
    const { id } = await send('hello');
    await expect.poll(async () => (await sendingOf(id))?.state).toBe('sealed');
    expect((await sendingOf(id))?.waits).toBeUndefined();
    const told = () =>
      rig.page.heard.filter(({ name, payload }) => name === 'changed' && JSON.stringify(payload).includes(id))
        .length;
    // News are gathered: with this one, all that came before is told.
    await rig.page.call('settings.set', { request: request(), patch: { sendWithEnter: false } });
    await rig.page.until('changed', ({ settings }) => settings);
    const before = told();
    resolve(later(true));
    await expect.poll(told).toBeGreaterThan(before);
    expect(await sendingOf(id)).toMatchObject({ state: 'sealed', waits: true });
  });

  test('deleted, it does not go, and nobody is asked to delete it', async () => {
    const { id } = await send('unsaid');
    await attempted(id);
    await rig.page.call('message.delete', { request: request(), id });
    answer = () => 'taken';
    const next = await send('next');
    await expect.poll(async () => (await sendingOf(next.id))?.state).toBe('sent');
    expect(wire).toEqual(['content']);
    expect(rig.db.all('SELECT state FROM outbox ORDER BY seq')).toEqual([
      { state: 'cancelled' },
      { state: 'sent' },
    ]);
  });

  test('taken back and deleted then, nobody is asked to delete what they never got', async () => {
    const { id } = await send('unsaid');
    await attempted(id);
    expect(await cancel(id)).toBe(true);
    await rig.page.call('message.delete', { request: request(), id });
    const { rows } = await rig.page.call('message.rows', { ids: [id] });
    expect(rows[0]).not.toHaveProperty('asked');
    expect(rig.db.all('SELECT state FROM outbox')).toEqual([{ state: 'cancelled' }]);
  });

  test('a lane that keeps what it seals lets go of what was taken back', async () => {
    await rig.close();
    await begin(cal);
    const { id } = await send('unsaid');
    await attempted(id);
    const { rows } = await rig.page.call('message.rows', { ids: [id] });
    const key = rows[0]?.kind === 'message' ? rows[0].key : null;
    expect(await cancel(id)).toBe(true);
    await expect.poll(() => forgotten).toEqual([key]);
  });

  test('held after that, and discarded, its lane is told as well', async () => {
    await begin(cal);
    answer = async () => {
      const { id } = rig.db.get<{ id: OutboxId }>('SELECT id FROM outbox') ?? { id: '' as OutboxId };
      const step = { item: id, to: 'held', hold: 'guard' } as const;
      await lane.context().commit({ ...emptyCommit, outbound: [step] });
      return { kind: 'done' };
    };
    const { id } = await send('unsaid');
    await expect.poll(async () => (await sendingOf(id))?.state).toBe('held');
    const { rows } = await rig.page.call('message.rows', { ids: [id] });
    const key = rows[0]?.kind === 'message' ? rows[0].key : null;
    const { labelRevision: seenLabel } = await rig.page.call('conversation.get', { conversation: here.chat });
    const stopped = { request: request(), conversation: here.chat, seenLabel };
    await rig.page.call('hold.resolve', { ...stopped, choice: 'discard' });
    await expect.poll(() => forgotten).toEqual([key]);
  });

  test('also after the program was closed and opened again', async () => {
    const { id } = await send('hello');
    await attempted(id);
    await rig.restart();
    await attempted(id);
    await expect.poll(() => cancel(id)).toBe(true);
  });
});

describe('it may have gone', () => {
  const staysSealed = async (id: MessageId) => {
    expect(await cancel(id)).toBe(false);
    const sending = await sendingOf(id);
    expect(sending).toMatchObject({ state: 'sealed' });
    expect(sending?.waits).toBeUndefined();
    expect(rig.db.all('SELECT outcome FROM artifact')).toEqual([{ outcome: 'ambiguous' }]);
  };

  test('its lane does not say that nothing was written', async () => {
    answer = () => later(false);
    const { id } = await send('hello');
    await attempted(id);
    await staysSealed(id);
    // Nor does a later attempt make it so.
    answer = () => later(true);
    await expect
      .poll(() => rig.db.get('SELECT 1 FROM outbox WHERE attempts > 1'), { timeout: 5_000 })
      .toBeDefined();
    await staysSealed(id);
  });

  test('its lane failed while it had it', async () => {
    answer = () => Promise.reject(new Error('fault'));
    const { id } = await send('hello');
    await attempted(id);
    await staysSealed(id);
  });

  test('the run before died', async () => {
    const { id } = await send('hello');
    await attempted(id);
    stopsWell = false;
    await rig.restart();
    await staysSealed(id);
  });

  test('the run before died, and no lane may start now', async () => {
    const { id } = await send('hello');
    await attempted(id);
    stopsWell = false;
    // As where a new version of the program discloses more.
    rig.db.run('DELETE FROM disclosure');
    await rig.restart();
    await staysSealed(id);
  });

  test('it went once without an answer, and is sealed anew', async () => {
    answer = async () => {
      const { id } = rig.db.get<{ id: OutboxId }>('SELECT id FROM outbox') ?? { id: '' as OutboxId };
      const artifact = { to: 'them', identity: 'K', bytes: new Uint8Array([1]) };
      const step = { item: id, to: 'sealed' as const };
      const told = await lane.context().commit({
        ...emptyCommit,
        outbound: [{ ...step, artifacts: [{ ...artifact, outcome: 'ambiguous' }] }],
      });
      const again = await lane.context().commit({
        ...emptyCommit,
        forecasts: [{ conversation: CHAT, facts: [goodFacts()], hold: null }],
        outbound: [
          {
            ...step,
            reseal: 'session-reset',
            evidence: sealedFor(ALICE, goodFacts()),
            artifacts: [{ ...artifact, bytes: new Uint8Array([2]), outcome: 'pending' }],
          },
        ],
      });
      expect([told.ok, again.ok]).toEqual([true, true]);
      return later(true);
    };
    const { id } = await send('hello');
    await attempted(id);
    await staysSealed(id);
  });

  test('its lane hands it over by itself from then on', async () => {
    await rig.close();
    await begin(bea);
    const { id } = await send('hello');
    await attempted(id);
    expect(await cancel(id)).toBe(false);
    expect(await sendingOf(id)).toMatchObject({ state: 'sealed' });
  });

  test('it was sealed where a lane hands over by itself, given back, and taken back then', async () => {
    await rig.close();
    await begin(bea);
    const { id } = await send('hello');
    await attempted(id);
    const { id: item } = rig.db.get<{ id: OutboxId }>('SELECT id FROM outbox') ?? { id: '' as OutboxId };
    lane.context().status({ kind: 'offline', retryAt: 9e15 });
    await lane
      .context()
      .commit({ ...emptyCommit, outbound: [{ item, to: 'queued', reseal: 'branch-lost' }] });
    expect(await cancel(id)).toBe(true);
    // What this network's conversations are under: there everyone is asked.
    rig.db.run("UPDATE conversation SET protocol = 'mls'");
    await rig.page.call('message.delete', { request: request(), id });
    const { rows } = await rig.page.call('message.rows', { ids: [id] });
    expect(rows[0]).toHaveProperty('asked');
  });

  test('it is being handed over just now', async () => {
    const { promise, resolve } = Promise.withResolvers<'taken'>();
    answer = () => promise;
    const { id } = await send('hello');
    await expect.poll(async () => (await sendingOf(id))?.state).toBe('sealed');
    expect(await cancel(id)).toBe(false);
    resolve('taken');
    await expect.poll(async () => (await sendingOf(id))?.state).toBe('sent');
  });
});
