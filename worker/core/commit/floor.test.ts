import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { peerId, type ConversationId, type OutboxId } from '../../../shared/ids.ts';
import type { SecurityFacts } from '../../../shared/label/facts.ts';
import { floors, NO_FLOOR, type Floor } from '../../../shared/label/floor.ts';
import type { Intent } from '../../../shared/lane/intent.ts';
import { setFloorFor, setFloorForAll } from '../../../storage/floors.ts';
import { addIntent, releaseItem } from '../../../storage/outbox.ts';
import {
  ALICE,
  clearFacts,
  goodFacts,
  key,
  meeting,
  openScene,
  sealedFor,
  sealing,
  withPeer,
  type Scene,
} from '../../sample/scene.ts';
import { standsOnFloor } from './transition.ts';

let scene: Scene;
let chat: ConversationId;
beforeEach(() => {
  scene = openScene();
  chat = withPeer(scene, ALICE);
  scene.commit(meeting(chat, ALICE));
});
afterEach(() => scene.close());

/** Facts of each rank, as a lane of any network may tell them. */
const ranks = {
  members: {
    ...goodFacts(),
    forwardSecrecy: { is: { withinMs: 0 }, asOf: 1_000, by: 'certificate' },
    recovery: { is: { withinMs: 0 }, asOf: 1_000, by: 'certificate' },
  },
  'members-limited': goodFacts(),
  provider: { ...goodFacts(), otherKeyHolders: clearFacts().otherKeyHolders },
  unknown: { ...goodFacts(), otherKeyHolders: 'unknown' },
} as const satisfies Readonly<Record<Floor, SecurityFacts>>;
/** From the lowest to the highest: an order of the test's own. */
const order = ['unknown', 'provider', 'members-limited', 'members'] as const;
const rank = (of: Floor): number => order.indexOf(of);

const seal = (item: OutboxId, facts: SecurityFacts, told = facts) =>
  scene.commit({
    forecasts: [{ conversation: chat, facts: [told], hold: null }],
    outbound: [sealing(item, { evidence: sealedFor(ALICE, facts) })],
  });
/** As if its sender had seen exactly what comes. */
function intend(facts: SecurityFacts, text = 'hello'): OutboxId {
  scene.commit({ forecasts: [{ conversation: chat, facts: [facts], hold: null }] });
  return scene.intend(chat, text).id;
}
const notesOf = () =>
  scene.db
    .all<{ readonly content: string }>("SELECT content FROM message WHERE kind = 'note'")
    .map(({ content }) => (JSON.parse(content) as { code: string }).code);

describe('AT-05 what is sealed is never below the floor', () => {
  for (const now of floors)
    for (const least of floors)
      test(`${now} under ${least}`, () => {
        setFloorFor(scene.db, ALICE, least);
        const item = intend(ranks[now]);
        const result = seal(item, ranks[now]);
        if (rank(now) >= rank(least)) return expect(result.ok).toBe(true);
        expect(result).toMatchObject({ ok: false, why: 'held', reason: 'below-floor', item });
        expect(scene.conversation(chat).label?.sending).toEqual({ ok: false, why: 'below-floor' });
        expect(notesOf()).toEqual(['below-floor']);
      });

  test('a floor that rose between writing and sealing holds', () => {
    const item = intend(ranks.provider);
    setFloorForAll(scene.db, 'members-limited');
    expect(seal(item, ranks.provider)).toMatchObject({ reason: 'below-floor' });
  });
  test('what was sealed counts as much as what was forecast', () => {
    setFloorForAll(scene.db, 'members');
    expect(seal(intend(ranks.members), ranks.provider, ranks.members)).toMatchObject({
      reason: 'below-floor',
    });
  });
  test('the row is stated once of an item, however often it is held', () => {
    setFloorForAll(scene.db, 'members');
    const item = intend(ranks.provider);
    seal(item, ranks.provider);
    const { label } = scene.conversation(chat);
    if (!label) throw new Error('no label');
    releaseItem(scene.db, item, label);
    expect(seal(item, ranks.provider)).toMatchObject({ reason: 'below-floor' });
    expect(notesOf()).toEqual(['below-floor']);
  });
  test('a conversation of its own without encryption is held as well', () => {
    const plain = `${chat} plain` as ConversationId;
    scene.commit({
      changes: [
        {
          kind: 'conversation',
          id: plain,
          patch: { kind: 'direct', peer: ALICE, protocol: 'none', state: 'active' },
        },
      ],
      forecasts: [{ conversation: plain, facts: [clearFacts()], hold: null }],
    });
    const open = { how: 'in-the-clear', from: 'me', at: 1, facts: [clearFacts()], details: [] } as const;
    const send = (item: OutboxId) =>
      scene.commit({
        forecasts: [{ conversation: plain, facts: [clearFacts()], hold: null }],
        outbound: [sealing(item, { evidence: open })],
      });
    const { id } = scene.intend(plain, 'openly');
    setFloorForAll(scene.db, 'members-limited');
    expect(send(id)).toMatchObject({ reason: 'below-floor' });
    setFloorForAll(scene.db, NO_FLOOR);
    const { label } = scene.conversation(plain);
    if (!label) throw new Error('no label');
    releaseItem(scene.db, id, label);
    scene.db.run('UPDATE conversation SET hold = NULL');
    expect(send(id).ok).toBe(true);
  });
  test('a downgrade of the protocol is refused whole, whatever the floor', () => {
    for (const protocol of ['none', 'mls'] as const)
      expect(() =>
        scene.commit({ changes: [{ kind: 'conversation', id: chat, patch: { protocol } }] }),
      ).toThrow(expect.objectContaining({ kind: 'refused' }) as Error);
    expect(scene.conversation(chat)).toMatchObject({ protocol: 'openpgp', everEndToEnd: true });
  });
});

describe('what the floor does not count for', () => {
  const named = { key: key('k'), target: key('t') };
  const cases: readonly (readonly [Intent['what'], boolean])[] = [
    [{ kind: 'reaction', ...named, emoji: ['👍'] }, true],
    [{ kind: 'timer', key: key('k'), timer: { ms: 1, version: 2 } }, true],
    [{ kind: 'group', key: key('k'), change: { act: 'add', peers: [ALICE] } }, true],
    [{ kind: 'group', key: key('k'), change: { act: 'rename', title: 'x' } }, true],
    [{ kind: 'delete', ...named }, false],
    [{ kind: 'group', key: key('k'), change: { act: 'remove', peer: ALICE } }, false],
    [{ kind: 'group', key: key('k'), change: { act: 'leave' } }, false],
    [{ kind: 'receipt', key: key('k'), of: [key('t')], as: 'read', tell: false }, false],
    [{ kind: 'protocol', key: key('k'), op: 'renew', data: new Uint8Array() }, false],
  ];
  test.each(cases)('%o', (what, stands) => {
    const intent: Intent = { conversation: chat, sentAt: 1, what };
    expect(standsOnFloor(intent)).toBe(stands);
    setFloorForAll(scene.db, 'members');
    const id = `item-${what.kind}` as OutboxId;
    addIntent(scene.db, {
      id,
      account: scene.account.id,
      message: null,
      intent,
      seenLabel: scene.conversation(chat).label,
      hold: null,
    });
    expect(seal(id, ranks['members-limited']).ok).toBe(!stands);
  });
});

test('AT-05 in no sequence of floors, forecasts, holds and releases anything goes out below the floor of that moment', () => {
  const bob = peerId('email', 'BOB');
  const facts = fc.constantFrom(...order);
  // Mostly written and sealed: a floor is soon so high that nothing would go out.
  const step = fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({
        act: fc.constant('floor' as const),
        whose: fc.constantFrom('all', 'alice', 'bob'),
        least: facts,
      }),
    },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('forecast' as const), now: facts }) },
    { weight: 3, arbitrary: fc.record({ act: fc.constant('write' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({ act: fc.constant('seal' as const), now: facts, told: facts }),
    },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('release' as const) }) },
  );
  let sealed = 0;
  let held = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) => {
      scene.close();
      scene = openScene();
      chat = withPeer(scene, ALICE);
      scene.commit(meeting(chat, ALICE));
      const set = { all: NO_FLOOR, alice: NO_FLOOR, bob: NO_FLOOR } as Record<string, Floor>;
      let item: OutboxId | null = null;
      scene.commit({ changes: [{ kind: 'peer', peer: bob, identity: 'BOB', address: null, name: 'Bob' }] });
      for (const one of steps)
        switch (one.act) {
          case 'floor':
            set[one.whose] = one.least;
            if (one.whose === 'all') setFloorForAll(scene.db, one.least);
            else setFloorFor(scene.db, one.whose === 'bob' ? bob : ALICE, one.least);
            break;
          case 'forecast':
            scene.commit({ forecasts: [{ conversation: chat, facts: [ranks[one.now]], hold: null }] });
            break;
          case 'write':
            item ??= scene.intend(chat, 'hello').id;
            break;
          case 'release': {
            const { label } = scene.conversation(chat);
            if (item === null || !label || scene.item(item).state !== 'held') break;
            releaseItem(scene.db, item, label);
            scene.db.run('UPDATE conversation SET hold = NULL');
            break;
          }
          case 'seal': {
            if (item === null || scene.item(item).state !== 'queued') break;
            const result = seal(item, ranks[one.now], ranks[one.told]);
            // Somebody else's floor counts for nothing here.
            const least = Math.max(rank(set['all'] ?? NO_FLOOR), rank(set['alice'] ?? NO_FLOOR));
            if (result.ok) {
              sealed += 1;
              expect(Math.min(rank(one.now), rank(one.told))).toBeGreaterThanOrEqual(least);
              item = null;
            } else if (!result.ok && result.why === 'held' && result.reason === 'below-floor') held += 1;
            break;
          }
        }
    }),
    { numRuns: 100 },
  );
  expect(sealed).toBeGreaterThan(20);
  expect(held).toBeGreaterThan(20);
});
