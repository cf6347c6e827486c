/**
 * One message through the engine and a unit of work of its own, beside raw libsignal over stores in memory, in the same run; both keep
 * everything serialized. `npx vitest bench crypto/signal --run`
 */
import {
  IdentityKeyPair,
  KEMPublicKey,
  PreKeyBundle,
  ProtocolAddress,
  PublicKey,
  processPreKeyBundle,
} from '@signalapp/libsignal-client';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'vitest';
import type { StateCell, StateKey, StateView, Work } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { createSignalEngine } from './create-engine.ts';
import type { DeviceBundle, SignalEngine, SignalEnvelope } from './engine.ts';
import { createAuthority, createRawParty, freshAci, type RawParty } from './test/raw-party.ts';
import { firstKeys, type FirstUpload } from './upkeep.ts';

const CONTENT = Uint8Array.from(randomBytes(160));
const MESSAGES = 1_000;
const SESSIONS = 200;
const counted = (iterations: number) => ({ iterations, time: 0, warmupIterations: 0, warmupTime: 0 });
const authority = createAuthority();
const NOW = Date.now();

/** An account whose state lies in memory, as core's lies in the database. */
interface Mine {
  readonly service: ReturnType<typeof freshAci>;
  readonly device: number;
  readonly registrationId: number;
  readonly key: Uint8Array;
  readonly engine: SignalEngine;
  readonly upload: FirstUpload;
  run<T>(task: (work: Work) => Promise<T>): Promise<T>;
}

function account(): Mine {
  const identity = IdentityKeyPair.generate();
  const service = freshAci();
  const identities = {
    aci: service,
    pni: null,
    device: 2,
    aciRegistrationId: 11,
    pniRegistrationId: 12,
    aciIdentityKey: identity.privateKey.serialize(),
    pniIdentityKey: null,
    trustRoots: [authority.root.serialize()],
  };
  const cells = new Map<string, StateCell>();
  const name = ({ space, key }: StateKey): string => `${space}|${key}`;
  const view: StateView = {
    get: async (key) => cells.get(name(key)) ?? null,
    scan: async () => [],
  };
  const keep = ({ key, value, expect }: ReturnType<Work['writes']>[number]): void => {
    if (value === null) cells.delete(name(key));
    // Copied: what comes out of a database is never the array that went in.
    else cells.set(name(key), { value: Uint8Array.from(value), version: expect + 1 });
  };
  const keys = firstKeys(identities, NOW);
  for (const write of keys.work) keep(write);
  return {
    service,
    device: 2,
    registrationId: 11,
    key: identity.publicKey.serialize(),
    engine: createSignalEngine(identities),
    upload: keys.aci,
    async run(task) {
      const work = createWork(view);
      const result = await task(work);
      for (const write of work.writes()) keep(write);
      return result;
    },
  };
}

/** Opens as a lane does: unsealed first, then with a savepoint around it. */
async function open(mine: Mine, envelope: SignalEnvelope, work: Work): Promise<void> {
  const unsealed = await mine.engine.unseal(envelope);
  if ('kind' in unsealed) throw new Error(unsealed.why);
  const point = work.savepoint();
  const result = await mine.engine.open(unsealed, work, NOW);
  if (result.kind !== 'opened') throw new Error(result.kind);
  point.keep();
}

const to = ({ service, device }: RawParty) => ({ service, device });
const hidden = (from: RawParty) =>
  authority.certify({ service: from.service, device: from.device, key: from.identity.publicKey });

/** Two that are raw libsignal on both sides, in step. */
async function rawPair(): Promise<{ readonly a: RawParty; readonly b: RawParty }> {
  const [a, b] = [createRawParty(), createRawParty()];
  await begin(a, b, await b.bundle());
  await b.read(await written(a, b), a);
  await a.read(await written(b, a), b);
  return { a, b };
}

async function written(from: RawParty, them: RawParty): Promise<{ type: string; bytes: Uint8Array }> {
  const { type, content } = await from.write(CONTENT, them);
  return { type, bytes: content };
}

async function begin(a: RawParty, b: RawParty, bundle: DeviceBundle): Promise<void> {
  const own = (bytes: Uint8Array | undefined): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes ?? []);
  const { signedPreKey: signed, pqPreKey: pq, preKey: once } = bundle;
  const read = PreKeyBundle.new(
    b.registrationId,
    b.device,
    once?.id ?? null,
    PublicKey.deserialize(own(once?.key)),
    signed.id,
    PublicKey.deserialize(own(signed.key)),
    own(signed.signature),
    b.identity.publicKey,
    pq.id,
    KEMPublicKey.deserialize(own(pq.key)),
    own(pq.signature),
  );
  const [from, at] = [a, b].map((party) => ProtocolAddress.new(party.service, party.device));
  if (from === undefined || at === undefined) throw new Error('two');
  const stores = a.stores;
  await processPreKeyBundle(read, at, from, stores, stores);
}

/** Mine and a raw peer, in step. */
async function pair(): Promise<{ readonly mine: Mine; readonly peer: RawParty }> {
  const mine = account();
  const peer = createRawParty();
  await peer.meet(mine, mine.upload, 0);
  const hello = await peer.write(CONTENT, mine);
  await mine.run((work) => open(mine, hello, work));
  await peer.read(await mine.run((work) => mine.engine.seal(CONTENT, to(peer), work, NOW)), mine);
  return { mine, peer };
}

/** Gives what was made before, one after the other. */
async function stock<T>(count: number, make: () => Promise<T>): Promise<() => T> {
  const made: T[] = [];
  for (let at = 0; at < count; at++) made.push(await make());
  let next = 0;
  return () => {
    const one = made[next++];
    if (one === undefined) throw new Error('used up');
    return one;
  };
}

describe('a message', () => {
  test('seal', { timeout: 120_000 }, async ({ bench }) => {
    const raw = await rawPair();
    const { mine, peer } = await pair();
    await bench.compare(
      bench('raw libsignal', async () => void (await written(raw.a, raw.b))),
      bench('engine, a unit of work each', async () => {
        await mine.run((work) => mine.engine.seal(CONTENT, to(peer), work, NOW));
      }),
      counted(MESSAGES),
    );
  });

  test('open', { timeout: 120_000 }, async ({ bench }) => {
    const raw = await rawPair();
    const single = await pair();
    const batched = await pair();
    const rawNext = await stock(MESSAGES, () => written(raw.a, raw.b));
    const next = await stock(MESSAGES, () => single.peer.write(CONTENT, single.mine));
    const nextBatched = await stock(MESSAGES, () => batched.peer.write(CONTENT, batched.mine));
    await bench.compare(
      bench('raw libsignal', async () => void (await raw.b.read(rawNext(), raw.a))),
      bench('engine, a unit of work each', async () => {
        await single.mine.run((work) => open(single.mine, next(), work));
      }),
      counted(MESSAGES),
    );
    await bench('engine, 50 to a unit of work', async () => {
      await batched.mine.run(async (work) => {
        for (let at = 0; at < 50; at++) await open(batched.mine, nextBatched(), work);
      });
    }).run(counted(MESSAGES / 50));
  });

  test('open, sealed sender', { timeout: 120_000 }, async ({ bench }) => {
    const raw = await rawPair();
    const { mine, peer } = await pair();
    const rawKey = { ...to(raw.b), key: raw.b.identity.publicKey.serialize() };
    const rawNext = await stock(MESSAGES, () => raw.a.writeSealed(CONTENT, rawKey, hidden(raw.a)));
    const next = await stock(MESSAGES, () => peer.writeSealed(CONTENT, mine, hidden(peer)));
    await bench.compare(
      bench('raw libsignal', async () => {
        const inner = await raw.b.unwrap(rawNext().content);
        if (!inner.senderCertificate().validateWithTrustRoots([authority.root], NOW)) throw new Error('no');
        await raw.b.read({ type: 'double-ratchet', bytes: inner.contents() }, raw.a);
      }),
      bench('engine, a unit of work each', async () => {
        await mine.run((work) => open(mine, next(), work));
      }),
      counted(MESSAGES),
    );
  });

  test('to and fro, a turn of the ratchet each', { timeout: 120_000 }, async ({ bench }) => {
    const raw = await rawPair();
    const { mine, peer } = await pair();
    await bench.compare(
      bench('raw libsignal on both sides', async () => {
        await raw.b.read(await written(raw.a, raw.b), raw.a);
        await raw.a.read(await written(raw.b, raw.a), raw.b);
      }),
      bench('engine on one', async () => {
        await peer.read(await mine.run((work) => mine.engine.seal(CONTENT, to(peer), work, NOW)), mine);
        const answer = await peer.write(CONTENT, mine);
        await mine.run((work) => open(mine, answer, work));
      }),
      counted(MESSAGES / 2),
    );
  });
});

describe('a session', () => {
  test('begun', { timeout: 120_000 }, async ({ bench }) => {
    const raw = createRawParty();
    const mine = account();
    const strangers = async () => {
      const party = createRawParty();
      return { party, bundle: await party.bundle() };
    };
    const rawNext = await stock(SESSIONS, strangers);
    const next = await stock(SESSIONS, strangers);
    await bench.compare(
      bench('raw libsignal', async () => {
        const { party, bundle } = rawNext();
        await begin(raw, party, bundle);
      }),
      bench('engine', async () => {
        const { party, bundle } = next();
        const key = party.identity.publicKey.serialize();
        await mine.run((work) => mine.engine.startSession(bundle, key, party.service, work, NOW));
      }),
      counted(SESSIONS),
    );
  });

  test('answered', { timeout: 120_000 }, async ({ bench }) => {
    const raw = createRawParty();
    const mine = account();
    const rawNext = await stock(SESSIONS, async () => {
      const party = createRawParty();
      await begin(party, raw, await raw.bundle());
      return { party, message: await written(party, raw) };
    });
    const next = await stock(SESSIONS, async () => {
      const party = createRawParty();
      await party.meet(mine, mine.upload, null);
      return party.write(CONTENT, mine);
    });
    await bench.compare(
      bench('raw libsignal', async () => {
        const { party, message } = rawNext();
        await raw.read(message, party);
      }),
      bench('engine', async () => {
        await mine.run((work) => open(mine, next(), work));
      }),
      counted(SESSIONS),
    );
  });

  test('keys of a new device, both identities', { timeout: 120_000 }, async ({ bench }) => {
    const [aci, pni] = [IdentityKeyPair.generate(), IdentityKeyPair.generate()];
    const keys = { aciIdentityKey: aci.privateKey.serialize(), pniIdentityKey: pni.privateKey.serialize() };
    await bench('first keys', () => void firstKeys(keys, NOW)).run(counted(20));
  });
});
