import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { textOnly } from '../../../shared/contract/content.ts';
import { directConversation, peerId, type AccountId, type PeerId } from '../../../shared/ids.ts';
import type { Trust } from '../../../shared/label/facts.ts';
import type { Change } from '../../../shared/lane/change.ts';
import { emptyCommit, type Commit, type CommitResult } from '../../../shared/lane/commit.ts';
import type { OutboxItem } from '../../../shared/lane/intent.ts';
import type { Performed } from '../../../shared/lane/lane.ts';
import { addAccount } from '../../../storage/accounts.ts';
import { findConversation } from '../../../storage/conversations.ts';
import { getCell } from '../../../storage/lane-state.ts';
import { artifactsOf } from '../../../storage/artifacts.ts';
import { findPeer, setTrust, trustOf } from '../../../storage/peers.ts';
import { request, type Rig } from '../../sample/rig.ts';
import { openScene, sealedFor, withPeer, type Scene } from '../../sample/scene.ts';
import { ACCOUNT, openScripted, type scriptedLane } from '../../sample/scripted.ts';
import {
  bob,
  BOB,
  BOB_CHAT,
  BOBS_KEY,
  BOBS_OTHER_KEY,
  bobMet,
  bobSays,
  sessionFacts,
} from '../../sample/signal.ts';

// On Signal the peer stays and its key changes: the other way round than with OpenPGP, where another key is another peer.

const told = (trust: Trust, was: string | null = BOBS_KEY, now = BOBS_OTHER_KEY): Change => ({
  kind: 'identity',
  peer: BOB,
  was,
  now,
  trust,
});
const changed: Trust = { kind: 'changed', at: 1, wasChecked: false };
const unchecked: Trust = { kind: 'unchecked' };
const byNumber: Trust = { kind: 'checked', at: 1, by: 'number' };

describe('a key that is told', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = openScene('signal');
  });
  afterEach(() => scene.close());
  const chat = () => withPeer(scene, BOB);
  const meet = () => scene.commit(bobMet(chat()));
  const trust = () => trustOf(scene.db, scene.account.id, BOB);
  const hold = () => scene.conversation(chat()).hold;
  const notes = (): readonly string[] =>
    scene.db
      .all<{ readonly content: string }>("SELECT content FROM message WHERE kind = 'note' ORDER BY id")
      .map(({ content }) => (JSON.parse(content) as { code: string }).code);

  test.each(['', BOB.slice('signal|'.length)])(
    'as the first is the key, also of a contact known before by name alone: "%s"',
    (identity) => {
      const byName: Change = { kind: 'peer', peer: BOB, identity, address: null, name: 'Bob' };
      scene.commit({ changes: [byName] });
      expect(findPeer(scene.db, BOB)?.identity).toBe(identity);
      meet();
      expect([findPeer(scene.db, BOB)?.identity, trust(), hold()]).toEqual([BOBS_KEY, unchecked, null]);
      // What is known by name alone takes no key away again.
      scene.commit({ changes: [byName] });
      expect(findPeer(scene.db, BOB)?.identity).toBe(BOBS_KEY);
    },
  );
  test('as the first by an identity change stops nothing', () => {
    const { changes, forecasts } = bobMet(chat());
    const byName: Change = { kind: 'peer', peer: BOB, identity: '', address: null, name: 'Bob' };
    scene.commit({ changes: [byName, ...changes.slice(1)], forecasts });
    scene.commit({ changes: [told(unchecked, null, BOBS_KEY)] });
    expect([findPeer(scene.db, BOB)?.identity, trust(), hold(), notes()]).toEqual([
      BOBS_KEY,
      unchecked,
      null,
      [],
    ]);
  });
  test.each([
    ['as changed', told(changed)],
    ['as merely not checked', told(unchecked)],
    ['as if it were the first', told(unchecked, null)],
    ['as if the one before were the same', told(unchecked, BOBS_OTHER_KEY)],
  ])('in the place of another holds with what came in: %s', (_name, change) => {
    meet();
    const arrives = { ...bobSays(5, 'new phone'), target: { conversation: chat(), key: 'x:5' as never } };
    scene.commit({ changes: [change, arrives] });
    expect([trust().kind, hold(), notes()]).toEqual(['changed', 'identity-changed', ['identity-changed']]);
    expect(scene.message('x:5')).not.toBeNull();
    scene.commit({ changes: [change] });
    expect(notes()).toHaveLength(1);
  });
  test('by the name alone does not come in by the way a peer is described', () => {
    meet();
    const described = {
      kind: 'peer',
      peer: BOB,
      identity: BOBS_OTHER_KEY,
      address: null,
      name: null,
    } as const;
    scene.commit({ changes: [described] });
    expect([findPeer(scene.db, BOB)?.identity, hold()]).toEqual([BOBS_KEY, null]);
  });
  test('AT-11 after a check clears it, though the name is the same, and says that it was checked', () => {
    meet();
    setTrust(scene.db, scene.account.id, BOB, byNumber);
    const again: Change = {
      kind: 'peer',
      peer: BOB,
      identity: BOBS_OTHER_KEY,
      address: '+15550100',
      name: 'Bob',
    };
    scene.commit({ changes: [again, told(unchecked)] });
    expect(trust()).toEqual({ kind: 'changed', at: 1_000, wasChecked: true });
    expect([findPeer(scene.db, BOB)?.name, hold()]).toEqual(['Bob', 'identity-changed']);
    // And once more, before anybody looked.
    scene.commit({ changes: [told(changed, BOBS_OTHER_KEY, `05${'cc'.repeat(32)}`)] });
    expect(trust()).toMatchObject({ kind: 'changed', wasChecked: true });
  });
  test('that was checked on one account marks no other, and a lane that tells it again changes nothing of it', () => {
    meet();
    const other = { ...scene.account, id: 'other' as AccountId, address: 'other' };
    addAccount(scene.db, other);
    scene.commit({ changes: [told({ ...byNumber, at: 7 }, BOBS_KEY, BOBS_KEY)] });
    scene.commit({ changes: [told({ kind: 'checked', at: 7, by: 'code' }, BOBS_KEY, BOBS_KEY)] });
    expect(trust()).toEqual({ kind: 'checked', at: 7, by: 'number' });
    expect(trustOf(scene.db, other.id, BOB)).toEqual(unchecked);
    scene.commit({ changes: [told({ kind: 'checked', at: 9, by: 'code' }, BOBS_KEY, BOBS_KEY)] });
    expect(trust()).toEqual({ kind: 'checked', at: 9, by: 'code' });
  });
  test('to one account stops the others that know the peer: what they checked was the old key', () => {
    meet();
    const other = { ...scene.account, id: 'other' as AccountId, address: 'other' };
    const stranger = { ...scene.account, id: 'third' as AccountId, address: 'third' };
    for (const account of [other, stranger]) addAccount(scene.db, account);
    const theirs = directConversation(other.id, BOB);
    scene.db.run(
      `INSERT INTO conversation (id, account, network, protocol, kind, state, peer, last_at)
       VALUES (?, 'other', 'signal', 'signal', 'direct', 'active', ?, 1)`,
      theirs,
      BOB,
    );
    setTrust(scene.db, other.id, BOB, byNumber);
    scene.commit({ changes: [told(changed)] });
    expect(trustOf(scene.db, other.id, BOB)).toMatchObject({ kind: 'changed', wasChecked: true });
    expect(findConversation(scene.db, theirs)?.hold).toBe('identity-changed');
    expect(trustOf(scene.db, stranger.id, BOB)).toEqual(unchecked);
    // Its own lane tells it later: known by then.
    expect(notes()).toHaveLength(2);
  });
  test('AT-12 on another device stops nothing and is stated, also of somebody checked; when it joins and not when it leaves', () => {
    meet();
    setTrust(scene.db, scene.account.id, BOB, byNumber);
    const device = { kind: 'device', peer: BOB, device: '3', sameIdentity: true } as const;
    scene.commit({ changes: [{ ...device, act: 'added' }] });
    expect([notes(), hold(), trust()]).toEqual([['new-device'], null, byNumber]);
    scene.commit({ changes: [{ ...device, act: 'removed' }] });
    expect(notes()).toHaveLength(1);
    // A device that does not carry the known key is somebody else until the person has looked.
    scene.commit({ changes: [{ ...device, device: '4', sameIdentity: false, act: 'added' }] });
    expect([hold(), trust()]).toMatchObject(['identity-changed', { kind: 'changed', wasChecked: true }]);
  });
  test.each(['email', 'nostr'] as const)(
    'AT-11 of somebody else under the same name and address on %s: nothing of the check is theirs',
    (network) => {
      const place = openScene(network);
      const [first, second] = [peerId(network, 'aa'.repeat(32)), peerId(network, 'bb'.repeat(32))];
      const met = (peer: PeerId): readonly Change[] => [
        {
          kind: 'peer',
          peer,
          identity: peer.slice(network.length + 1),
          address: 'bob@example.org',
          name: 'Bob',
        },
        {
          kind: 'conversation',
          id: directConversation(place.account.id, peer),
          patch: { kind: 'direct', peer, protocol: network === 'email' ? 'openpgp' : 'mls', state: 'active' },
        },
      ];
      place.commit({ changes: met(first) });
      setTrust(place.db, place.account.id, first, byNumber);
      place.commit({ changes: met(second) });
      expect(trustOf(place.db, place.account.id, second)).toEqual(unchecked);
      expect(trustOf(place.db, place.account.id, first)).toEqual(byNumber);
      // With OpenPGP the lane also says that the address has another key now: the old one is checked no more.
      const [was, now] = [first, second].map((peer) => peer.slice(network.length + 1));
      if (was === undefined || now === undefined) throw new Error('two keys');
      place.commit({ changes: [{ kind: 'identity', peer: first, was, now, trust: unchecked }] });
      expect(trustOf(place.db, place.account.id, first)).toEqual({
        kind: 'changed',
        at: 1_000,
        wasChecked: true,
      });
      expect(place.conversation(directConversation(place.account.id, first)).hold).toBe('identity-changed');
      expect(trustOf(place.db, place.account.id, second)).toEqual(unchecked);
      place.close();
    },
  );
  test('AT-11 of a network where the key names the peer is never replaced by a description', () => {
    const email = openScene();
    const alice = peerId('email', 'FPR');
    const described = (identity: string): Change => ({
      kind: 'peer',
      peer: alice,
      identity,
      address: null,
      name: null,
    });
    email.commit({ changes: [described('FPR')] });
    email.commit({ changes: [described('OTHER')] });
    expect(findPeer(email.db, alice)?.identity).toBe('FPR');
    email.close();
  });
});

describe('a key that is found while something is sealed', () => {
  let rig: Rig;
  let lane: ReturnType<typeof scriptedLane>;
  /** Whom the lane's session is with: another one once his phone is new. */
  let identity: string;
  let results: CommitResult[];
  beforeEach(async () => {
    identity = BOBS_KEY;
    results = [];
    ({ rig, lane } = await openScripted({ perform: (item) => sealAndSend(item) }, bob));
  });
  afterEach(() => rig.close());

  const commit = (part: Partial<Commit>) => lane.context().commit({ ...emptyCommit, ...part });
  /** As the Signal lane does: every seal under another key than it has kept says so, and keeps it in the same commit. */
  async function sealAndSend(item: OutboxItem): Promise<Performed> {
    const cell = { space: 'identity/ACI', key: BOB };
    const kept = await lane.context().view.get(cell);
    const was = kept ? new TextDecoder().decode(kept.value) : BOBS_KEY;
    const sealed = await commit({
      work: [{ key: cell, value: new TextEncoder().encode(identity), expect: kept?.version ?? 0 }],
      changes: was === identity ? [] : [told(changed, was, identity)],
      forecasts: [{ conversation: BOB_CHAT, facts: [sessionFacts(Date.now())], hold: null }],
      outbound: [
        {
          item: item.id,
          to: 'sealed',
          evidence: sealedFor(BOB, sessionFacts(Date.now())),
          artifacts: [
            { to: `${BOB}.1`, identity, bytes: new Uint8Array([results.length]), outcome: 'pending' },
          ],
          ...(item.state === 'sealed' ? { reseal: 'session-reset' as const } : {}),
        },
      ],
    });
    results.push(sealed);
    if (sealed.ok && wire(item)) await commit({ outbound: [{ item: item.id, to: 'sent' }] });
    return wire(item) || !sealed.ok ? { kind: 'done' } : { kind: 'later', retryAt: 0 };
  }
  let wire: (item: OutboxItem) => boolean = () => true;
  const send = async (text: string) => {
    const { labelRevision } = await rig.page.call('conversation.get', { conversation: BOB_CHAT });
    const content = textOnly(text);
    return rig.page.call('message.send', {
      request: request(),
      conversation: BOB_CHAT,
      content,
      seenLabel: labelRevision,
    });
  };
  const resolve = async (choice: 'accept-change' | 'send' | 'discard') => {
    const { labelRevision } = await rig.page.call('conversation.get', { conversation: BOB_CHAT });
    return rig.page.call('hold.resolve', {
      request: request(),
      conversation: BOB_CHAT,
      choice,
      seenLabel: labelRevision,
    });
  };
  const stateOf = async (id: string) => {
    const { rows } = await rig.page.call('message.rows', { ids: [id as never] });
    return rows[0]?.kind === 'message' ? rows[0].sending?.state : undefined;
  };
  const until = async (id: string, state: string): Promise<void> => {
    for (let seen = 0; (await stateOf(id)) !== state;)
      seen = (await rig.page.until('changed', (event) => event.seq > seen)).seq;
  };
  const item = (id: string) =>
    rig.db.get<{ readonly outbox: string }>('SELECT outbox FROM message WHERE id = ?', Number(id))!
      .outbox as OutboxItem['id'];

  test('AT-07 holds it in place and drops the work, until the person accepts; then it goes under the new key', async () => {
    identity = BOBS_OTHER_KEY;
    const { id } = await send('hello');
    await until(id, 'held');
    expect(results).toMatchObject([{ ok: false, why: 'held', reason: 'identity-changed' }]);
    expect(artifactsOf(rig.db, item(id))).toEqual([]);
    expect(getCell(rig.db, ACCOUNT, { space: 'identity/ACI', key: BOB })).toBeNull();
    await expect(resolve('send')).rejects.toThrow(expect.objectContaining({ kind: 'refused' }));
    await resolve('accept-change');
    expect(rig.shell.asked.at(-1)).toMatchObject({
      kind: 'accept-change',
      facts: { fingerprint: BOBS_OTHER_KEY },
    });
    // The lane knows of no acceptance: it says once more that the key is another, and may go on.
    await until(id, 'sent');
    expect(results.map(({ ok }) => ok)).toEqual([false, true]);
    expect(trustOf(rig.db, ACCOUNT, BOB)).toEqual(unchecked);
    expect(await stateOf((await send('next')).id)).toBeDefined();
    await expect.poll(() => results.map(({ ok }) => ok)).toEqual([false, true, true]);
  });
  test('that was accepted does not stand for the one after it', async () => {
    identity = BOBS_OTHER_KEY;
    const { id } = await send('hello');
    await until(id, 'held');
    identity = `05${'cc'.repeat(32)}`;
    await resolve('accept-change');
    await expect.poll(() => results.length).toBe(2);
    await until(id, 'held');
    expect(results.at(-1)).toMatchObject({ why: 'held', reason: 'identity-changed' });
  });
  test('AT-10 of somebody who was checked: what was sealed for the old key is sealed anew after the person’s act, and not before', async () => {
    await rig.page.call('trust.set', { request: request(), peer: BOB, account: ACCOUNT });
    expect(trustOf(rig.db, ACCOUNT, BOB)).toMatchObject({ kind: 'checked' });
    wire = () => false;
    const { id } = await send('on its way');
    await until(id, 'sealed');
    expect(artifactsOf(rig.db, item(id))).toMatchObject([{ identity: BOBS_KEY }]);
    identity = BOBS_OTHER_KEY;
    lane.context().status({ kind: 'offline', retryAt: 0 });
    lane.context().status({ kind: 'online' });
    await until(id, 'held');
    // The old bytes are what is stored still: for the new key nothing was made.
    expect(artifactsOf(rig.db, item(id))).toMatchObject([{ identity: BOBS_KEY }]);
    expect(trustOf(rig.db, ACCOUNT, BOB)).toMatchObject({ kind: 'changed', wasChecked: true });
    wire = () => true;
    await resolve('accept-change');
    await until(id, 'sent');
    expect(artifactsOf(rig.db, item(id))).toMatchObject([{ identity: BOBS_OTHER_KEY }]);
  });
  test('discarded, nothing goes, and the stop stays', async () => {
    identity = BOBS_OTHER_KEY;
    const { id } = await send('hello');
    await until(id, 'held');
    await resolve('discard');
    expect(await stateOf(id)).toBe('cancelled');
    expect(findConversation(rig.db, BOB_CHAT)?.hold).toBe('identity-changed');
  });
});
