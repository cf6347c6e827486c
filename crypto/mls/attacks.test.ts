import fc from 'fast-check';
import {
  createCommit,
  createGroup,
  generateKeyPackage,
  joinGroup,
  emptyPskIndex,
  defaultCapabilities,
  defaultLifetime,
} from 'ts-mls';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
import { describe, expect, test } from 'vitest';
import { hexOf, readerOf, u16, utf8 } from './bytes.ts';
import { APP_DATA_UPDATE } from './proposal.ts';
import type { GroupKey } from './cells.ts';
import type { MlsEngine, Processed } from './engine.ts';
import { decodeKeyPackageMessage } from './key-packages.ts';
import type { GroupRules } from './members.ts';
import { isLowOrder } from './low-order.ts';
import { lowOrderPoints } from '../../shared/test/low-order-points.ts';
import { nodeSuite, type Suite } from './suite.ts';
import { forge, forgeCommit, forgerOf } from './test/forge.ts';
import { createParty, frozen, groupOf, hand, NOW, testRules, type Party } from './test/party.ts';

const three = (): [Party, Party, Party] => [createParty('alice'), createParty('bob'), createParty('carol')];

/** Nothing can be sealed to these; the last two have the bit that X25519 passes over. */
const lowOrder = [...lowOrderPoints, `01${'00'.repeat(30)}80`, `ee${'ff'.repeat(31)}`];

/** A suite whose keys are a point: those that are drawn, and of those that are derived the one in this place. */
async function weakSuite(point: string, place: number): Promise<Suite> {
  const publicKey = await nodeSuite.hpke.importPublicKey(Uint8Array.from(Buffer.from(point, 'hex')));
  let derived = -1;
  return {
    ...nodeSuite,
    hpke: {
      ...nodeSuite.hpke,
      generateKeyPair: async () => ({ ...(await nodeSuite.hpke.generateKeyPair()), publicKey }),
      async deriveKeyPair(seed) {
        const pair = await nodeSuite.hpke.deriveKeyPair(seed);
        derived += 1;
        return derived === place ? { ...pair, publicKey } : pair;
      },
    },
  };
}

/** It is refused for this reason, and not one cell is another than before. */
async function expectRefused(party: Party, message: Uint8Array, why: string): Promise<void> {
  const before = frozen(party);
  expect(await party.process(message)).toEqual({ kind: 'refused', why });
  expect(frozen(party)).toEqual(before);
}

/** What somebody who keeps an epoch's init secret comes to in the next, if the commit secret is nothing. */
async function guessed(
  initSecret: Uint8Array,
  context: Parameters<typeof initializeEpoch>[2],
): Promise<string> {
  const none = new Uint8Array(nodeSuite.kdf.size);
  const { keySchedule } = await initializeEpoch(initSecret, none, context, none, nodeSuite.kdf);
  return hexOf(keySchedule.epochAuthenticator);
}

describe('a removed member', () => {
  test('cannot compute the next epoch, from all it knew and all that is public', async () => {
    const [alice, bob, carol] = three();
    const group = await groupOf([alice, bob, carol]);
    const { standing } = await forgerOf(bob, group);
    const { commit } = await alice.commit(group, [{ kind: 'remove', leaf: 1 }]);
    const after = await forgerOf(alice, group);
    const authenticator = await alice.authenticator(group);
    expect(await guessed(standing.epoch.secrets.initSecret, after.standing.epoch.context)).not.toBe(
      authenticator,
    );
    expect((await bob.process(commit)).kind).toBe('removed');
    expect(await bob.authenticator(group)).not.toBe(authenticator);
    await hand(commit, [carol]);
  });

  test('cannot either when it was the last other one, which ts-mls 1.6.4 allows', async () => {
    const [alice, bob] = three();
    const group = await groupOf([alice, bob]);
    const { standing } = await forgerOf(bob, group);
    await alice.commit(group, [{ kind: 'remove', leaf: 1 }]);
    const after = await forgerOf(alice, group);
    expect(await guessed(standing.epoch.secrets.initSecret, after.standing.epoch.context)).not.toBe(
      await alice.authenticator(group),
    );

    // The same in ts-mls itself: why its commits are not used.
    const make = (name: string) =>
      generateKeyPackage(
        { credentialType: 'basic', identity: utf8(name) },
        defaultCapabilities(),
        defaultLifetime,
        [],
        nodeSuite,
      );
    const [a, b] = [await make('a'), await make('b')];
    let state = await createGroup(utf8('g'), a.publicPackage, a.privatePackage, [], nodeSuite);
    const added = await createCommit(
      { state, cipherSuite: nodeSuite },
      {
        extraProposals: [{ proposalType: 'add', add: { keyPackage: b.publicPackage } }],
        ratchetTreeExtension: true,
      },
    );
    const left = await joinGroup(added.welcome!, b.publicPackage, b.privatePackage, emptyPskIndex, nodeSuite);
    const init = Uint8Array.from(left.keySchedule.initSecret);
    state = (
      await createCommit(
        { state: added.newState, cipherSuite: nodeSuite },
        { extraProposals: [{ proposalType: 'remove', remove: { removed: 1 } }] },
      )
    ).newState;
    expect(await guessed(init, state.groupContext)).toBe(hexOf(state.keySchedule.epochAuthenticator));
  });

  test('cannot follow a commit without a path: no member takes it', async () => {
    const [alice, bob, carol] = three();
    const group = await groupOf([alice, bob, carol]);
    const forger = await forgerOf(alice, group);
    await expectRefused(
      carol,
      await forgeCommit(forger, [{ kind: 'remove', leaf: 1 }], { withoutPath: true }),
      'path',
    );
    await expectRefused(carol, await forgeCommit(forger, [], { withoutPath: true }), 'path');
  });
});

describe('bytes that were changed on the way', () => {
  /** Every place of the bytes comes up in enough runs. */
  const place = fc.record({ at: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) });
  const flipped = (
    bytes: Uint8Array,
    { at, bit }: { readonly at: number; readonly bit: number },
  ): Uint8Array => bytes.with(at % bytes.length, (bytes[at % bytes.length] ?? 0) ^ (1 << bit));

  async function never(party: Party, message: Uint8Array): Promise<void> {
    await fc.assert(
      fc.asyncProperty(place, async (where) => {
        const before = frozen(party);
        const kind: Processed['kind'] = (await party.process(flipped(message, where))).kind;
        // A changed epoch number is one of another time.
        expect(['refused', 'early']).toContain(kind);
        expect(frozen(party)).toEqual(before);
      }),
      { numRuns: 150 },
    );
  }

  test('a commit', async () => {
    const [alice, bob] = three();
    const group = await groupOf([alice, bob]);
    const { commit } = await alice.commit(group);
    await never(bob, commit);
    await hand(commit, [bob]);
  });

  test('a proposal', async () => {
    const [alice, bob] = three();
    const group = await groupOf([alice, bob]);
    const asked = await alice.run((work) => alice.engine.propose(group, { kind: 'self-remove' }, work));
    if (asked.kind !== 'proposed') throw new Error(asked.why);
    await never(bob, asked.message);
    expect((await bob.process(asked.message)).kind).toBe('proposal');
    expect((await bob.process(asked.message)).kind).toBe('duplicate');
  });

  test('a message', async () => {
    const [alice, bob] = three();
    const group = await groupOf([alice, bob]);
    const message = await alice.seal(group, 'hello');
    await never(bob, message);
    expect(await bob.read(message)).toBe('hello');
  });

  test('a welcome', async () => {
    const [alice, bob] = three();
    const group = await alice.create(utf8('g'));
    const keyPackage = await bob.keyPackage();
    const { welcome } = await alice.commit(group, [{ kind: 'add', keyPackage }]);
    await fc.assert(
      fc.asyncProperty(place, async (where) => {
        const before = frozen(bob);
        const joined = await bob.run((work) => bob.engine.join(flipped(welcome!, where), work, NOW));
        expect(joined.kind).toBe('refused');
        expect(frozen(bob)).toEqual(before);
      }),
      { numRuns: 150 },
    );
    await bob.join(welcome!);
  });

  test('a key package', async () => {
    const [alice, bob] = three();
    const message = await bob.keyPackage();
    await fc.assert(
      fc.asyncProperty(place, async (where) => {
        expect((await alice.engine.readKeyPackage(flipped(message, where), NOW)).kind).toBe('refused');
      }),
      { numRuns: 150 },
    );
    expect((await alice.engine.readKeyPackage(message, NOW)).kind).toBe('key-package');
  });
});

describe('what a member makes who does not keep to MLS', () => {
  test('tags that do not fit', async () => {
    const [alice, bob, carol] = three();
    const group = await groupOf([alice, bob, carol]);
    const forger = await forgerOf(alice, group);
    await expectRefused(
      bob,
      await forgeCommit(forger, [], { confirmationTag: new Uint8Array(32) }),
      'confirmation',
    );
    const body = { kind: 'proposal', proposal: { kind: 'self-remove' } } as const;
    await expectRefused(bob, await forge(forger, body, { membershipKey: new Uint8Array(32) }), 'membership');
    await expectRefused(bob, await forge(forger, body, { leaf: 2 }), 'signature');
    await expectRefused(bob, await forge(forger, body, { leaf: 9 }), 'signature');
  });

  test('proposals that may not be', async () => {
    const [alice, bob, carol] = three();
    const group = await groupOf([alice, bob, carol], new Map([[0x8001, utf8('name')]]));
    const forger = await forgerOf(alice, group);
    const body = (proposals: Parameters<typeof forgeCommit>[1], path = null) =>
      ({ kind: 'commit', commit: { proposals: proposals.map((proposal) => ({ proposal })), path } }) as const;
    const update = { kind: 'app-data-update', component: 0x8001, data: utf8('x') } as const;
    const own = decodeKeyPackageMessage(await createParty('dave').keyPackage());
    const lists: readonly Parameters<typeof forgeCommit>[1][] = [
      [{ kind: 'remove', leaf: 0 }], // the committer
      [{ kind: 'remove', leaf: 7 }], // nobody
      [
        { kind: 'remove', leaf: 1 },
        { kind: 'remove', leaf: 1 },
      ],
      [{ kind: 'self-remove' }], // only by reference
      [{ kind: 'update', leaf: own.leafNode }],
      [update, update], // one for each component
      [{ kind: 'app-data-update', component: 0x8777, data: null }], // nothing to take away
    ];
    for (const list of lists) await expectRefused(bob, await forge(forger, body(list)), 'proposals');
    const twice = [
      { kind: 'add', keyPackage: own },
      { kind: 'add', keyPackage: own },
    ] as const;
    await expectRefused(bob, await forge(forger, body(twice)), 'tree');
    const named = {
      kind: 'commit',
      commit: { proposals: [{ ref: new Uint8Array(32) }], path: null },
    } as const;
    await expectRefused(bob, await forge(forger, named), 'unknown-proposal');
  });

  test('paths that are not its own', async () => {
    const [alice, bob, carol] = three();
    const group = await groupOf([alice, bob, carol]);
    const forger = await forgerOf(alice, group);
    const { leafNode } = decodeKeyPackageMessage(await alice.keyPackage());
    const spoiled = (spoil: NonNullable<Parameters<typeof forgeCommit>[2]>['spoil']) =>
      forgeCommit(forger, [], spoil ? { spoil } : {});
    await expectRefused(bob, await spoiled((path) => void path.nodes.pop()), 'path');
    await expectRefused(bob, await spoiled((path) => void path.nodes[0]?.encryptedPathSecret.pop()), 'path');
    await expectRefused(
      bob,
      await spoiled((path) => void path.nodes[0]?.encryptedPathSecret[0]?.ciphertext.fill(0)),
      'path',
    );
    await expectRefused(bob, await spoiled((path) => void path.nodes[0]?.hpkePublicKey.fill(1)), 'path');
    // A leaf as key packages have it.
    await expectRefused(bob, await spoiled((path) => void Object.assign(path, { leafNode })), 'malformed');
    await expectRefused(
      bob,
      await spoiled((path) => void Object.assign(path.leafNode, { signature: new Uint8Array(64) })),
      'signature',
    );
    const asCarol = { credential: { credentialType: 'basic', identity: utf8('carol') } } as const;
    await expectRefused(bob, await forgeCommit(forger, [], { node: asCarol }), 'member');
  });

  test('a private handshake, an external sender, a kind of proposal that nobody here knows', async () => {
    const [alice, bob] = three();
    const group = await groupOf([alice, bob]);
    const message = await alice.seal(group, 'x');
    // The content type stands behind header, group id and epoch.
    const at = 4 + 1 + utf8('group of alice').length + 8;
    expect(message[at]).toBe(1);
    await expectRefused(bob, message.with(at, 3), 'unsupported');
    await expectRefused(bob, message.with(at, 9), 'malformed');
    const forger = await forgerOf(alice, group);
    const proposal = await forge(forger, {
      kind: 'proposal',
      proposal: { kind: 'app-data-update', component: 1, data: null },
    });
    expect(proposal[at]).toBe(1);
    await expectRefused(bob, proposal.with(at, 2), 'unsupported');
    const typeAt = proposal.findIndex(
      (_, n) => n > at + 5 && readerOf(proposal.subarray(n)).u16() === APP_DATA_UPDATE,
    );
    const external = Uint8Array.from(proposal);
    external.set(u16(6), typeAt);
    await expectRefused(bob, external, 'unsupported');
  });

  test('AT-18 replays', async () => {
    const [alice, bob] = three();
    const group = await groupOf([alice, bob]);
    const message = await alice.seal(group, 'once');
    expect(await bob.read(message)).toBe('once');
    await expectRefused(bob, message, 'replayed');
    expect(await alice.process(message)).toEqual({ kind: 'duplicate' });
  });

  test('AT-54 a message of my own leaf that I have not sent: a copy of me is in use', async () => {
    const [alice, bob] = three();
    const group = await groupOf([alice, bob]);
    const copy = new Map(alice.cells.all);
    const ahead = await alice.seal(group, 'from a copy of me');
    // As after a restored backup: the ratchet is where it was.
    const restored = createParty('alice');
    const work = [...copy.values()].map(([key, cell]) => ({ key, value: cell.value, expect: 0 }));
    restored.cells.commit(work);
    await expectRefused(restored, ahead, 'own-ahead');
    // Another member can say so too, and is not believed.
    const forged = Uint8Array.from(ahead);
    forged.set([(forged.at(-1) ?? 0) ^ 1], forged.length - 1);
    await expectRefused(restored, forged, 'decryption');
    expect(await bob.read(ahead)).toBe('from a copy of me');
  });

  test('a flood of proposals', async () => {
    const [alice, bob] = three();
    const group = await groupOf([alice, bob], new Map([[1, utf8('')]]));
    const forger = await forgerOf(alice, group);
    const proposal = (n: number) =>
      forge(forger, {
        kind: 'proposal',
        proposal: { kind: 'app-data-update', component: n, data: utf8('x') },
      });
    for (let n = 0; n < 256; n++) expect((await bob.process(await proposal(n))).kind).toBe('proposal');
    await expectRefused(bob, await proposal(256), 'proposals');
  });
});

describe('who may be a member, and do what', () => {
  test('nobody the rules do not take: by key package, by welcome, by a new leaf', async () => {
    const [alice, bob] = three();
    const mallory = createParty('mallory', { rules: { ...testRules, allowsMember: () => true } });
    const group = await groupOf([alice, bob]);
    const keyPackage = await mallory.keyPackage();
    expect(await alice.engine.readKeyPackage(keyPackage, NOW)).toEqual({ kind: 'refused', why: 'member' });
    const change = { kind: 'add', keyPackage } as const;
    expect(await alice.run((work) => alice.engine.stage(group, [change], work, NOW))).toEqual({
      kind: 'refused',
      why: 'member',
    });
    const forced = await forgeCommit(await forgerOf(alice, group), [
      { kind: 'add', keyPackage: decodeKeyPackageMessage(keyPackage) },
    ]);
    await expectRefused(bob, forced, 'member');
    // A group of mallory's own.
    const theirs = await mallory.create(utf8('theirs'));
    const { welcome } = await mallory.commit(theirs, [{ kind: 'add', keyPackage: await bob.keyPackage() }]);
    expect(await bob.run((work) => bob.engine.join(welcome!, work, NOW))).toEqual({
      kind: 'refused',
      why: 'member',
    });
  });

  test('nothing the rules do not allow, from the one who commits or in its name', async () => {
    const onlyAlice: GroupRules = {
      ...testRules,
      allowsCommit: ({ by, added, removed }) =>
        added.length + removed.length === 0 || Buffer.from(by.identity).toString() === 'alice',
      allowsProposal: (kind, by) => kind === 'self-remove' || Buffer.from(by.identity).toString() === 'alice',
      allowsWelcome: (by) => Buffer.from(by.identity).toString() === 'alice',
    };
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) =>
      createParty(name, { rules: onlyAlice }),
    ) as [Party, Party, Party];
    const group = await groupOf([alice, bob, carol]);
    const removal = { kind: 'remove', leaf: 2 } as const;
    const refused = { kind: 'refused', why: 'not-allowed' };
    expect(await bob.run((work) => bob.engine.stage(group, [removal], work, NOW))).toEqual(refused);
    expect(await bob.run((work) => bob.engine.propose(group, removal, work))).toEqual(refused);
    const forger = await forgerOf(bob, group);
    await expectRefused(alice, await forgeCommit(forger, [removal]), 'not-allowed');
    await expectRefused(alice, await forge(forger, { kind: 'proposal', proposal: removal }), 'not-allowed');
    await hand((await bob.commit(group)).commit, [alice, carol]);
    const [dave, erin] = [createParty('dave'), createParty('erin', { rules: onlyAlice })];
    const theirs = await dave.create(utf8('theirs'));
    const { welcome } = await dave.commit(theirs, [{ kind: 'add', keyPackage: await erin.keyPackage() }]);
    expect(await erin.run((work) => erin.engine.join(welcome!, work, NOW))).toEqual(refused);
  });

  test('AT-61 no key package that has run out, is not valid yet, or is valid for too long', async () => {
    const DAY_MS = 24 * 60 * 60 * 1_000;
    const [alice, bob] = three();
    const group = await groupOf([alice, bob]);
    const old = await createParty('dave').keyPackage(NOW - 85 * DAY_MS);
    const early = await createParty('dave').keyPackage(NOW + DAY_MS);
    const { publicPackage } = await generateKeyPackage(
      { credentialType: 'basic', identity: utf8('dave') },
      { ...defaultCapabilities(), extensions: [6], proposals: [8, 10] },
      defaultLifetime,
      [],
      nodeSuite,
    );
    for (const keyPackage of [old, early]) {
      expect(await alice.engine.readKeyPackage(keyPackage, NOW)).toEqual({
        kind: 'refused',
        why: 'lifetime',
      });
      const staged = alice.run((work) => alice.engine.stage(group, [{ kind: 'add', keyPackage }], work, NOW));
      expect(await staged).toEqual({ kind: 'refused', why: 'lifetime' });
    }
    const forger = await forgerOf(alice, group);
    const add = { proposal: { kind: 'add', keyPackage: publicPackage } } as const;
    const body = { kind: 'commit', commit: { proposals: [add], path: null } } as const;
    await expectRefused(bob, await forge(forger, body), 'lifetime');
  });

  describe.each(lowOrder)('AT-17 nobody whose keys are points of low order: %s', (point) => {
    test('in a key package', async () => {
      const [alice, bob] = three();
      const group = await groupOf([alice, bob]);
      const before = frozen(alice);
      const keyPackage = await createParty('dave', { suite: await weakSuite(point, -1) }).keyPackage();
      const refused = { kind: 'refused', why: 'malformed' };
      expect(await alice.engine.readKeyPackage(keyPackage, NOW)).toEqual(refused);
      const add = { kind: 'add', keyPackage } as const;
      expect(await alice.run((work) => alice.engine.stage(group, [add], work, NOW))).toEqual(refused);
      expect(frozen(alice)).toEqual(before);
      const forged = await forgeCommit(await forgerOf(alice, group), [
        { kind: 'add', keyPackage: decodeKeyPackageMessage(keyPackage) },
      ]).catch(() => null);
      // Whoever adds them would have to seal to them.
      expect(forged).toBeNull();
    });

    test('in the leaf of a commit, and in a parent of which only others know the secret', async () => {
      const [alice, bob, carol] = three();
      const group = await groupOf([alice, bob, carol]);
      const forger = await forgerOf(alice, group);
      await expectRefused(
        bob,
        await forgeCommit(forger, [], { suite: await weakSuite(point, 0) }),
        'malformed',
      );
      // The parent of Alice and Bob: Carol is told nothing of it.
      await expectRefused(carol, await forgeCommit(forger, [], { suite: await weakSuite(point, 1) }), 'path');
    });

    test('in the tree of a welcome', async () => {
      const [, bob, carol] = three();
      const dave = createParty('dave');
      for (const [place, why] of [
        [0, 'malformed'],
        [1, 'tree'],
      ] as const) {
        const weak = createParty('alice', { suite: await weakSuite(point, place) });
        const group = await weak.create(utf8(`weak ${place}`));
        const adds = [];
        for (const party of [bob, carol, dave])
          adds.push({ kind: 'add', keyPackage: await party.keyPackage() } as const);
        const { welcome } = await weak.commit(group, adds);
        const before = frozen(bob);
        expect(await bob.run((work) => bob.engine.join(welcome!, work, NOW))).toEqual({
          kind: 'refused',
          why,
        });
        expect(frozen(bob)).toEqual(before);
      }
    });
  });

  test('AT-17 and exactly those that HPKE seals nothing to', async () => {
    const { hpke } = nodeSuite;
    const some = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const weak = fc.constantFrom(...lowOrder).map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));
    await fc.assert(
      fc.asyncProperty(fc.oneof(some, weak), async (key) => {
        const sealed = hpke.seal(await hpke.importPublicKey(key), key, key);
        expect(isLowOrder(key)).toBe(
          await sealed.then(
            () => false,
            () => true,
          ),
        );
      }),
    );
  });

  test('nobody who cannot do what the group asks for', async () => {
    const [alice, bob] = three();
    const group = await groupOf([alice, bob]);
    const keyPackage = await createParty('dave', {
      profile: {
        extensions: [6],
        proposals: [8],
        requires: { extensions: [], proposals: [] },
        keyPackageComponents: new Map(),
      },
    }).keyPackage();
    const staged = alice.run((work) => alice.engine.stage(group, [{ kind: 'add', keyPackage }], work, NOW));
    expect(await staged).toEqual({ kind: 'refused', why: 'capabilities' });
  });
});

test('a group that is not there', async () => {
  const alice = createParty('alice');
  const none = '00' as GroupKey;
  const { engine } = alice;
  type Call = (work: Parameters<MlsEngine['waiting']>[1]) => Promise<unknown>;
  const calls: readonly Call[] = [
    (work) => engine.standing(none, work),
    (work) => engine.stage(none, [], work, NOW),
    (work) => engine.applyPending(none, '', work, NOW),
    (work) => engine.propose(none, { kind: 'self-remove' }, work),
    (work) => engine.seal(none, new Uint8Array(), new Uint8Array(), work, NOW),
    (work) => engine.epochAuthenticator(none, work),
    (work) => engine.forecast(none, work, NOW),
    (work) => engine.upkeep(none, work, NOW),
  ];
  for (const call of calls) await expect(alice.run(call)).rejects.toMatchObject({ kind: 'not-found' });
  const [bob, carol] = [createParty('bob'), createParty('carol')];
  const group = await groupOf([bob, carol]);
  await expectRefused(alice, await bob.seal(group, 'x'), 'unknown-group');
  await expectRefused(alice, (await bob.commit(group)).commit, 'unknown-group');
});
