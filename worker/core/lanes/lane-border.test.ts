import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorKinds, PlainsealError } from '../../../shared/errors.ts';
import { emptyCommit, type Commit } from '../../../shared/lane/commit.ts';
import type { CoreCalls, LaneCalls, LaneNews } from '../../../shared/lane/protocol.ts';
import { pipePair } from '../../../shared/wire/pair.ts';
import { link, type Link } from '../../../shared/wire/rpc.ts';
import { startRig, type Rig } from '../../sample/rig.ts';
import { ALICE, meeting } from '../../sample/scene.ts';
import { addTestAccount, CHAT } from '../../sample/scripted.ts';

// A lane reads hostile bytes in a process of its own and may be taken over by them. Whatever it then says, core stays up, answers
// with the closed kinds, keeps its database whole and touches no other account.

type Line = Link<CoreCalls, LaneNews, Record<string, never>>;
let rig: Rig;
let lane: Line;
beforeAll(async () => {
  rig = await startRig({
    connect: () => () => {
      const [near, far] = pipePair();
      lane = link<LaneCalls, CoreCalls, LaneNews, Record<string, never>>({
        pipe: far,
        serve: { start: () => null, stop: () => null } as never,
      });
      return near;
    },
    prepare: (db) => {
      addTestAccount(db);
      db.run(
        `INSERT INTO account (id, network, address, display_name, environment, created_at)
         VALUES ('other', 'signal', 'other', 'Other', 'test', 1)`,
      );
      db.run(
        `INSERT INTO conversation (id, account, network, protocol, kind, state, last_at)
         VALUES ('theirs', 'other', 'signal', 'signal', 'direct', 'active', 1)`,
      );
      db.run(
        "INSERT INTO lane_state (account, space, key, value, version) VALUES ('other', 's', 'k', x'01', 1)",
      );
      // So that only the first account's lane runs.
      db.run("DELETE FROM disclosure WHERE network = 'signal'");
    },
  });
  await lane.call('commit', { commit: { ...emptyCommit, ...meeting(CHAT, ALICE) } });
});
afterAll(() => rig.close());

const anything = fc.anything({
  maxDepth: 3,
  withNullPrototype: false,
  withBigInt: false,
  withDate: false,
  withSparseArray: false,
});
const conversation = fc.oneof(
  { weight: 12, arbitrary: fc.constant<string>(CHAT) },
  fc.constantFrom('theirs', 'new', ''),
);
const peer = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom<string>(ALICE, 'email|BOB') },
  fc.constantFrom('signal|X', 'me', ''),
);
const name = fc.oneof({ weight: 20, arbitrary: fc.constantFrom('k1', 'k2', 'k3') }, fc.constant(''));
// Mostly of the right shape: what is wrong in it are references and rules.
const time = fc.oneof({ weight: 40, arbitrary: fc.nat() }, fc.constantFrom(-1, Number.NaN, 1e300));
const target = fc.record({ conversation, key: name });
const content = fc.record({
  text: fc.string({ maxLength: 20 }),
  ranges: fc.constant([]),
  files: fc.constantFrom<string[]>([], [], ['x'], ['../x']),
});
const fact = <T>(is: fc.Arbitrary<T>) =>
  fc.oneof(
    fc.constant('unknown'),
    fc.record({ is, asOf: time, by: fc.constantFrom('session', 'certificate') }),
  );
const facts = fc.record({
  endToEnd: fact(fc.boolean()),
  otherKeyHolders: fact(fc.constantFrom([], [{ kind: 'provider', name: 'P' }])),
  forwardSecrecy: fact(fc.record({ withinMs: fc.oneof(fc.constant('never'), fc.nat()) })),
  recovery: fact(fc.record({ withinMs: fc.oneof(fc.constant('never'), fc.nat()) })),
  postQuantum: fact(fc.constantFrom('none', 'ongoing')),
  authenticated: fact(fc.boolean()),
  exposed: fact(fc.constant([])),
  engine: fact(
    fc.record({ name: fc.string(), version: fc.string(), review: fc.constantFrom('audited', 'known-bad') }),
  ),
});
const trust = fc.oneof(
  fc.constant({ kind: 'unchecked' }),
  fc.record({ kind: fc.constant('checked'), at: time, by: fc.constantFrom('number', 'code') }),
  fc.record({ kind: fc.constant('changed'), at: time, wasChecked: fc.boolean() }),
);
const evidence = fc.record({
  how: fc.constantFrom('in-the-clear', 'imported'),
  from: fc.string({ maxLength: 9 }),
  at: time,
  facts: fc.array(facts, { maxLength: 2 }),
  details: fc.constant([]),
});
const change = fc.oneof(
  fc.record({
    kind: fc.constant('peer'),
    peer,
    identity: fc.string(),
    address: fc.option(fc.string()),
    name: fc.option(fc.string()),
  }),
  fc.record({ kind: fc.constant('message'), target, author: peer, sentAt: time, content, evidence }),
  fc.record({ kind: fc.constant('edit'), target, by: peer, content, evidence }),
  fc.record({
    kind: fc.constant('reaction'),
    target,
    by: peer,
    emoji: fc.array(fc.string({ maxLength: 9 }), { maxLength: 3 }),
    evidence,
  }),
  fc.record({ kind: fc.constant('delete'), target, by: peer }),
  fc.record({ kind: fc.constant('own-read'), target }),
  fc.record({
    kind: fc.constant('receipt'),
    receipt: fc.record({ kind: fc.constantFrom('read', 'delivered'), of: name, by: peer, at: time }),
  }),
  fc.record({
    kind: fc.constant('note'),
    conversation,
    key: name,
    code: fc.constantFrom('checked', 'not-opened'),
    at: time,
  }),
  fc.record({
    kind: fc.constant('conversation'),
    id: conversation,
    patch: fc.record(
      {
        kind: fc.constantFrom('direct', 'group'),
        peer,
        protocol: fc.constantFrom('openpgp', 'none', 'mls'),
        state: fc.constantFrom('active', 'blocked'),
        title: fc.string(),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    kind: fc.constant('member'),
    conversation,
    peer,
    act: fc.constantFrom('joined', 'left'),
    by: fc.option(peer),
  }),
  fc.record({ kind: fc.constant('identity'), peer, was: fc.option(fc.string()), now: fc.string(), trust }),
  fc.record({
    kind: fc.constant('device'),
    peer,
    device: fc.string(),
    act: fc.constant('added'),
    sameIdentity: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('peers-merged'), from: peer, into: peer }),
);
const few = <T>(one: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant<T[]>([]) }, fc.array(one, { maxLength: 2 }));
const commit = fc.record({
  work: few(
    fc.record({
      key: fc.record({ space: fc.constantFrom('s', ''), key: name }),
      value: fc.option(fc.uint8Array({ maxLength: 4 })),
      expect: time,
    }),
  ),
  changes: few(change),
  forecasts: few(
    fc.record({
      conversation,
      facts: few(facts),
      hold: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(null, 'no-key') }, fc.constant('nonsense')),
    }),
  ),
  inbound: few(
    fc.oneof(
      fc.record({
        kind: fc.constantFrom('consumed', 'duplicate'),
        envelope: fc.string({ minLength: 1, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('cursor'), name, value: fc.string() }),
      fc.record({ kind: fc.constant('quarantined'), envelope: name, raw: fc.uint8Array(), why: fc.string() }),
    ),
  ),
  outbound: few(fc.record({ item: fc.uuid(), to: fc.constantFrom('sent', 'sealed', 'queued') })),
  enqueue: few(
    fc.record({
      conversation: fc.option(conversation),
      sentAt: time,
      what: fc.oneof(
        fc.record({ kind: fc.constant('receipt'), key: name, of: few(name) }),
        fc.record({ kind: fc.constant('content'), key: name, content }),
      ),
    }),
  ),
});
const mangled = fc
  .tuple(commit, fc.constantFrom(...(Object.keys(emptyCommit) as (keyof Commit)[])), anything)
  .map(([good, member, value]) => ({ ...good, [member]: value }));
const calls = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      name: fc.constant('commit'),
      args: fc.record({ commit: fc.oneof({ weight: 8, arbitrary: commit }, mangled) }),
    }),
  },
  fc.record({
    name: fc.constantFrom(
      'state.get',
      'state.scan',
      'mark',
      'credit',
      'file.read',
      'file.write',
      'crash.point',
      'nothing',
    ),
    args: anything,
  }),
  fc.record({
    name: fc.constant('state.scan'),
    args: fc.record({ space: fc.string(), prefix: fc.string() }),
  }),
);
const news = fc.record({
  name: fc.constantFrom('status', 'flow.step', 'typing', 'log', 'nothing'),
  payload: fc.oneof(
    anything,
    fc.record({ kind: fc.constantFrom('online', 'offline', 'nonsense'), retryAt: time }),
    fc.record({ conversation, on: fc.boolean() }),
    fc.record({
      event: fc.string(),
      facts: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double(), fc.boolean())),
    }),
  ),
});

test('whatever a lane says, core answers with the closed kinds and touches nothing that is not the lane\u2019s', async () => {
  let ok = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(calls, { maxLength: 8, size: 'max' }), few(news), async (list, told) => {
      for (const { name: of, payload } of told)
        try {
          lane.emit(of as 'log', payload as LaneNews['log']);
        } catch {
          // What the codec refuses never leaves the lane.
        }
      const results = await Promise.allSettled(
        list.map(({ name: of, args }) =>
          (lane.call as (n: string, a: unknown) => Promise<unknown>)(of, args),
        ),
      );
      for (const result of results) {
        if (result.status === 'fulfilled') {
          if ((result.value as { ok?: boolean } | null)?.ok === true) ok += 1;
        } else if (result.reason instanceof PlainsealError) {
          expect(errorKinds).toContain(result.reason.kind);
          expect(`${result.reason.kind} ${result.reason.message}`).not.toMatch(/^internal/);
        }
      }
      expect(rig.db.all("SELECT title, state FROM conversation WHERE id = 'theirs'")).toEqual([
        { title: null, state: 'active' },
      ]);
      expect(rig.db.all("SELECT * FROM message WHERE conversation = 'theirs'")).toEqual([]);
      expect(rig.db.all("SELECT value FROM lane_state WHERE account = 'other'")).toHaveLength(1);
      expect(rig.db.all("SELECT * FROM outbox WHERE account = 'other'")).toEqual([]);
    }),
    { numRuns: 300 },
  );
  // The fuzz got past the border: some of it was applied.
  expect(ok).toBeGreaterThan(20);
  expect(rig.db.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(rig.db.all('PRAGMA foreign_key_check')).toEqual([]);
  expect((await rig.page.call('profile.get', {})).kind).toBe('test');
}, 120_000);
