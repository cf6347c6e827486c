import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import {
  peerId,
  type ConversationId,
  type EnvelopeKey,
  type OutboxId,
  type PeerId,
} from '../../../shared/ids.ts';
import { worse } from '../../../shared/label/rules.ts';
import type { Change } from '../../../shared/lane/change.ts';
import { addAccount } from '../../../storage/accounts.ts';
import { patchConversation } from '../../../storage/conversations.ts';
import { outcomeOf } from '../../../storage/inbound.ts';
import { getCell, scanCells } from '../../../storage/lane-state.ts';
import { rowidOf } from '../../../storage/messages.ts';
import { findPeer, setTrust, trustOf } from '../../../storage/peers.ts';
import { messageRow, selectMessages, type MessageRecord } from '../../../storage/queries/message-rows.ts';
import { messageDetails } from '../../../storage/queries/messages.ts';
import { searchMessages } from '../../../storage/search.ts';
import { MAX_KEPT } from '../../../storage/strangers.ts';
import { MAX_WAITING_PER_TARGET, WAIT_MS } from '../../../storage/waiting.ts';
import {
  ALICE,
  clearFacts,
  goodFacts,
  key,
  meeting,
  messageFrom,
  openedBy,
  openScene,
  withPeer,
  type Scene,
} from '../../sample/scene.ts';

let scene: Scene;
let chat: ConversationId;
beforeEach(() => {
  scene = openScene();
  chat = withPeer(scene, ALICE);
});
afterEach(() => scene.close());

const receive = (name: string, text: string) =>
  scene.commit({
    ...meeting(chat, ALICE),
    changes: [...meeting(chat, ALICE).changes, messageFrom(ALICE, chat, name, text)],
  });
const row = (name: string) => {
  const id = scene.message(name)?.id ?? -1;
  const record = scene.db.get<MessageRecord>(`${selectMessages} WHERE m.id = ?`, id);
  const read = record ? messageRow(scene.db, record) : null;
  if (read?.kind !== 'message') throw new Error('no such message');
  return read;
};
const found = (text: string) =>
  searchMessages(scene.db, { text, in: null, before: null, limit: 10 }).ids.length;

describe('state', () => {
  const cell = { space: 's', key: 'k' };
  test('a write is applied when its cell has the version it was made from', () => {
    expect(scene.commit({ work: [{ key: cell, value: new Uint8Array([1]), expect: 0 }] }).ok).toBe(true);
    const { version } = getCell(scene.db, scene.account.id, cell)!;
    expect(scene.commit({ work: [{ key: cell, value: new Uint8Array([2]), expect: version }] }).ok).toBe(
      true,
    );
    expect([...getCell(scene.db, scene.account.id, cell)!.value]).toEqual([2]);
  });
  test('another version is a conflict and drops everything else of the commit', () => {
    scene.commit({ work: [{ key: cell, value: new Uint8Array([1]), expect: 0 }] });
    const result = scene.commit({
      ...meeting(chat, ALICE),
      work: [
        { key: { space: 's', key: 'other' }, value: new Uint8Array([9]), expect: 0 },
        { key: cell, value: new Uint8Array([2]), expect: 0 },
      ],
    });
    expect(result).toEqual({ ok: false, why: 'conflict' });
    expect(scanCells(scene.db, scene.account.id, 's', '').map(([{ key: name }]) => name)).toEqual(['k']);
    expect(scene.db.all('SELECT * FROM conversation')).toEqual([]);
    expect(scene.touched.conversations.size).toBe(0);
  });
  test('a cell that was removed and made again has another version than before', () => {
    scene.commit({ work: [{ key: cell, value: new Uint8Array([1]), expect: 0 }] });
    const { version } = getCell(scene.db, scene.account.id, cell)!;
    scene.commit({ work: [{ key: cell, value: null, expect: version }] });
    scene.commit({ work: [{ key: cell, value: new Uint8Array([1]), expect: 0 }] });
    expect(scene.commit({ work: [{ key: cell, value: null, expect: version }] })).toEqual({
      ok: false,
      why: 'conflict',
    });
  });
  test('a scan gives the keys with the prefix, in order, and nothing beside them', () => {
    const names = ['b', 'a/2', 'a/1', 'a', 'a0', 'a\u{10FFFE}'];
    scene.commit({
      work: names.map((name) => ({ key: { space: 's', key: name }, value: new Uint8Array([0]), expect: 0 })),
    });
    const scanned = scanCells(scene.db, scene.account.id, 's', 'a/').map(([{ key: name }]) => name);
    expect(scanned).toEqual(['a/1', 'a/2']);
    expect(scanCells(scene.db, scene.account.id, 's', 'a')).toHaveLength(5);
  });
});

describe('messages', () => {
  test('a message is shown, searched for, counted as unread and told', () => {
    receive('one', 'The quick fox');
    expect(row('one').content.text).toBe('The quick fox');
    expect(found('fox')).toBe(1);
    expect(scene.conversation(chat)).toMatchObject({ unread: 1, lastAt: 1_000 });
    expect([...scene.touched.messages]).toEqual([scene.message('one')?.id]);
    expect(scene.touched.arrived).toHaveLength(1);
  });
  test('the same key twice is one message', () => {
    receive('one', 'first');
    receive('one', 'second');
    expect(row('one').content.text).toBe('first');
    expect(scene.conversation(chat).unread).toBe(1);
    expect(found('second')).toBe(0);
  });
  test('rowids carry the time and never go back', () => {
    scene.now = 5_000;
    receive('one', 'a');
    scene.now = 3_000;
    receive('two', 'b');
    const [one, two] = [rowidOf(row('one').id), rowidOf(row('two').id)];
    expect(one).toBe(5_000 * 1024);
    expect(two).toBe(one + 1);
  });
  test('the label of a message is that of its own evidence', () => {
    receive('one', 'a');
    scene.commit({ forecasts: [{ conversation: chat, facts: [clearFacts()], hold: null }] });
    expect(row('one').label.readers.kind).toBe('members-limited');
    expect(scene.conversation(chat).label?.readers.kind).toBe('provider');
  });
  test('in a direct conversation only its peer speaks', () => {
    scene.commit(meeting(chat, ALICE));
    const mallory = peerId('email', 'MALLORY');
    expect(() => scene.commit({ changes: [messageFrom(mallory, chat, 'one', 'I am Alice')] })).toThrow(
      expect.objectContaining({ kind: 'refused' }),
    );
    expect(scene.message('one')).toBeNull();
  });
  test('nobody but me speaks, reacts or confirms in a conversation with myself', () => {
    const notes = 'notes' as ConversationId;
    const me = peerId('email', 'ME');
    const mallory = peerId('email', 'MALLORY');
    const patch = { kind: 'self', peer: me, protocol: 'openpgp', state: 'active' } as const;
    const mine = { ...messageFrom(ALICE, notes, 'mine', 'to do'), author: 'me' } as Change;
    scene.commit({ changes: [{ kind: 'conversation', id: notes, patch }, mine] });
    expect(() => scene.commit({ changes: [messageFrom(mallory, notes, 'x', 'theirs')] })).toThrow(
      expect.objectContaining({ kind: 'refused' }),
    );
    const target = { conversation: notes, key: key('mine') };
    const evidence = openedBy(mallory);
    const react = (by: typeof mallory | 'me', emoji: string): Change => ({
      kind: 'reaction',
      target,
      by,
      emoji: [emoji],
      evidence,
    });
    scene.commit({
      changes: [
        { kind: 'receipt', receipt: { kind: 'read', of: key('mine'), by: mallory, at: 1 } },
        react(mallory, '👎'),
        react('me', '👍'),
      ],
    });
    expect(row('mine')).toMatchObject({ sending: null, reactions: [{ emoji: '👍' }] });
    expect(row('mine').reactions).toHaveLength(1);
  });
  test('what a blocked person writes is dropped', () => {
    scene.commit(meeting(chat, ALICE));
    patchConversation(scene.db, chat, { state: 'blocked' });
    const result = scene.commit({ changes: [messageFrom(ALICE, chat, 'one', 'hello?')] });
    expect(result.ok).toBe(true);
    expect(scene.message('one')).toBeNull();
  });
  test('a new message takes a conversation out of the archive, unless it is muted', () => {
    scene.commit(meeting(chat, ALICE));
    patchConversation(scene.db, chat, { archived: true, muted: true });
    receive('one', 'a');
    expect(scene.conversation(chat).archived).toBe(true);
    patchConversation(scene.db, chat, { muted: false });
    receive('two', 'b');
    expect(scene.conversation(chat).archived).toBe(false);
  });
  test('AT-19 only its author edits or deletes a message, and only in its conversation', () => {
    receive('one', 'original');
    const bob = peerId('email', 'BOB');
    const other = withPeer(scene, bob);
    scene.commit(meeting(other, bob));
    const edit = (by: typeof ALICE | 'me', conversation = chat): Change => ({
      kind: 'edit',
      target: { conversation, key: key('one') },
      by,
      content: textOnly('forged'),
      evidence: openedBy(ALICE),
    });
    scene.commit({ changes: [edit(bob), edit('me'), edit(ALICE, other)] });
    scene.commit({ changes: [{ kind: 'delete', target: { conversation: chat, key: key('one') }, by: bob }] });
    expect(row('one')).toMatchObject({ deleted: false, editedAt: null, content: { text: 'original' } });
    scene.commit({ changes: [edit(ALICE)] });
    expect(row('one')).toMatchObject({ editedAt: 1_000, content: { text: 'forged' } });
    expect([found('original'), found('forged')]).toEqual([0, 1]);
  });
  test('an edit is shown under what it was protected by itself; the version before keeps its own evidence', () => {
    receive('one', 'original');
    const before = row('one').label;
    const weak = { ...goodFacts(), authenticated: { is: false, asOf: 1_000, by: 'message' } } as const;
    scene.commit({
      changes: [
        {
          kind: 'edit',
          target: { conversation: chat, key: key('one') },
          by: ALICE,
          content: textOnly('anybody could have written this'),
          evidence: openedBy(ALICE, weak),
        },
      ],
    });
    expect(worse(row('one').label, before)).toBe(true);
    const details = messageDetails(scene.db, { id: row('one').id });
    expect(details?.label).toEqual(row('one').label);
    expect(details?.evidence?.facts).toEqual([weak]);
    expect(details?.revisions).toMatchObject([{ content: { text: 'original' }, evidence: openedBy(ALICE) }]);
  });
  test('a deleted message keeps nothing of what it said, and a second delivery does not bring it back', () => {
    receive('one', 'secret plan');
    scene.commit({
      changes: [{ kind: 'delete', target: { conversation: chat, key: key('one') }, by: ALICE }],
    });
    receive('one', 'secret plan');
    expect(row('one')).toMatchObject({ deleted: true, content: { text: '' } });
    expect(found('secret')).toBe(0);
    expect(
      scene.db.all("SELECT * FROM message WHERE words LIKE '%secret%' OR content LIKE '%secret%'"),
    ).toEqual([]);
  });
  test('a reaction replaces the one before; an empty one takes it back', () => {
    receive('one', 'a');
    const react = (emoji: readonly string[]): Change => ({
      kind: 'reaction',
      target: { conversation: chat, key: key('one') },
      by: ALICE,
      emoji,
      evidence: openedBy(ALICE),
    });
    scene.commit({ changes: [react(['👍', '❤️'])] });
    scene.commit({ changes: [react(['🎉'])] });
    expect(messageDetails(scene.db, { id: row('one').id })?.reactions).toMatchObject([
      { by: { me: false, peer: ALICE }, emoji: ['🎉'], evidence: openedBy(ALICE) },
    ]);
    expect(row('one').reactions.map(({ emoji }) => emoji)).toEqual(['🎉']);
    scene.commit({ changes: [react([])] });
    expect(row('one').reactions).toEqual([]);
  });
});

describe('changes that come before their message', () => {
  const waits = (): number =>
    scene.db.get<{ readonly n: number }>('SELECT count(*) AS n FROM waiting_change')?.n ?? -1;
  test('they wait, and are applied in their order once it arrives', () => {
    scene.commit(meeting(chat, ALICE));
    const target = { conversation: chat, key: key('one') };
    const evidence = openedBy(ALICE);
    scene.commit({
      changes: [
        { kind: 'reaction', target, by: ALICE, emoji: ['👍'], evidence },
        { kind: 'edit', target, by: ALICE, content: textOnly('second'), evidence },
        { kind: 'edit', target, by: ALICE, content: textOnly('third'), evidence },
        { kind: 'own-read', target },
      ],
    });
    expect(waits()).toBe(4);
    receive('one', 'first');
    expect(row('one').content.text).toBe('third');
    expect(row('one').reactions).toHaveLength(1);
    expect(scene.conversation(chat).unread).toBe(0);
    expect(waits()).toBe(0);
  });
  test('a delete that came first leaves an empty message', () => {
    scene.commit(meeting(chat, ALICE));
    scene.commit({
      changes: [{ kind: 'delete', target: { conversation: chat, key: key('one') }, by: ALICE }],
    });
    receive('one', 'unsaid');
    expect(row('one')).toMatchObject({ deleted: true, content: { text: '' } });
    expect(found('unsaid')).toBe(0);
  });
  test('what waited too long is forgotten', () => {
    scene.commit(meeting(chat, ALICE));
    scene.commit({
      changes: [{ kind: 'delete', target: { conversation: chat, key: key('one') }, by: ALICE }],
    });
    scene.now += 31 * 24 * 60 * 60 * 1_000;
    receive('one', 'late');
    expect(row('one').deleted).toBe(false);
  });
  test('AT-59 a flood for one target is bounded', () => {
    scene.commit(meeting(chat, ALICE));
    const receipts = Array.from({ length: 3 * MAX_WAITING_PER_TARGET }, (_, n): Change => ({
      kind: 'receipt',
      receipt: { kind: 'read', of: key('nothing'), by: ALICE, at: n },
    }));
    scene.commit({ changes: receipts });
    expect(waits()).toBe(MAX_WAITING_PER_TARGET);
  });
});

/** Of each kind; `npm run fuzz` makes it a hundred thousand. */
const FLOOD = Number(process.env.FLOOD ?? 10_000);
const AT_ONCE = 500;
const FLOOD_MS = 60_000 + FLOOD * 10;
const rows = (of: string): number =>
  scene.db.get<{ readonly n: number }>(`SELECT count(*) AS n FROM ${of}`)?.n ?? -1;

test(
  'AT-59 a flood of messages of a stranger is one request, and told to nobody',
  { timeout: FLOOD_MS },
  () => {
    scene.commit({
      changes: [
        {
          kind: 'conversation',
          id: chat,
          patch: { kind: 'direct', peer: ALICE, protocol: 'openpgp', state: 'request' },
        },
      ],
    });
    for (let from = 0; from < FLOOD; from += AT_ONCE)
      scene.commit({
        changes: Array.from({ length: AT_ONCE }, (_, n) =>
          messageFrom(ALICE, chat, `flood-${from + n}`, 'hello'),
        ),
      });
    expect(rows('message')).toBe(MAX_KEPT);
    expect(scene.conversation(chat)).toMatchObject({ unread: MAX_KEPT, notKept: FLOOD - MAX_KEPT });
    expect(rows("conversation WHERE state = 'request'")).toBe(1);
    expect(rows('conversation')).toBe(1);
    expect(rows('outbox')).toBe(0);
  },
);

test(
  'AT-59 a flood of reactions and receipts of a contact is kept once, and answered by nothing',
  { timeout: FLOOD_MS },
  () => {
    scene.commit(meeting(chat, ALICE));
    const { id } = scene.intend(chat, 'hi');
    scene.db.run("UPDATE outbox SET state = 'sent' WHERE id = ?", id);
    const of = key(`out-${id}`);
    const target = { conversation: chat, key: of };
    const before = rows('outbox');
    for (let from = 0; from < FLOOD; from += AT_ONCE)
      scene.commit({
        changes: Array.from({ length: AT_ONCE }, (_, n): readonly Change[] => [
          {
            kind: 'reaction',
            target,
            by: ALICE,
            emoji: [n % 2 === 0 ? '👍' : '🎉'],
            evidence: openedBy(ALICE),
          },
          { kind: 'receipt', receipt: { kind: 'delivered', of, by: ALICE, at: from + n } },
        ]).flat(),
      });
    expect(rows('reaction')).toBe(1);
    expect(rows('receipt')).toBeLessThanOrEqual(2);
    expect(rows('message')).toBe(1);
    expect(rows('outbox')).toBe(before);
  },
);

describe('receipts', () => {
  test('a message of mine rises to delivered and read, never back, and only by who is in the conversation', () => {
    scene.commit(meeting(chat, ALICE));
    const { id, message } = scene.intend(chat, 'hi');
    scene.db.run("UPDATE outbox SET state = 'sent' WHERE id = ?", id);
    scene.db.run("UPDATE message SET send_state = 'sent' WHERE id = ?", message);
    const of = key(`out-${id}`);
    const receipt = (kind: 'delivered' | 'read', by = ALICE): Change => ({
      kind: 'receipt',
      receipt: { kind, of, by, at: 2_000 },
    });
    const state = () => scene.message(of)?.sendState;
    scene.commit({ changes: [receipt('read', peerId('email', 'MALLORY'))] });
    expect(state()).toBe('sent');
    scene.commit({ changes: [receipt('delivered')] });
    expect(state()).toBe('delivered');
    scene.commit({ changes: [receipt('read')] });
    scene.commit({ changes: [receipt('delivered')] });
    expect(state()).toBe('read');
  });
  test('a receipt for a message that never went out says nothing', () => {
    scene.commit(meeting(chat, ALICE));
    const { id } = scene.intend(chat, 'hi');
    scene.commit({
      changes: [{ kind: 'receipt', receipt: { kind: 'read', of: key(`out-${id}`), by: ALICE, at: 1 } }],
    });
    expect(scene.message(`out-${id}`)?.sendState).toBe('queued');
  });
  test('a bounce fails a sent message and its item', () => {
    scene.commit(meeting(chat, ALICE));
    const { id, message } = scene.intend(chat, 'hi');
    scene.db.run("UPDATE outbox SET state = 'sent' WHERE id = ?", id);
    scene.db.run("UPDATE message SET send_state = 'sent' WHERE id = ?", message);
    scene.commit({
      changes: [{ kind: 'delivery-failed', of: key(`out-${id}`), why: 'bounced', at: 2_000 }],
    });
    expect(row(`out-${id}`).sending).toMatchObject({ state: 'failed', failure: 'bounced' });
    expect(scene.item(id).state).toBe('failed');
  });
});

describe('conversations', () => {
  const patch = (more: object): Change => ({ kind: 'conversation', id: chat, patch: more });
  test('a first patch must be complete', () => {
    expect(() => scene.commit({ changes: [patch({ kind: 'direct', protocol: 'none' })] })).toThrow(
      expect.objectContaining({ kind: 'bad-request' }),
    );
  });
  test('AT-05 the protocol rises from none and never falls; the commit is refused whole', () => {
    scene.commit({ changes: [patch({ kind: 'direct', peer: ALICE, protocol: 'none' })] });
    expect(scene.conversation(chat).everEndToEnd).toBe(false);
    scene.commit({ changes: [patch({ protocol: 'openpgp' })] });
    expect(scene.conversation(chat)).toMatchObject({ protocol: 'openpgp', everEndToEnd: true });
    const cell = { key: { space: 's', key: 'k' }, value: new Uint8Array(), expect: 0 };
    for (const protocol of ['none', 'mls'])
      expect(() => scene.commit({ work: [cell], changes: [patch({ protocol })] })).toThrow(
        expect.objectContaining({ kind: 'refused' }),
      );
    expect(scene.conversation(chat).protocol).toBe('openpgp');
    expect(getCell(scene.db, scene.account.id, cell.key)).toBeNull();
  });
  test('what the person decided stands against a lane', () => {
    scene.commit(meeting(chat, ALICE));
    scene.commit({ changes: [patch({ state: 'request' })] });
    expect(scene.conversation(chat).state).toBe('active');
    patchConversation(scene.db, chat, { state: 'blocked' });
    scene.commit({ changes: [patch({ state: 'active' })] });
    expect(scene.conversation(chat).state).toBe('blocked');
  });
  test('AT-14 a lane reaches neither another account nor a peer of another network', () => {
    const other = { ...scene.account, id: 'other' as typeof scene.account.id, address: 'other@example.org' };
    addAccount(scene.db, other);
    scene.db.run(
      'INSERT INTO peer (id, network, identity, first_seen_at) VALUES (?, ?, ?, 1)',
      ALICE,
      'email',
      'A',
    );
    scene.db.run(
      `INSERT INTO conversation (id, account, network, protocol, kind, state, last_at)
       VALUES ('theirs', 'other', 'email', 'openpgp', 'direct', 'active', 1)`,
    );
    const theirs = 'theirs' as ConversationId;
    const refused = expect.objectContaining({ kind: 'refused' });
    expect(() => scene.commit({ changes: [messageFrom(ALICE, theirs, 'one', 'x')] })).toThrow(refused);
    expect(() => scene.commit({ forecasts: [{ conversation: theirs, facts: [], hold: null }] })).toThrow(
      refused,
    );
    expect(() =>
      scene.commit({
        changes: [{ kind: 'peer', peer: peerId('nostr', 'x'), identity: 'x', address: null, name: null }],
      }),
    ).toThrow(refused);
  });
  test('a note is stated once per key', () => {
    scene.commit(meeting(chat, ALICE));
    const note: Change = { kind: 'note', conversation: chat, key: key('n'), code: 'not-opened', at: 1 };
    scene.commit({ changes: [note] });
    scene.commit({ changes: [note] });
    expect(scene.db.all("SELECT * FROM message WHERE kind = 'note'")).toHaveLength(1);
  });
  test('AT-12 a note names whom it is about, and nobody of another network', () => {
    scene.commit(meeting(chat, ALICE));
    const about = (...of: readonly (PeerId | 'me')[]): Change => ({
      kind: 'note',
      conversation: chat,
      key: key('d'),
      code: 'new-device',
      at: 1,
      of,
    });
    expect(() => scene.commit({ changes: [about(peerId('nostr', 'x'))] })).toThrow(
      expect.objectContaining({ kind: 'refused' }),
    );
    scene.commit({ changes: [about(ALICE, 'me')] });
    const record = scene.db.get<MessageRecord>(`${selectMessages} WHERE m.kind = 'note'`);
    expect(record && messageRow(scene.db, record)).toMatchObject({
      kind: 'note',
      code: 'new-device',
      who: { people: [{ me: false, peer: ALICE }, { me: true }] },
    });
    expect(scene.conversation(chat).hold).toBeNull();
  });
  test('the label derives from the forecast; its revision rises only when it became another', () => {
    scene.commit(meeting(chat, ALICE));
    const first = scene.conversation(chat);
    expect(first.label?.readers).toMatchObject({ kind: 'members-limited' });
    scene.commit({ forecasts: [{ conversation: chat, facts: [goodFacts()], hold: null }] });
    expect(scene.conversation(chat).labelRevision).toBe(first.labelRevision);
    scene.commit({ forecasts: [{ conversation: chat, facts: [clearFacts()], hold: null }] });
    expect(scene.conversation(chat).labelRevision).toBe(first.labelRevision + 1);
    expect(scene.conversation(chat).label?.readers.kind).toBe('provider');
  });
  test('a forecast without facts is not known', () => {
    scene.commit(meeting(chat, ALICE, []));
    expect(scene.conversation(chat).label?.readers.kind).toBe('unknown');
  });
  test('a hold of the lane stops, and ends with its next word', () => {
    scene.commit(meeting(chat, ALICE));
    scene.commit({ forecasts: [{ conversation: chat, facts: [goodFacts()], hold: 'no-key' }] });
    expect(scene.conversation(chat).label?.sending).toEqual({ ok: false, why: 'no-key' });
    scene.commit({ forecasts: [{ conversation: chat, facts: [goodFacts()], hold: null }] });
    expect(scene.conversation(chat).label?.sending).toEqual({ ok: true });
  });
  test('members of a group make its identity line', () => {
    const group = `${scene.account.id}|group` as ConversationId;
    const bob = peerId('email', 'BOB');
    const member = (peer: typeof ALICE, act: 'joined' | 'left'): Change => ({
      kind: 'member',
      conversation: group,
      peer,
      act,
      by: null,
    });
    scene.commit({
      changes: [
        { kind: 'conversation', id: group, patch: { kind: 'group', protocol: 'openpgp', state: 'active' } },
        member(ALICE, 'joined'),
        member(bob, 'joined'),
      ],
    });
    setTrust(scene.db, scene.account.id, ALICE, { kind: 'checked', at: 1, by: 'code' });
    scene.commit({ changes: [member(bob, 'joined')] });
    expect(scene.conversation(group).label?.identity).toMatchObject({ checked: 1, of: 2 });
    scene.commit({ changes: [member(bob, 'left')] });
    expect(scene.conversation(group).label?.identity).toMatchObject({ checked: 1, of: 1 });
  });
});

describe('identities', () => {
  const identity = (
    now: string,
    trust: Extract<Change, { kind: 'identity' }>['trust'],
    was = 'ALICE-FINGERPRINT',
  ): Change => ({
    kind: 'identity',
    peer: ALICE,
    was,
    now,
    trust,
  });
  const notes = () =>
    scene.db
      .all<{ readonly content: string }>("SELECT content FROM message WHERE kind = 'note' ORDER BY id")
      .map(({ content }) => (JSON.parse(content) as { code: string }).code);
  beforeEach(() => void scene.commit(meeting(chat, ALICE)));

  test('a changed identity stops its conversations, is stated, and the lane cannot undo it', () => {
    scene.commit({ changes: [identity('NEW', { kind: 'changed', at: 1, wasChecked: false })] });
    expect(scene.conversation(chat).label).toMatchObject({
      identity: { trust: { kind: 'changed' } },
      sending: { ok: false, why: 'identity-changed' },
    });
    expect(notes()).toEqual(['identity-changed']);
    expect(findPeer(scene.db, ALICE)?.identity).toBe('NEW');
    scene.commit({
      changes: [identity('NEW', { kind: 'unchecked' })],
      forecasts: [{ conversation: chat, facts: [goodFacts()], hold: null }],
    });
    expect(scene.conversation(chat).hold).toBe('identity-changed');
  });
  test('another identity stops even when the lane calls it merely unchecked', () => {
    setTrust(scene.db, scene.account.id, ALICE, { kind: 'checked', at: 1, by: 'number' });
    scene.commit({ changes: [identity('NEW', { kind: 'unchecked' })] });
    expect(trustOf(scene.db, scene.account.id, ALICE)).toEqual({
      kind: 'changed',
      at: 1_000,
      wasChecked: true,
    });
    expect(scene.conversation(chat).hold).toBe('identity-changed');
  });
  test('told again of what the person has accepted, nothing stops', () => {
    const told = identity('NEW', { kind: 'changed', at: 1, wasChecked: false });
    scene.commit({ changes: [told] });
    setTrust(scene.db, scene.account.id, ALICE, { kind: 'unchecked' });
    scene.db.run('UPDATE conversation SET hold = NULL');
    scene.commit({ changes: [told] });
    expect(trustOf(scene.db, scene.account.id, ALICE).kind).toBe('unchecked');
    expect(scene.conversation(chat).hold).toBeNull();
  });
  test('a new peer that is told as a changed identity stops, though it was never seen before', () => {
    const next = peerId('email', 'NEXT');
    const other = withPeer(scene, next);
    scene.commit({
      changes: [
        ...meeting(other, next).changes,
        {
          kind: 'identity',
          peer: next,
          was: 'ALICE-FINGERPRINT',
          now: 'NEXT',
          trust: { kind: 'changed', at: 1, wasChecked: true },
        },
      ],
    });
    expect(scene.conversation(other).hold).toBe('identity-changed');
    expect(scene.conversation(chat).hold).toBeNull();
  });
  test('a proof checks the peer, is stated and ends the stop', () => {
    scene.commit({ changes: [identity('NEW', { kind: 'changed', at: 1, wasChecked: false })] });
    scene.commit({ changes: [identity('NEW', { kind: 'checked', at: 2, by: 'secure-join' }, 'NEW')] });
    expect(scene.conversation(chat).label).toMatchObject({
      identity: { trust: { kind: 'checked' } },
      sending: { ok: true },
    });
    expect(notes()).toEqual(['identity-changed', 'checked']);
  });
  test('a device with another identity is a changed identity; one with the same is not', () => {
    const device = (sameIdentity: boolean): Change => ({
      kind: 'device',
      peer: ALICE,
      device: 'd',
      act: 'added',
      sameIdentity,
    });
    scene.commit({ changes: [device(true)] });
    expect(scene.conversation(chat).hold).toBeNull();
    scene.commit({ changes: [device(false)] });
    expect(scene.conversation(chat).hold).toBe('identity-changed');
  });
});

describe('inbound', () => {
  const envelope = 'envelope' as EnvelopeKey;
  test('a consumed envelope given again changes nothing and answers nothing twice', () => {
    const commit = {
      changes: [...meeting(chat, ALICE).changes, messageFrom(ALICE, chat, 'one', 'hi')],
      inbound: [{ kind: 'consumed', envelope }] as const,
      enqueue: [
        {
          conversation: null,
          sentAt: 1,
          what: { kind: 'protocol', key: key('h'), op: 'hello', data: new Uint8Array() },
        },
      ] as const,
    };
    expect(scene.commit(commit).ok).toBe(true);
    expect(scene.commit(commit).ok).toBe(true);
    expect(scene.db.all('SELECT * FROM outbox')).toHaveLength(1);
    expect(scene.conversation(chat).unread).toBe(1);
  });
  test('a parked envelope keeps its bytes until it is consumed', () => {
    scene.commit({
      inbound: [{ kind: 'parked', envelope, raw: new Uint8Array([1, 2]), needs: 'epoch', until: 9_999 }],
    });
    expect(outcomeOf(scene.db, scene.account.id, envelope)).toBe('parked');
    // Its acknowledgement was lost and the server gave it again: what a newer version is to open stays.
    scene.commit({ inbound: [{ kind: 'duplicate', envelope }] });
    expect(scene.db.get('SELECT outcome, raw FROM inbound')).toEqual({
      outcome: 'parked',
      raw: Buffer.from([1, 2]),
    });
    scene.commit({ inbound: [{ kind: 'consumed', envelope }] });
    expect(scene.db.get('SELECT outcome, raw, why FROM inbound')).toEqual({
      outcome: 'consumed',
      raw: null,
      why: null,
    });
  });
  test('bytes that hold the words of a message are kept with it, and not where it is not', () => {
    const raw = new Uint8Array([1, 2]);
    const parked = (of: string) =>
      ({
        kind: 'parked',
        envelope: of as EnvelopeKey,
        raw,
        needs: 'newer-version',
        until: 9e15,
        of: key(of),
      }) as const;
    const kept = () =>
      scene.db.all('SELECT envelope, until FROM inbound WHERE raw IS NOT NULL ORDER BY envelope');
    const by = { target: { conversation: chat, key: key('later') }, by: ALICE } as const;
    scene.commit({
      changes: [
        ...meeting(chat, ALICE).changes,
        messageFrom(ALICE, chat, 'one', 'hi'),
        messageFrom(ALICE, chat, 'gone', 'hi'),
        { kind: 'delete', target: { conversation: chat, key: key('gone') }, by: ALICE },
        {
          ...(messageFrom(ALICE, chat, 'over', 'hi') as Extract<Change, { readonly kind: 'message' }>),
          expires: { afterMs: 1, startedAt: 1 },
        },
        { kind: 'edit', ...by, content: textOnly('new'), evidence: openedBy(ALICE) },
      ],
      inbound: [parked('one'), parked('gone'), parked('over'), parked('later'), parked('never')],
    });
    const awaited = { envelope: 'later', until: scene.now + WAIT_MS };
    expect(kept()).toEqual([awaited, { envelope: 'one', until: 9e15 }]);
    expect(scene.db.get("SELECT outcome FROM inbound WHERE envelope = 'gone'")).toEqual({
      outcome: 'consumed',
    });
    // It comes, changed before it came, and is taken back.
    scene.commit({ changes: [messageFrom(ALICE, chat, 'later', 'old'), { kind: 'delete', ...by }] });
    expect(kept()).toEqual([{ envelope: 'one', until: 9e15 }]);
  });
  test('what my other devices are to be told of a message is not taken up once that is deleted', () => {
    const told = (of: string) => ({
      conversation: null,
      sentAt: 1,
      what: {
        kind: 'protocol',
        key: key(`told ${of}`),
        op: 'x',
        data: new Uint8Array(),
        of: key(of),
      } as const,
    });
    scene.commit({
      changes: [
        ...meeting(chat, ALICE).changes,
        messageFrom(ALICE, chat, 'one', 'hi'),
        messageFrom(ALICE, chat, 'two', 'hi'),
        { kind: 'delete', target: { conversation: chat, key: key('two') }, by: ALICE },
      ],
    });
    scene.commit({ enqueue: [told('one'), told('two'), told('never')] });
    expect(scene.db.all('SELECT message_key AS of, state FROM outbox')).toEqual([
      { of: 'one', state: 'queued' },
    ]);
    scene.commit({
      changes: [{ kind: 'delete', target: { conversation: chat, key: key('one') }, by: ALICE }],
    });
    expect(scene.db.all('SELECT message_key AS of, state FROM outbox')).toEqual([
      { of: null, state: 'cancelled' },
    ]);
  });
  test.each(['identity', 'plain-mail-skipped'])(
    'a cursor that shows in the account is told when it moves: %s',
    (name) => {
      const move = (to: string, value: string): boolean => {
        scene.commit({ inbound: [{ kind: 'cursor', name: to, value }] });
        return scene.touched.accounts;
      };
      expect([move(name, '1'), move(name, '1'), move(name, '2'), move('INBOX', '3')]).toEqual([
        true,
        false,
        true,
        false,
      ]);
    },
  );

  test('a cursor moves with the commit, and also with one that was delivered before', () => {
    const commit = (value: string) =>
      scene.commit({
        inbound: [
          { kind: 'consumed', envelope },
          { kind: 'cursor', name: 'INBOX', value },
        ],
      });
    commit('1');
    commit('2');
    expect(scene.db.get('SELECT value FROM cursor')).toEqual({ value: '2' });
  });
});

test('a lane never writes in the person\u2019s name', () => {
  scene.commit(meeting(chat, ALICE));
  expect(() =>
    scene.commit({
      enqueue: [
        { conversation: chat, sentAt: 1, what: { kind: 'content', key: key('x'), content: textOnly('x') } },
      ],
    }),
  ).toThrow(expect.objectContaining({ kind: 'refused' }));
  expect(() => scene.commit({ outbound: [{ item: 'none' as OutboxId, to: 'sent' }] })).toThrow(
    expect.objectContaining({ kind: 'bad-request' }),
  );
});
