import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshId, peerId, type ConversationId, type OutboxId } from '../../../shared/ids.ts';
import type { Intent } from '../../../shared/lane/intent.ts';
import type { StateWrite } from '../../../shared/lane/state.ts';
import { isCopied, noteCopied } from '../../../storage/copies.ts';
import { getCell, writeCells } from '../../../storage/lane-state.ts';
import { artifactsOf } from '../../../storage/artifacts.ts';
import { addIntent, retryItem, setOutboxState } from '../../../storage/outbox.ts';
import { trustOf } from '../../../storage/peers.ts';
import { goodFacts, key, meeting, openScene, sealing, withPeer, type Scene } from '../../sample/scene.ts';
import { nothingTouched } from '../touched.ts';
import { beginAnew, stopCopied } from './anew.ts';
import { freshMemo } from './scope.ts';

const PEER = peerId('nostr', 'someone');
let scene: Scene;
let chat: ConversationId;
beforeEach(() => {
  scene = openScene('nostr');
  chat = withPeer(scene, PEER);
  scene.commit(meeting(chat, PEER));
  writeCells(scene.db, scene.account.id, [cell('told', 'who', 1), cell('ratchet', 'chain', 2)]);
});
afterEach(() => scene.close());

const cell = (space: string, name: string, value: number): StateWrite => ({
  key: { space, key: name },
  value: new Uint8Array([value]),
  expect: 0,
});
const has = (space: string, name: string): boolean =>
  getCell(scene.db, scene.account.id, { space, key: name }) !== null;
const scope = () => ({
  db: scene.db,
  account: scene.account,
  now: scene.now,
  touched: nothingTouched(),
  memo: freshMemo(),
});
const anew = (work: readonly StateWrite[] = []) =>
  scene.db.transaction(() => beginAnew(scope(), { keeps: ['told'], work }));
/** As the start of a copy does. */
function copy(): void {
  scene.db.transaction(() => {
    noteCopied(scene.db, scene.account.id, 1);
    stopCopied(scope());
  });
}
const seal = (item: OutboxId) =>
  scene.commit({
    forecasts: [{ conversation: chat, facts: [goodFacts()], hold: null }],
    outbound: [sealing(item)],
  });
function intend(what: Intent['what']): OutboxId {
  const id = freshId<OutboxId>();
  const intent = { conversation: chat, sentAt: 1_000, what };
  addIntent(scene.db, { id, account: scene.account.id, message: null, intent, seenLabel: null, hold: null });
  return id;
}

describe('an account that begins anew', () => {
  test('has its new state, what was told to core, and nothing of the old', () => {
    copy();
    anew([cell('ratchet', 'new', 3)]);
    expect([has('told', 'who'), has('ratchet', 'chain'), has('ratchet', 'new')]).toEqual([true, false, true]);
    expect(isCopied(scene.db, scene.account.id)).toBe(false);
  });

  test('is as before, all of it, where anything of it does not stand', () => {
    copy();
    const { id } = scene.intend(chat, 'waits');
    expect(() => anew([cell('ratchet', 'new', 3), cell('told', 'who', 4)])).toThrow();
    expect([has('told', 'who'), has('ratchet', 'chain'), has('ratchet', 'new')]).toEqual([true, true, false]);
    expect(isCopied(scene.db, scene.account.id)).toBe(true);
    expect(scene.item(id).state).toBe('queued');
    expect(scene.conversation(chat).hold).toBe('clone-suspected');
  });

  test('never sends what was sealed before, and sends nothing of a copy by itself', () => {
    const sealed = scene.intend(chat, 'may be out already');
    expect(seal(sealed.id).ok).toBe(true);
    const waiting = scene.intend(chat, 'never sealed');
    const failed = scene.intend(chat, 'failed before');
    seal(failed.id);
    setOutboxState(scene.db, failed.id, 'failed');
    const receipt = intend({ kind: 'receipt', key: key('r'), as: 'read', of: [key('m')], tell: true });
    const ratchet = intend({ kind: 'protocol', key: key('p'), op: 'o', data: new Uint8Array([1]) });
    anew();
    expect([sealed, waiting, failed].map(({ id }) => scene.item(id).state)).toEqual([
      'failed',
      'queued',
      'failed',
    ]);
    expect([receipt, ratchet].map((id) => scene.item(id).state)).toEqual(['cancelled', 'cancelled']);
    expect(scene.item(ratchet).intent.what).toMatchObject({ data: { byteLength: 0 } });
    expect(scene.message(`out-${sealed.id}`)).toMatchObject({ sendState: 'failed' });
    // Tried again by the person each is sealed anew: no bytes of the old device are left.
    for (const { id } of [sealed, failed]) {
      expect(artifactsOf(scene.db, id)).toEqual([]);
      expect(retryItem(scene.db, id)).toBe('queued');
    }
    copy();
    anew();
    expect(scene.item(waiting.id).state).toBe('failed');
  });

  test('is stopped by what stopped it before it was a copy, and by nothing else', () => {
    copy();
    expect(scene.conversation(chat)).toMatchObject({
      hold: 'clone-suspected',
      label: { sending: { ok: false, why: 'clone-suspected' } },
    });
    anew();
    expect(scene.conversation(chat)).toMatchObject({ hold: null, label: { sending: { ok: true } } });
    const trust = { kind: 'changed', at: 1, wasChecked: false } as const;
    scene.commit({ changes: [{ kind: 'identity', peer: PEER, was: 'someone', now: 'else', trust }] });
    copy();
    anew();
    expect(scene.conversation(chat).hold).toBe('identity-changed');
  });

  test('waits for nothing that only its old device was asked for', () => {
    expect(seal(scene.intend(chat, 'may be out already').id).ok).toBe(true);
    scene.commit({ forecasts: [{ conversation: chat, facts: [goodFacts()], hold: 'challenge' }] });
    anew();
    expect(scene.conversation(chat)).toMatchObject({ hold: null, label: { sending: { ok: true } } });
  });

  test('keeps the check of whoever has the same key', () => {
    const trust = { kind: 'checked', at: 1, by: 'number' } as const;
    scene.commit({ changes: [{ kind: 'identity', peer: PEER, was: null, now: 'someone', trust }] });
    copy();
    anew();
    expect(trustOf(scene.db, scene.account.id, PEER)).toMatchObject({ kind: 'checked' });
  });
});

test('in a copy nothing lets a conversation of a ratchet go on', () => {
  copy();
  scene.commit({ forecasts: [{ conversation: chat, facts: [goodFacts()], hold: null }] });
  expect(scene.conversation(chat).hold).toBe('clone-suspected');
});
