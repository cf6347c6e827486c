import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import {
  directConversation,
  peerId,
  type ConversationId,
  type MessageId,
  type PeerId,
} from '../../../shared/ids.ts';
import type { SecurityFacts } from '../../../shared/label/facts.ts';
import type { Floor } from '../../../shared/label/floor.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import { request, type Rig } from '../../sample/rig.ts';
import { ALICE, clearFacts, goodFacts, meeting } from '../../sample/scene.ts';
import { ACCOUNT, CHAT, openScripted, type Known, type scriptedLane } from '../../sample/scripted.ts';

let rig: Rig;
let lane: ReturnType<typeof scriptedLane>;
afterEach(() => rig.close());

const rejects = (kind: string) => expect.objectContaining({ kind }) as unknown;
const yes = (): void => void (rig.shell.answer = () => ({ ok: true, secret: null }));
const no = (): void => void (rig.shell.answer = () => ({ ok: false, secret: null }));
const set = (floor: Floor, peer: PeerId | null = null) =>
  rig.page.call('floor.set', { request: request(), peer, floor });
const row = (conversation: ConversationId) => rig.page.call('conversation.get', { conversation });
const send = async (conversation: ConversationId) =>
  rig.page.call('message.send', {
    request: request(),
    conversation,
    content: textOnly('hello'),
    seenLabel: (await row(conversation)).labelRevision,
  });
const resolve = async (conversation: ConversationId, choice: 'send' | 'discard') =>
  rig.page.call('hold.resolve', {
    request: request(),
    conversation,
    choice,
    seenLabel: (await row(conversation)).labelRevision,
  });
const stateOf = async (id: MessageId) => {
  const [message] = (await rig.page.call('message.rows', { ids: [id] })).rows;
  return message?.kind === 'message' ? message.sending?.state : null;
};
const until = async (id: MessageId, state: string): Promise<void> => {
  for (let seen = 0; (await stateOf(id)) !== state;)
    seen = (await rig.page.until('changed', (changed) => changed.seq > seen)).seq;
};

describe('the floor', () => {
  beforeEach(async () => {
    ({ rig, lane } = await openScripted());
  });

  test('is raised without a question, for everybody and for one', async () => {
    no();
    expect(await set('members-limited')).toBe('members-limited');
    expect(await set('members', ALICE)).toBe('members');
    expect(rig.shell.asked).toEqual([]);
    expect(await rig.page.call('floor.get', { peer: ALICE })).toBe('members');
    expect((await row(CHAT)).floor).toEqual({ least: 'members', from: 'person' });
  });
  test('is lowered in the shell\u2019s own window alone, which says from what to what', async () => {
    await set('members', ALICE);
    await set('members-limited');
    no();
    await expect(set('unknown', ALICE)).rejects.toThrow(rejects('refused'));
    await expect(set('unknown')).rejects.toThrow(rejects('refused'));
    expect((await row(CHAT)).floor).toEqual({ least: 'members', from: 'person' });
    yes();
    await set('provider', ALICE);
    await set('unknown');
    expect(rig.shell.asked.slice(2)).toEqual([
      { kind: 'lower-floor', facts: { name: 'Alice', before: 'members', after: 'provider' } },
      { kind: 'lower-floor-for-all', facts: { before: 'members-limited', after: 'unknown' } },
    ]);
  });
  test('that rose while the window stood open is not lowered by its answer', async () => {
    await set('members-limited');
    rig.shell.answer = () => {
      rig.db.run("UPDATE floor SET least = 'members'");
      return { ok: true, secret: null };
    };
    await expect(set('provider')).rejects.toThrow(rejects('conflict'));
    expect(await rig.page.call('floor.get', { peer: null })).toBe('members');
  });
  test('of somebody who is not there is none', async () => {
    await expect(set('members', peerId('email', 'NOBODY'))).rejects.toThrow(rejects('not-found'));
  });
  test('holds what is written below it, unsealed, until it is lowered and the person says send', async () => {
    await set('members', ALICE);
    const held = await send(CHAT);
    expect(held).toMatchObject({ kind: 'held', why: 'below-floor' });
    await expect(resolve(CHAT, 'send')).rejects.toThrow(rejects('refused'));
    expect(lane.performed).toEqual([]);
    yes();
    await set('members-limited', ALICE);
    expect(await stateOf(held.id)).toBe('held');
    await resolve(CHAT, 'send');
    await until(held.id, 'sent');
  });
  test('holds no receipt and no typing back by a question: below it nothing is told', async () => {
    expect((await row(CHAT)).tells).toEqual({ read: true, typing: true });
    await rig.page.call('conversation.set', {
      request: request(),
      conversation: CHAT,
      tellsRead: true,
      tellsTyping: true,
    });
    await set('members');
    expect((await row(CHAT)).tells).toEqual({ read: false, typing: false });
  });
  test('refuses a reaction and a timer below it: the person looks first', async () => {
    const { id } = await send(CHAT);
    await until(id, 'sent');
    await set('members');
    const react = { request: request(), id, emoji: ['👍'], seenLabel: (await row(CHAT)).labelRevision };
    await expect(rig.page.call('message.react', react)).rejects.toThrow(rejects('refused'));
  });
  test('holds plain mail too, before anything is asked about encryption', async () => {
    const plain = `${CHAT} plain` as ConversationId;
    await lane.context().commit({
      ...emptyCommit,
      changes: [
        {
          kind: 'conversation',
          id: plain,
          patch: { kind: 'direct', peer: ALICE, protocol: 'none', state: 'active' },
        },
      ],
      forecasts: [{ conversation: plain, facts: [clearFacts(Date.now())], hold: null }],
    });
    await set('members-limited');
    const { id, kind } = await send(plain);
    expect(kind).toBe('held');
    expect(rig.shell.asked).toEqual([]);
    await expect(resolve(plain, 'send')).rejects.toThrow(rejects('refused'));
    yes();
    await set('unknown');
    // Lowered: now it is asked, as it is of any first plain message.
    no();
    await expect(resolve(plain, 'send')).rejects.toThrow(rejects('refused'));
    expect(await stateOf(id)).toBe('held');
    yes();
    expect((await row(plain)).neverOpen).toBe(false);
    await resolve(plain, 'send');
    await expect.poll(() => lane.performed.length).toBe(1);
    expect(rig.shell.asked.at(-1)?.kind).toBe('send-without-encryption');
  });
});

const nostrPeer = peerId('nostr', 'ab'.repeat(32));
const signalPeer = peerId('signal', 'service-id');
/** A direct conversation on another network, over the protocol it has there. */
const knownOn = (peer: PeerId, network: 'signal' | 'nostr', protocol: 'signal' | 'mls'): Known => {
  const chat = directConversation(ACCOUNT, peer);
  const met = meeting(chat, peer);
  return {
    network,
    peer,
    chat,
    facts: goodFacts,
    met: {
      ...met,
      changes: met.changes.map((change) =>
        change.kind === 'conversation' ? { ...change, patch: { ...change.patch, protocol } } : change,
      ),
    },
  };
};
const networks: readonly Known[] = [
  { network: 'email', peer: ALICE, chat: CHAT, met: meeting(CHAT, ALICE), facts: goodFacts },
  knownOn(signalPeer, 'signal', 'signal'),
  knownOn(nostrPeer, 'nostr', 'mls'),
];

describe.each(networks)('AT-05 a downgrade that is offered on $network', (known) => {
  /** What the directory makes the lane seal under. */
  let offered: SecurityFacts;
  beforeEach(async () => {
    offered = goodFacts();
    ({ rig, lane } = await openScripted({}, { ...known, facts: () => offered }));
    yes();
  });

  test('to another protocol, or none, is refused by core', async () => {
    for (const protocol of ['openpgp', 'signal', 'mls', 'none'] as const) {
      const { label } = await row(known.chat);
      if (protocol === label.protocol) continue;
      await expect(
        lane.context().commit({
          ...emptyCommit,
          changes: [{ kind: 'conversation', id: known.chat, patch: { protocol } }],
        }),
      ).rejects.toThrow(rejects('refused'));
    }
    expect((await row(known.chat)).label.protocol).toBe(
      known.met.changes.flatMap((change) =>
        change.kind === 'conversation' ? [change.patch.protocol] : [],
      )[0],
    );
  });
  test('to the clear is held in place with a row in the timeline, and no choice of the page lets it out', async () => {
    offered = clearFacts(Date.now());
    const { id } = await send(known.chat);
    await until(id, 'held');
    const page = await rig.page.call('message.page', {
      conversation: known.chat,
      around: 'end',
      side: 'around',
      limit: 9,
    });
    expect(page.rows.filter((each) => each.kind === 'note')).toMatchObject([{ code: 'below-floor' }]);
    expect(await row(known.chat)).toMatchObject({
      neverOpen: true,
      label: { readers: { kind: 'provider' }, sending: { ok: false, why: 'below-floor' } },
    });
    // The shell says yes to everything here: there is nothing to say yes to.
    await expect(resolve(known.chat, 'send')).rejects.toThrow(rejects('refused'));
    await expect(
      rig.page.call('hold.resolve', {
        request: request(),
        conversation: known.chat,
        choice: 'accept-change',
        seenLabel: 1,
      }),
    ).rejects.toThrow(rejects('conflict'));
    expect((await send(known.chat)).kind).toBe('held');
    expect(rig.db.all("SELECT 1 FROM outbox WHERE state IN ('sealed', 'sent')")).toEqual([]);
  });
  test('to a weaker protocol is held by the floor, though the sender saw it', async () => {
    await set('members-limited');
    offered = { ...goodFacts(), otherKeyHolders: clearFacts(Date.now()).otherKeyHolders };
    await lane.context().commit({
      ...emptyCommit,
      forecasts: [{ conversation: known.chat, facts: [offered], hold: null }],
    });
    expect(await send(known.chat)).toMatchObject({ kind: 'held', why: 'below-floor' });
    expect(lane.performed).toEqual([]);
  });
});
