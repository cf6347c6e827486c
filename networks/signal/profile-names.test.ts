import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { accessKeyOf } from '../../crypto/signal/access-key.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Millis } from '../../shared/ids.ts';
import { createWork } from '../../shared/lane/work.ts';
import { createLocks } from './locks.ts';
import { peerOf } from './names.ts';
import { readPeer, unknownPeer, writePeer } from './peer-record.ts';
import { createProfileNames, learnProfileKey, type ProfileNames } from './profile-names.ts';
import { readProfile } from './profile-record.ts';
import type { SignalService } from './service/service.ts';
import { createCoreDouble, type CoreDouble } from './test/lane-context.ts';
import { ALICE, BOB, createReceivingWorld, keyOf, text } from './test/receiving-world.ts';

const KEY = new Uint8Array(32).fill(3);
const OTHER_KEY = new Uint8Array(32).fill(4);
const DAY_MS = 24 * 60 * 60 * 1_000;
type Answer = Awaited<ReturnType<SignalService['profile']>>;

function sealName(name: string, key = KEY): Uint8Array {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const padded = Buffer.alloc(53);
  padded.write(name);
  return Buffer.concat([iv, cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
}
const profile = (more: Partial<Extract<Answer, { readonly kind: 'profile' }>> = {}): Answer => ({
  kind: 'profile',
  identityKey: null,
  name: sealName('Alice\0Miller'),
  unidentifiedAccess: null,
  unrestrictedUnidentifiedAccess: false,
  ...more,
});

interface World {
  readonly core: CoreDouble;
  readonly names: ProfileNames;
  readonly asked: ServiceId[];
  readonly paused: Millis[];
  now: Millis;
  answer: (service: ServiceId) => Answer;
  learn(service: ServiceId, key: Uint8Array): Promise<void>;
  look(...services: readonly ServiceId[]): Promise<void>;
  known(service: ServiceId): ReturnType<typeof readProfile>;
}

function createWorld(): World {
  const asked: ServiceId[] = [];
  const paused: Millis[] = [];
  const core = createCoreDouble({ now: () => world.now });
  const names = createProfileNames({
    context: core.context,
    withLocks: createLocks(),
    service: {
      profile: async (service: ServiceId) => {
        asked.push(service);
        return world.answer(service);
      },
    } as Pick<SignalService, 'profile'> as SignalService,
    pause: async (ms) => void paused.push(ms),
  });
  const world: World = {
    core,
    names,
    asked,
    paused,
    now: 1_800_000_000_000,
    answer: () => profile(),
    async learn(service, key) {
      const work = createWork(core.context.view);
      await learnProfileKey({ work }, service, key);
      if ((await readPeer(work, service)) === null)
        writePeer(work, service, { ...unknownPeer, identity: keyOf(service) });
      core.put(work.writes());
    },
    async look(...services) {
      for (const service of services) names.want(service);
      await names.idle();
    },
    known: (service) => readProfile(createWork(core.context.view), service),
  };
  return world;
}

describe('a profile', () => {
  it('is looked at once its key is known, and again after a day', async () => {
    const world = createWorld();
    await world.look(ALICE);
    expect(world.asked).toEqual([]);
    await world.learn(ALICE, KEY);
    await world.look(ALICE);
    await world.look(ALICE);
    expect(world.asked).toEqual([ALICE]);
    expect(world.core.changes('peer')).toEqual([
      { kind: 'peer', peer: peerOf(ALICE), identity: keyOf(ALICE), address: null, name: 'Alice Miller' },
    ]);
    world.now += DAY_MS + 1;
    await world.look(ALICE);
    expect(world.asked).toEqual([ALICE, ALICE]);
    expect(world.core.changes('peer')).toHaveLength(1);
  });

  it('under a new key is looked at at once, the old name standing until then', async () => {
    const world = createWorld();
    await world.learn(ALICE, KEY);
    await world.look(ALICE);
    await world.learn(ALICE, OTHER_KEY);
    expect(await world.known(ALICE)).toMatchObject({
      name: 'Alice Miller',
      fetchedAt: null,
      sealed: 'unknown',
    });
    world.answer = () => profile({ name: sealName('Alice Smith', OTHER_KEY) });
    await world.look(ALICE);
    expect(world.core.changes('peer').at(-1)?.name).toBe('Alice Smith');
    await world.learn(ALICE, OTHER_KEY);
    expect(await world.known(ALICE)).toMatchObject({ fetchedAt: world.now });
  });

  it('whose name does not open changes no name', async () => {
    const world = createWorld();
    await world.learn(ALICE, KEY);
    for (const name of [null, new Uint8Array(0), sealName('Mallory', OTHER_KEY), sealName('')]) {
      world.answer = () => profile({ name });
      world.now += 2 * DAY_MS;
      await world.look(ALICE);
    }
    expect(world.core.changes('peer')).toEqual([]);
    expect(world.asked).toHaveLength(4);
  });

  it('that nobody gives is not asked for again at once', async () => {
    const world = createWorld();
    await world.learn(ALICE, KEY);
    world.answer = () => ({ kind: 'unknown' });
    await world.look(ALICE);
    await world.look(ALICE);
    expect(world.asked).toHaveLength(1);
    expect(await world.known(ALICE)).toMatchObject({ fetchedAt: world.now, name: null });
  });

  it.each([
    ['its access key fits', { unidentifiedAccess: proofOf(KEY) }, 'access-key'],
    ['another access key', { unidentifiedAccess: proofOf(OTHER_KEY) }, 'never'],
    ['none', {}, 'never'],
    ['a short one', { unidentifiedAccess: new Uint8Array(3) }, 'never'],
    ['anybody may', { unrestrictedUnidentifiedAccess: true }, 'anybody'],
  ] as const)('says how sealed messages are taken: %s', async (_, more, sealed) => {
    const world = createWorld();
    await world.learn(ALICE, KEY);
    world.answer = () => profile(more);
    await world.look(ALICE);
    expect(await world.known(ALICE)).toMatchObject({ sealed });
  });
});

function proofOf(key: Uint8Array): Uint8Array {
  return createHmac('sha256', accessKeyOf(key)).update(Buffer.alloc(32)).digest();
}

describe('looking at profiles', () => {
  it('waits as long as the server wants, and asks again with the next message', async () => {
    const world = createWorld();
    await world.learn(ALICE, KEY);
    await world.learn(BOB, KEY);
    world.answer = (service) =>
      service === ALICE ? { kind: 'rate-limited', retryAfterMs: 7_000 } : profile();
    await world.look(ALICE, BOB);
    expect(world.asked).toEqual([ALICE, BOB]);
    expect(world.paused[0]).toBe(7_000);
    await world.look(ALICE);
    expect(world.asked).toEqual([ALICE, BOB, ALICE]);
  });

  it('stops where there is no network', async () => {
    const world = createWorld();
    await world.learn(ALICE, KEY);
    await world.learn(BOB, KEY);
    world.answer = () => ({ kind: 'offline' });
    await world.look(ALICE, BOB);
    expect(world.asked).toEqual([ALICE]);
  });

  it('outlives a fault, and ends when it is closed', async () => {
    const world = createWorld();
    await world.learn(ALICE, KEY);
    await world.learn(BOB, KEY);
    world.answer = (service) => {
      if (service === ALICE) throw new TypeError('a fault');
      return profile();
    };
    await world.look(ALICE, BOB);
    expect(world.asked).toEqual([ALICE, BOB]);
    expect(world.core.logged).toMatchObject([{ event: 'profile-fault' }]);
    world.names.close();
    await world.look(ALICE);
    expect(world.asked).toHaveLength(2);
  });

  it('takes nothing for a key that is another by then', async () => {
    const world = createWorld();
    await world.learn(ALICE, KEY);
    let answered = false;
    world.answer = () => {
      if (!answered) {
        answered = true;
        const cell = { space: 'profile', key: ALICE };
        world.core.put([{ key: cell, value: null, expect: 0 }]);
      }
      return profile();
    };
    await world.look(ALICE);
    expect(world.core.changes('peer')).toEqual([]);
    expect(await world.known(ALICE)).toBeNull();
  });
});

it('a message with a profile key has its writer’s profile looked at', async () => {
  const world = createReceivingWorld();
  const asked: ServiceId[] = [];
  world.profile = async (service) => {
    asked.push(service);
    return profile();
  };
  await world.arrive(world.alice(text('hello', 1_799_999_000_000, { profileKey: KEY })));
  await world.receiver.idle();
  expect(asked).toEqual([ALICE]);
  expect(world.core.changes('peer').at(-1)).toMatchObject({ name: 'Alice Miller' });
  world.receiver.close();
});
