import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { peerId, type ConversationId, type OutboxId } from '../../../shared/ids.ts';
import type { HoldReason } from '../../../shared/label/facts.ts';
import type { CommitResult } from '../../../shared/lane/commit.ts';
import { outboxStates, type OutboxState, type OutboxStep, type Stored } from '../../../shared/lane/intent.ts';
import { getCell } from '../../../storage/lane-state.ts';
import { artifactsOf, forgetArtifacts } from '../../../storage/artifacts.ts';
import { queueHeads, releaseItem } from '../../../storage/outbox.ts';
import { setTrust, trustOf } from '../../../storage/peers.ts';
import { messageDetails } from '../../../storage/queries/messages.ts';
import { messageId } from '../../../storage/messages.ts';
import {
  ALICE,
  clearFacts,
  goodFacts,
  key,
  meeting,
  messageFrom,
  openScene,
  sealedFor,
  sealing,
  withPeer,
  type Scene,
} from '../../sample/scene.ts';

let scene: Scene;
let chat: ConversationId;
let item: OutboxId;
let message: number;
beforeEach(() => {
  scene = openScene();
  chat = withPeer(scene, ALICE);
  scene.commit(meeting(chat, ALICE));
  ({ id: item, message } = scene.intend(chat, 'hello'));
});
afterEach(() => scene.close());

const cell = { space: 'ratchet', key: 'alice' };
const work = [{ key: cell, value: new Uint8Array([1]), expect: 0 }];
const forecast = (facts = goodFacts(), hold: HoldReason | null = null) => [
  { conversation: chat, facts: [facts], hold },
];
const seal = (more: Partial<OutboxStep> = {}, facts = goodFacts()): CommitResult =>
  scene.commit({ work, forecasts: forecast(facts), outbound: [sealing(item, more)] });
const state = () => scene.item(item).state;

/** Held, and nothing of the commit stands. */
function expectHeld(result: CommitResult, reason: HoldReason): void {
  expect(result).toEqual({ ok: false, why: 'held', reason, item });
  expect(scene.item(item)).toMatchObject({ state: 'held', hold: reason });
  expect(getCell(scene.db, scene.account.id, cell)).toBeNull();
  expect(artifactsOf(scene.db, item)).toEqual([]);
  expect(scene.conversation(chat).label?.sending).toEqual({ ok: false, why: reason });
  expect(scene.message(`out-${item}`)?.sendState).toBe('held');
}

describe('sealing', () => {
  test('stores state, artifacts and evidence together, and the message keeps the label it was sealed under', () => {
    expect(seal().ok).toBe(true);
    expect(state()).toBe('sealed');
    expect(getCell(scene.db, scene.account.id, cell)).not.toBeNull();
    expect(artifactsOf(scene.db, item)).toMatchObject([{ to: 'alice', identity: 'K', outcome: 'pending' }]);
    const details = messageDetails(scene.db, { id: messageId(message) });
    expect(details?.evidence?.how).toBe('sealed-here');
    expect(details?.label.readers.kind).toBe('members-limited');
  });
  test('of each destination it is told what became of it, and before that that it was sealed for it', () => {
    const part = (to: string, outcome: Stored['outcome']) =>
      ({ to, identity: 'K', bytes: new Uint8Array([1]), outcome }) as const;
    const states = () =>
      messageDetails(scene.db, { id: messageId(message) })?.deliveries.map((one) => [one.to, one.state]);
    seal({ artifacts: [part('phone', 'pending'), part('laptop', 'pending')] });
    expect(states()).toEqual([
      ['laptop', 'sealed'],
      ['phone', 'sealed'],
    ]);
    const step = (artifacts: readonly Stored[]): void =>
      void scene.commit({ outbound: [{ item, to: 'sealed', artifacts }] });
    step([part('phone', 'ambiguous'), part('laptop', 'refused')]);
    expect(states()).toEqual([
      ['laptop', 'failed'],
      ['phone', 'sealed'],
    ]);
    step([part('phone', 'accepted'), part('laptop', 'pending')]);
    expect(states()).toEqual([
      ['laptop', 'sealed'],
      ['phone', 'sent'],
    ]);
  });
  test('AT-07 a label worse than the sender saw holds the item and drops the whole commit', () => {
    const worse = { ...goodFacts(), authenticated: { is: false, asOf: 1_000, by: 'certificate' } as const };
    expectHeld(seal({ evidence: sealedFor(ALICE, worse) }, worse), 'label-fell');
    // What the next message would be is shown, so that the person can decide.
    expect(scene.conversation(chat).label?.readers).toMatchObject({
      limits: expect.arrayContaining(['sender-not-proven']) as unknown,
    });
  });
  test('the evidence counts as much as the forecast', () => {
    const worse = { ...goodFacts(), authenticated: { is: false, asOf: 1_000, by: 'certificate' } as const };
    expectHeld(seal({ evidence: sealedFor(ALICE, worse) }), 'label-fell');
  });
  test('a better label than was seen goes out', () => {
    const worse = { ...goodFacts(), authenticated: { is: false, asOf: 1_000, by: 'certificate' } as const };
    scene.commit({ forecasts: forecast(worse) });
    ({ id: item } = scene.intend(withPeer(scene, ALICE), 'second'));
    expect(seal().ok).toBe(true);
  });
  test('without any facts in the commit nothing is known, whatever was forecast before', () => {
    const { evidence: _evidence, ...bare } = sealing(item);
    expectHeld(scene.commit({ work, outbound: [bare] }), 'below-floor');
  });
  test('AT-04 what was ever end to end is not sealed in the clear, though its sender saw that it would be', () => {
    scene.commit({ forecasts: forecast(clearFacts()) });
    ({ id: item } = scene.intend(chat, 'second'));
    scene.db.run("UPDATE outbox SET state = 'cancelled' WHERE id <> ?", item);
    expectHeld(seal({ evidence: sealedFor(ALICE, clearFacts()) }, clearFacts()), 'below-floor');
  });
  test('evidence in the clear is below the floor whatever its facts claim', () => {
    const evidence = { how: 'in-the-clear', from: 'me', at: 1, facts: [goodFacts()], details: [] } as const;
    expectHeld(seal({ evidence }), 'below-floor');
  });
  test('AT-07 a changed identity in the very same commit holds, and the change is kept', () => {
    const result = scene.commit({
      work,
      forecasts: forecast(),
      outbound: [sealing(item)],
      changes: [
        { kind: 'identity', peer: ALICE, was: 'ALICE-FINGERPRINT', now: 'NEW', trust: { kind: 'unchecked' } },
      ],
    });
    expectHeld(result, 'identity-changed');
    expect(trustOf(scene.db, scene.account.id, ALICE).kind).toBe('changed');
  });
  test('a check that was taken away is a fall', () => {
    setTrust(scene.db, scene.account.id, ALICE, { kind: 'checked', at: 1, by: 'number' });
    scene.commit({ forecasts: forecast() });
    scene.db.run("UPDATE outbox SET state = 'cancelled'");
    scene.db.run('UPDATE conversation SET label = label'); // seen as checked below
    scene.commit({ changes: [{ kind: 'conversation', id: chat, patch: {} }] });
    ({ id: item } = scene.intend(chat, 'checked'));
    setTrust(scene.db, scene.account.id, ALICE, { kind: 'unchecked' });
    expectHeld(seal(), 'label-fell');
  });
  test('a hold in the commit\u2019s own forecast holds', () => {
    expectHeld(
      scene.commit({ work, forecasts: forecast(goodFacts(), 'no-key'), outbound: [sealing(item)] }),
      'no-key',
    );
  });
  test('another message of the same commit does not go either', () => {
    const bob = peerId('email', 'BOB');
    const other = withPeer(scene, bob);
    scene.commit(meeting(other, bob));
    const second = scene.intend(other, 'fine by itself');
    const result = scene.commit({
      forecasts: [...forecast(clearFacts()), { conversation: other, facts: [goodFacts()], hold: null }],
      outbound: [sealing(second.id), sealing(item, { evidence: sealedFor(ALICE, clearFacts()) })],
    });
    expect(result).toMatchObject({ why: 'held', item });
    expect(scene.item(second.id).state).toBe('queued');
  });
  test('the person lets it go on under the label now on the screen', () => {
    const worse = { ...goodFacts(), authenticated: { is: false, asOf: 1_000, by: 'certificate' } as const };
    seal({ evidence: sealedFor(ALICE, worse) }, worse);
    releaseItem(scene.db, item, scene.conversation(chat).label!);
    scene.db.run('UPDATE conversation SET hold = NULL');
    expect(seal({ evidence: sealedFor(ALICE, worse) }, worse).ok).toBe(true);
  });
  test('an item without a sender who saw a label is never content', () => {
    scene.db.run('UPDATE outbox SET seen_label = NULL');
    expectHeld(seal(), 'label-fell');
  });
  test('what nobody waits for is let go instead of stopping the conversation', () => {
    scene.commit({
      enqueue: [
        {
          conversation: chat,
          sentAt: 1,
          what: { kind: 'receipt', key: key('r'), of: [key('x')], as: 'read', tell: true },
        },
      ],
    });
    const receipt = scene.db.get<{ readonly id: OutboxId }>(
      'SELECT id FROM outbox WHERE message IS NULL',
    )!.id;
    const result = scene.commit({
      forecasts: forecast(clearFacts()),
      outbound: [sealing(receipt, { evidence: sealedFor(ALICE, clearFacts()) })],
    });
    expect(result).toMatchObject({ why: 'held', item: receipt });
    expect(scene.item(receipt).state).toBe('cancelled');
    expect(scene.conversation(chat).hold).toBeNull();
  });
});

describe('sealing anew', () => {
  beforeEach(() => void seal());
  const again = (more: Partial<OutboxStep>) => {
    const { version } = getCell(scene.db, scene.account.id, cell)!;
    return scene.commit({
      work: [{ key: cell, value: new Uint8Array([2]), expect: version }],
      forecasts: forecast(),
      outbound: [sealing(item, more)],
    });
  };
  const artifact = { to: 'alice', identity: 'K', bytes: new Uint8Array([2]), outcome: 'pending' } as const;

  test('other bytes for the same destination need a reason', () => {
    const refused = expect.objectContaining({ kind: 'refused' });
    expect(() => again({ artifacts: [artifact] })).toThrow(refused);
    expect(() => again({ artifacts: [{ ...artifact, to: 'a second device' }] })).toThrow(refused);
    expect(again({ artifacts: [artifact], reseal: 'certificate-renewed' }).ok).toBe(true);
  });
  test('an outcome of the stored bytes is no new sealing', () => {
    const outcome = { ...artifact, bytes: new Uint8Array([1]), outcome: 'ambiguous' } as const;
    expect(scene.commit({ outbound: [{ item, to: 'sealed', artifacts: [outcome] }] }).ok).toBe(true);
    expect(artifactsOf(scene.db, item)[0]?.outcome).toBe('ambiguous');
  });
  test('it passes the rules again', () => {
    scene.db.run("UPDATE conversation SET forecast = '[]'");
    const worse = { ...goodFacts(), authenticated: { is: false, asOf: 1_000, by: 'certificate' } as const };
    const result = scene.commit({
      forecasts: forecast(worse),
      outbound: [sealing(item, { artifacts: [artifact], reseal: 'device-stale' })],
    });
    expect(result).toMatchObject({ why: 'held', reason: 'label-fell' });
    expect(artifactsOf(scene.db, item)[0]?.bytes).toEqual(Buffer.from([1]));
  });
  test('never under another identity without the person\u2019s act, however the item came back into the queue', () => {
    const other = { ...artifact, identity: 'K2' };
    expect(again({ artifacts: [other], reseal: 'device-stale' })).toMatchObject({
      reason: 'identity-changed',
    });
    releaseItem(scene.db, item, scene.conversation(chat).label!);
    scene.db.run('UPDATE conversation SET hold = NULL');
    expect(again({ artifacts: [other] })).toMatchObject({ reason: 'identity-changed' });
    releaseItem(scene.db, item, scene.conversation(chat).label!);
    scene.db.run('UPDATE conversation SET hold = NULL');
    forgetArtifacts(scene.db, item);
    expect(again({ artifacts: [other] }).ok).toBe(true);
  });
  test('back into the queue needs a reason', () => {
    expect(() => scene.commit({ outbound: [{ item, to: 'queued' }] })).toThrow(
      expect.objectContaining({ kind: 'refused' }),
    );
    expect(scene.commit({ outbound: [{ item, to: 'queued', reseal: 'branch-lost' }] }).ok).toBe(true);
    expect(scene.message(`out-${item}`)?.sendState).toBe('queued');
  });
});

describe('the state machine', () => {
  const legal: Readonly<Record<OutboxState, readonly OutboxState[]>> = {
    queued: ['sealed', 'held', 'failed'],
    sealed: ['sealed', 'sent', 'queued', 'held', 'failed'],
    sent: ['sent', 'queued', 'failed'],
    held: [],
    failed: [],
    cancelled: [],
  };
  const pairs = outboxStates.flatMap((from) => outboxStates.map((to) => [from, to] as const));
  test.each(pairs)('a lane makes %s → %s only where that is legal', (from, to) => {
    scene.db.run('UPDATE outbox SET state = ? WHERE id = ?', from, item);
    const step: OutboxStep = {
      ...(to === 'sealed' ? sealing(item) : { item, to }),
      reseal: 'branch-lost',
      ...(to === 'held' ? { hold: 'guard' as const } : {}),
      ...(to === 'failed' ? { failure: 'too-large' as const } : {}),
    };
    let ok = false;
    try {
      ok = scene.commit({ forecasts: forecast(), outbound: [step] }).ok;
    } catch (error) {
      expect(error).toMatchObject({ kind: 'refused' });
    }
    // What is asked for once more, and waits or is over, stays as it is.
    const stays = to === 'queued' && from !== 'sealed' && from !== 'sent';
    expect(ok).toBe(stays || legal[from].includes(to));
    expect(state()).toBe(ok && !stays ? to : from);
  });
  test('sealing what was cancelled meanwhile is a conflict: the lane hears it and lets go', () => {
    scene.db.run("UPDATE outbox SET state = 'cancelled'");
    expect(seal()).toEqual({ ok: false, why: 'conflict' });
  });
  test('hold and failure need their reason', () => {
    for (const to of ['held', 'failed'] as const)
      expect(() => scene.commit({ outbound: [{ item, to }] })).toThrow(
        expect.objectContaining({ kind: 'refused' }),
      );
  });
  test('sent lets go of the bytes and says when the network took it', () => {
    seal();
    scene.now = 3_000;
    scene.commit({
      outbound: [
        {
          item,
          to: 'sent',
          artifacts: [{ to: 'alice', identity: 'K', bytes: new Uint8Array([1]), outcome: 'accepted' }],
        },
      ],
    });
    expect(artifactsOf(scene.db, item)[0]).toMatchObject({ bytes: new Uint8Array(), outcome: 'accepted' });
    expect(
      scene.db.get('SELECT accepted_at AS at, send_state AS s FROM message WHERE id = ?', message),
    ).toEqual({
      at: 3_000,
      s: 'sent',
    });
  });
  test.each(['sent', 'cancelled', 'failed'] as const)(
    'what the protocol sent by itself says nothing any more once it is %s',
    (to) => {
      const data = new TextEncoder().encode('transcript of a secret');
      const what = { kind: 'protocol', key: key('p'), op: 'transcript', data } as const;
      scene.commit({ enqueue: [{ conversation: null, sentAt: 1, what }] });
      const errand = scene.db.get<{ readonly id: OutboxId }>(
        'SELECT id FROM outbox WHERE message IS NULL',
      )!.id;
      const told = "SELECT 1 FROM outbox WHERE instr(intent, CAST('secret' AS BLOB))";
      expect(scene.db.all(told)).toHaveLength(1);
      scene.commit({
        outbound: [{ item: errand, to, ...(to === 'failed' ? { failure: 'too-large' } : {}) }],
      });
      expect(scene.item(errand)).toMatchObject({ state: to, intent: { what: { op: 'transcript' } } });
      expect(scene.db.all(told)).toEqual([]);
    },
  );
  test('a receipt that a lane holds is let go: it stops nothing', () => {
    scene.commit({
      enqueue: [
        {
          conversation: chat,
          sentAt: 1,
          what: { kind: 'receipt', key: key('r'), of: [key('x')], as: 'read', tell: true },
        },
      ],
    });
    const receipt = scene.db.get<{ readonly id: OutboxId }>(
      'SELECT id FROM outbox WHERE message IS NULL',
    )!.id;
    scene.commit({ outbound: [{ item: receipt, to: 'held', hold: 'guard' }] });
    expect(scene.item(receipt).state).toBe('cancelled');
    expect(scene.conversation(chat).hold).toBeNull();
  });
  test('a receipt that overtakes the outcome is not undone by it', () => {
    seal();
    scene.commit({
      changes: [{ kind: 'receipt', receipt: { kind: 'read', of: key(`out-${item}`), by: ALICE, at: 2 } }],
    });
    scene.commit({ outbound: [{ item, to: 'sent' }] });
    expect(scene.message(`out-${item}`)?.sendState).toBe('read');
  });
  test('a held item blocks what follows in its conversation and nothing else', () => {
    scene.commit({ outbound: [{ item, to: 'held', hold: 'guard' }] });
    scene.intend(chat, 'behind');
    const bob = peerId('email', 'BOB');
    scene.commit(meeting(withPeer(scene, bob), bob));
    const other = scene.intend(withPeer(scene, bob), 'beside');
    const heads = queueHeads(scene.db, scene.account.id, scene.now);
    expect(heads.filter((head) => head.state === 'queued').map((head) => head.id)).toEqual([other.id]);
  });
  test('a failed item lets what follows go', () => {
    scene.commit({ outbound: [{ item, to: 'failed', failure: 'too-large' }] });
    const next = scene.intend(chat, 'behind');
    expect(queueHeads(scene.db, scene.account.id, scene.now).map((head) => head.id)).toEqual([next.id]);
  });
  test('a message that comes in while one is held does not let it go', () => {
    seal({ evidence: sealedFor(ALICE, clearFacts()) }, clearFacts());
    scene.commit({ changes: [messageFrom(ALICE, chat, 'in', 'hi')], forecasts: forecast() });
    expect(scene.conversation(chat).hold).toBe('below-floor');
    expect(state()).toBe('held');
  });
});
