/**
 * This engine over a unit of work beside plain ts-mls (its own suite, its whole state encoded as it must be to be kept) and OpenMLS
 * (core-crypto's WebAssembly, database in memory). `npx vitest bench crypto/mls --run`; MLS_LARGE=1 adds a thousand members.
 */
import {
  acceptAll,
  createApplicationMessage,
  createCommit,
  createGroup,
  defaultCapabilities,
  emptyPskIndex,
  encodeGroupState,
  generateKeyPackage,
  joinGroup,
  processMessage,
  processPrivateMessage,
  type ClientState,
  type Proposal,
  type Welcome,
} from 'ts-mls';
import { beforeAll, describe, test } from 'vitest';
import { createWork } from '../../shared/lane/work.ts';
import type { StateWrite, Work } from '../../shared/lane/state.ts';
import { utf8 } from './bytes.ts';
import type { GroupKey } from './cells.ts';
import type { Change } from './engine.ts';
import { portableSuite, type Suite } from './suite.ts';
import { createOpenMls, type OpenMls } from './test/openmls.ts';
import { createParty, plainProfile, type Party } from './test/party.ts';

const sizes = [2, 10, 50, 150, ...(process.env['MLS_LARGE'] === '1' ? [1000] : [])];
const TEXT = 'x'.repeat(100);

let names = 0;
const nameOf = (n: number): string =>
  `00000000-0000-4000-8000-${String(n).padStart(12, '0')}:${n.toString(16)}@example.org`;
const now = Date.now();
const seconds = BigInt(Math.floor(now / 1_000));
const lifetime = { notBefore: seconds - 60n, notAfter: seconds + 7_000_000n };

/** Sender and one receiver in groups of one size, with each engine. */
interface Ours {
  readonly alice: Party;
  readonly bob: Party;
  readonly group: GroupKey;
  readonly welcome: Uint8Array;
  readonly late: Party;
  readonly again: readonly StateWrite[];
}
interface Theirs {
  readonly suite: Suite;
  alice: ClientState;
  bob: ClientState;
  readonly welcome: Welcome;
  readonly newcomer: Awaited<ReturnType<typeof make>>;
}
interface Open {
  readonly alice: OpenMls;
  readonly bob: OpenMls;
}

const make = (suite: Suite) =>
  generateKeyPackage(
    { credentialType: 'basic', identity: utf8(nameOf(++names)) },
    defaultCapabilities(),
    lifetime,
    [],
    suite,
  );

const plain = (): Party => createParty(nameOf(++names), { profile: plainProfile });

async function ours(size: number): Promise<Ours> {
  const [alice, bob] = [plain(), plain()];
  const group = await alice.create(utf8(`group ${size}`), new Map(), now);
  const changes: Change[] = [{ kind: 'add', keyPackage: await bob.keyPackage(now) }];
  for (let n = 2; n < size; n++) changes.push({ kind: 'add', keyPackage: await plain().keyPackage(now) });
  const { welcome } = await alice.commit(group, changes, now);
  // Joins again and again: its key package is put back each time.
  const late = createParty(bob.name, { profile: plainProfile });
  const again = [...bob.cells.all.values()].map(([key, cell]) => ({ key, value: cell.value, expect: 0 }));
  late.cells.commit(again);
  await bob.join(welcome!, now);
  return { alice, bob, group, welcome: welcome!, late, again };
}

async function theirs(size: number): Promise<Theirs> {
  const suite = await portableSuite();
  const founder = await make(suite);
  const newcomer = await make(suite);
  const adds: Proposal[] = [{ proposalType: 'add', add: { keyPackage: newcomer.publicPackage } }];
  for (let n = 2; n < size; n++)
    adds.push({ proposalType: 'add', add: { keyPackage: (await make(suite)).publicPackage } });
  const state = await createGroup(
    utf8(`group ${size}`),
    founder.publicPackage,
    founder.privatePackage,
    [],
    suite,
  );
  const made = await createCommit(
    { state, cipherSuite: suite },
    { extraProposals: adds, ratchetTreeExtension: true },
  );
  const welcome = made.welcome!;
  const bob = await joinGroup(welcome, newcomer.publicPackage, newcomer.privatePackage, emptyPskIndex, suite);
  return { suite, alice: made.newState, bob, welcome, newcomer };
}

async function open(size: number): Promise<Open> {
  const [alice, bob] = [await createOpenMls(++names), await createOpenMls(++names)];
  await alice.create(utf8(`open group ${size}`));
  const keyPackages = [await bob.keyPackage()];
  // Its own groups take only members that know X.509 too, so all of them are its own.
  for (let n = 2; n < size; n++) keyPackages.push(await (await createOpenMls(++names)).keyPackage());
  const { welcome } = await alice.add(keyPackages);
  await bob.join(welcome);
  return { alice, bob };
}

/** From this size on a round takes seconds, and founding minutes. */
const LARGE = 1_000;
const FOUNDING_MS = 900_000;

describe.each(sizes)('%i members', (size) => {
  const isLarge = size >= LARGE;
  const rounds = { iterations: isLarge ? 3 : 20, time: 0, warmupIterations: isLarge ? 1 : 3, warmupTime: 0 };
  let a: Ours;
  let b: Theirs;
  let c: Open;
  beforeAll(async () => {
    [a, b, c] = [await ours(size), await theirs(size), await open(size)];
    const written = async (party: Party, act: (work: Work) => Promise<unknown>): Promise<number> => {
      const work = createWork(party.cells.view);
      await act(work);
      party.cells.commit(work.writes());
      return work.writes().reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    };
    await a.bob.read(await a.alice.seal(a.group, TEXT, now), now);
    let message = new Uint8Array();
    const sent = await written(a.alice, async (work) => {
      message = Uint8Array.from(
        (await a.alice.engine.seal(a.group, utf8(TEXT), new Uint8Array(), work, now)).bytes,
      );
    });
    const read = await written(a.bob, (work) => a.bob.engine.process(message, work, now));
    console.log(
      `${size} members: stored for one message, ${sent} B to send and ${read} B to read; ts-mls ${encodeGroupState(b.alice).length} B`,
    );
  }, FOUNDING_MS);

  test('a message, sealed, opened, stored', { timeout: FOUNDING_MS }, async ({ bench }) => {
    await bench.compare(
      bench('Plainseal', async () => {
        await a.bob.read(await a.alice.seal(a.group, TEXT, now), now);
      }),
      bench('ts-mls', async () => {
        const sealed = await createApplicationMessage(b.alice, utf8(TEXT), b.suite);
        b.alice = sealed.newState;
        encodeGroupState(b.alice);
        b.bob = (await processPrivateMessage(b.bob, sealed.privateMessage, emptyPskIndex, b.suite)).newState;
        encodeGroupState(b.bob);
      }),
      bench('OpenMLS', async () => {
        await c.bob.receive(await c.alice.send(TEXT));
      }),
      rounds,
    );
  });

  test('a commit that renews keys, made and taken', { timeout: FOUNDING_MS }, async ({ bench }) => {
    await bench.compare(
      bench('Plainseal', async () => {
        await a.bob.process((await a.alice.commit(a.group, [], now)).commit, now);
      }),
      bench('ts-mls', async () => {
        const made = await createCommit(
          { state: b.alice, cipherSuite: b.suite },
          { wireAsPublicMessage: true },
        );
        b.alice = made.newState;
        encodeGroupState(b.alice);
        if (made.commit.wireformat !== 'mls_public_message') throw new Error('not public');
        b.bob = (await processMessage(made.commit, b.bob, emptyPskIndex, acceptAll, b.suite)).newState;
        encodeGroupState(b.bob);
      }),
      bench('OpenMLS', async () => {
        await c.bob.receive(await c.alice.renew());
      }),
      rounds,
    );
  });

  test('adding one and removing it again, made and taken', { timeout: FOUNDING_MS }, async ({ bench }) => {
    await bench.compare(
      bench('Plainseal', async () => {
        const keyPackage = await plain().keyPackage(now);
        const added = await a.alice.commit(a.group, [{ kind: 'add', keyPackage }], now);
        await a.bob.process(added.commit, now);
        const leaf = added.view.added[0]!.leaf;
        await a.bob.process((await a.alice.commit(a.group, [{ kind: 'remove', leaf }], now)).commit, now);
      }),
      bench('OpenMLS', async () => {
        const newcomer = await createOpenMls(++names);
        const added = await c.alice.add([await newcomer.keyPackage()]);
        await c.bob.receive(added.commit);
        await c.bob.receive(await c.alice.remove(newcomer.identity));
      }),
      { ...rounds, iterations: Math.min(rounds.iterations, 10) },
    );
  });

  test('joining by the first welcome', { timeout: FOUNDING_MS }, async ({ bench }) => {
    await bench.compare(
      bench('Plainseal', async () => {
        await a.late.join(a.welcome, now);
        await a.late.run((work) => a.late.engine.forget(a.group, work));
        a.late.cells.commit(a.again);
      }),
      bench('ts-mls', async () => {
        const { publicPackage, privatePackage } = b.newcomer;
        await joinGroup(b.welcome, publicPackage, privatePackage, emptyPskIndex, b.suite);
      }),
      { ...rounds, iterations: Math.min(rounds.iterations, 10) },
    );
  });
});
