import fc from 'fast-check';
import { encodeRequiredCapabilities } from 'ts-mls';
import { beforeAll, describe, expect, test } from 'vitest';
import { PlainsealError } from '../../shared/errors.ts';
import { joined, Malformed, readerOf, readWhole, sameBytes, vector } from './bytes.ts';
import {
  decodeEpochKeys,
  decodeHead,
  decodePending,
  decodeRoster,
  encodeHead,
  type EpochId,
  type Head,
} from './cells.ts';
import { decodeDictionary, decodeIds, encodeDictionary, encodeIds } from './components.ts';
import { decodeSigned, encodeMessage, PUBLIC_MESSAGE } from './framing.ts';
import { decodeWelcomeMessage } from './join.ts';
import { decodeKeyPackageMessage } from './key-packages.ts';
import { requiredOf } from './leaf-check.ts';
import { encodeCommit, encodeProposal, readCommit, readProposal } from './proposal.ts';
import { decodeRatchet, decodeSecretTree, encodeRatchet, encodeSecretTree } from './ratchet.ts';
import { Refused } from './refusal.ts';
import { createParty, frozen, groupOf, NOW, type Party } from './test/party.ts';

const bytes = fc.uint8Array({ maxLength: 400 });
const small = fc.uint8Array({ maxLength: 70 });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });

/** Real objects, to be changed: random bytes seldom get past the first length. */
let real: Readonly<Record<string, Uint8Array>>;
let alice: Party;
let bob: Party;

beforeAll(async () => {
  [alice, bob] = [createParty('alice'), createParty('bob')];
  const keyPackage = await createParty('carol').keyPackage();
  const group = await groupOf([alice, bob]);
  const message = await alice.seal(group, 'hello');
  const proposed = await alice.run((work) => alice.engine.propose(group, { kind: 'self-remove' }, work));
  const { commit, welcome } = await alice.stage(group, [{ kind: 'add', keyPackage }]);
  const cells = Object.fromEntries(
    [...alice.cells.all.values()].map(([{ space }, { value }]) => [space, value]),
  );
  real = {
    ...cells,
    keyPackage,
    message,
    proposal: proposed.kind === 'proposed' ? proposed.message : message,
    commit,
    welcome: welcome!,
  };
});

/** Some real bytes with a part replaced, cut off, or put in again. */
const changed = fc
  .record({ name: fc.nat(), at: fc.nat(), drop: fc.nat(8), put: fc.uint8Array({ maxLength: 8 }) })
  .map(({ name, at, drop, put }) => {
    const all = Object.values(real);
    const from = all[name % all.length]!;
    const place = at % from.length;
    return joined(from.subarray(0, place), put, from.subarray(place + drop));
  });
const hostile = fc.oneof(
  bytes,
  fc.constant(null).chain(() => changed),
);

describe('no bytes of others do anything but be read or refused', () => {
  const decoders: Readonly<Record<string, (input: Uint8Array) => unknown>> = {
    keyPackage: decodeKeyPackageMessage,
    welcome: decodeWelcomeMessage,
    dictionary: decodeDictionary,
    ids: decodeIds,
    proposal: (input) => readProposal(readerOf(input)),
    commit: (input) => readCommit(readerOf(input)),
    signed: decodeSigned,
    ratchet: decodeRatchet,
    secrets: decodeSecretTree,
    required: (input) => requiredOf([{ extensionType: 'required_capabilities', extensionData: input }]),
  };

  test.each(Object.keys(decoders))('%s', (name) => {
    fc.assert(
      fc.property(hostile, (input) => {
        try {
          decoders[name]?.(input);
        } catch (error) {
          expect(error instanceof Malformed || error instanceof Refused, String(error)).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('the engine answers, and changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (input) => {
        const before = frozen(bob);
        const taken = await bob.run(async (work) => {
          // A message that was not hurt may come up; what it writes is left here.
          const point = work.savepoint();
          const results = [
            await bob.engine.process(input, work, NOW),
            await bob.engine.join(input, work, NOW),
            await bob.engine.readWelcome(input, work, NOW),
            await bob.engine.readKeyPackage(input, NOW),
          ];
          point.drop();
          return results;
        });
        for (const { kind } of taken.slice(1)) expect(['refused', 'key-package']).toContain(kind);
        expect(frozen(bob)).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });

  test('what is too large is not looked at', async () => {
    const large = new Uint8Array(5 * 1024 * 1024);
    const refused = { kind: 'refused', why: 'malformed' };
    expect(await bob.process(large)).toEqual(refused);
    expect(await bob.engine.readKeyPackage(large, NOW)).toEqual(refused);
    expect(await bob.run((work) => bob.engine.join(large, work, NOW))).toEqual(refused);
  });
});

describe('what is written reads as what it was', () => {
  test('dictionaries and lists of ids', () => {
    fc.assert(
      fc.property(fc.dictionary(u16.map(String), small), (entries) => {
        const components = new Map(Object.entries(entries).map(([id, data]) => [Number(id), data]));
        const again = decodeDictionary(encodeDictionary(components));
        expect(new Map(again)).toEqual(new Map(components));
      }),
    );
    fc.assert(
      fc.property(fc.array(u16), (ids) => {
        expect(decodeIds(encodeIds(ids))).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
      }),
    );
    expect(() => decodeIds(vector(Uint8Array.of(0, 2, 0, 1)))).toThrow(Malformed);
    expect(() => decodeIds(vector(Uint8Array.of(0, 1, 0, 1)))).toThrow(Malformed);
  });

  test('proposals and commits without leaves', () => {
    const proposal = fc.oneof(
      fc.record({ kind: fc.constant('remove' as const), leaf: u32 }),
      fc.record({
        kind: fc.constant('app-data-update' as const),
        component: u16,
        data: fc.option(small),
      }),
      fc.constant({ kind: 'self-remove' as const }),
    );
    const entry = fc.oneof(fc.record({ proposal }), fc.record({ ref: small }));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (proposals) => {
        const commit = { proposals, path: null };
        expect(readWhole(encodeCommit(commit), readCommit)).toEqual(commit);
      }),
    );
    fc.assert(
      fc.property(proposal, (one) => {
        expect(readWhole(encodeProposal(one), readProposal)).toEqual(one);
      }),
    );
  });

  test('ratchets and secret trees', () => {
    const passed = fc.array(fc.tuple(u32, fc.record({ key: small, nonce: small })), { maxLength: 5 });
    const spans = fc.array(fc.record({ from: u32, to: u32 }), { maxLength: 5 });
    fc.assert(
      fc.property(small, u32, passed, spans, (secret, generation, keys, gone) => {
        const ratchet = { secret, generation, passed: new Map(keys), gone };
        expect(decodeRatchet(encodeRatchet(ratchet))).toEqual(ratchet);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(u32, small)), (entries) => {
        expect(decodeSecretTree(encodeSecretTree(new Map(entries)))).toEqual(new Map(entries));
      }),
    );
  });

  test('heads', () => {
    const head: Head = {
      active: false,
      current: 'b' as EpochId,
      signKey: Uint8Array.of(1, 2),
      keyPackage: 'ref',
      since: NOW,
      epochs: [
        { id: 'a' as EpochId, number: 3n, parent: null, startedAt: NOW, commit: '' },
        { id: 'b' as EpochId, number: 4n, parent: 'a' as EpochId, startedAt: NOW + 1, commit: 'digest' },
      ],
    };
    expect(decodeHead(encodeHead(head))).toEqual(head);
  });

  test('lengths: one form for each', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70_000 }), (length) => {
        const content = new Uint8Array(length);
        expect(
          sameBytes(
            readWhole(vector(content), (from) => from.vector()),
            content,
          ),
        ).toBe(true);
      }),
    );
    for (const long of [
      [0x40, 0x01, 0],
      [0x80, 0, 0, 1, 0],
      [0xc0, 0],
    ])
      expect(() => readWhole(Uint8Array.from(long), (from) => from.vector())).toThrow(Malformed);
    expect(() => readWhole(Uint8Array.of(1, 2), (from) => from.u8())).toThrow(Malformed);
  });
});

describe('cells that do not read are faults of ours, not of a message', () => {
  test.each([
    ['heads', decodeHead],
    ['epochs', decodeEpochKeys],
    ['trees', decodeRoster],
    ['pending commits', decodePending],
  ] as const)('%s', (_name, decode) => {
    fc.assert(
      fc.property(hostile, (input) => {
        try {
          decode(input);
        } catch (error) {
          expect(error instanceof PlainsealError && error.kind === 'corrupt', String(error)).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  test.each(['mls-epoch', 'mls-tree', 'mls-secrets', 'mls-ratchet', 'mls-group', 'mls-proposal'])(
    'a damaged or lost cell of %s',
    async (space) => {
      for (const damage of [Uint8Array.of(9, 9, 9), null]) {
        const [one, two] = [createParty('alice'), createParty('bob')];
        const group = await groupOf([one, two]);
        const first = await two.seal(group, 'first');
        await one.read(first);
        const asked = await two.run((work) => two.engine.propose(group, { kind: 'self-remove' }, work));
        if (asked.kind !== 'proposed') throw new Error(asked.why);
        await one.process(asked.message);
        const message = await two.seal(group, 'second');
        const { commit } = await two.stage(group);
        const hurt = [...one.cells.all.values()].filter(([key]) => key.space === space);
        one.cells.commit(hurt.map(([key, { version }]) => ({ key, value: damage, expect: version })));
        const again = createParty('alice', { cells: one.cells });
        const act = async () => {
          await again.process(message);
          await again.seal(group, 'mine');
          await again.run((work) => again.engine.waiting(group, work));
          await again.process(commit);
        };
        const isFine = damage === null && ['mls-group', 'mls-proposal'].includes(space);
        if (isFine && space === 'mls-group') await expect(act()).rejects.toMatchObject({ kind: 'not-found' });
        else if (isFine) await act();
        else await expect(act()).rejects.toMatchObject({ kind: 'corrupt' });
      }
    },
  );
});

test('a required-capabilities extension that reads', () => {
  const data = encodeRequiredCapabilities({ extensionTypes: [6], proposalTypes: [8], credentialTypes: [] });
  expect(requiredOf([{ extensionType: 'required_capabilities', extensionData: data }]).proposalTypes).toEqual(
    [8],
  );
  expect(requiredOf([])).toEqual({ extensionTypes: [], proposalTypes: [], credentialTypes: [] });
  expect(encodeMessage(PUBLIC_MESSAGE, new Uint8Array())).toEqual(Uint8Array.of(0, 1, 0, 1));
});
