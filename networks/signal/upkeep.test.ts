import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Local } from '../../crypto/signal/address.ts';
import { createRawParty, freshPni, type RawParty } from '../../crypto/signal/test/raw-party.ts';
import type { PreKeyUpload } from '../../crypto/signal/prekeys.ts';
import type { Millis } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf, SELF } from './account-record.ts';
import { writeCell } from './cell.ts';
import { conversationWith } from './names.ts';
import { unknownPeer, writePeer } from './peer-record.ts';
import { createRunning, renewSelf, type Running } from './running.ts';
import type { SignalService, Trouble } from './service/service.ts';
import { ACCOUNT, createCoreDouble, type CoreDouble } from './test/lane-context.ts';
import { createOwnAccount } from './test/own-account.ts';
import { startUpkeep } from './upkeep.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

interface World {
  readonly core: CoreDouble;
  running: Running;
  readonly uploads: { readonly local: Local; readonly upload: PreKeyUpload; readonly kept: number }[];
  counts: Awaited<ReturnType<SignalService['preKeyCounts']>>;
  uploaded: { readonly kind: 'done' | 'refused' } | Trouble;
  /** Of the number's keys, where it is another answer. */
  uploadedNumber: World['uploaded'] | null;
  now: Millis;
  /** One connection's upkeep, to its end. */
  run(): Promise<'unlinked' | 'done'>;
}

async function createWorld(): Promise<World> {
  const account = createOwnAccount();
  const start = Date.now();
  const core: CoreDouble = createCoreDouble({ work: account.work, now: () => world.now });
  const world: World = {
    core,
    running: await createRunning(core.context),
    uploads: [],
    counts: { kind: 'counts', ec: 100, pq: 100 },
    uploaded: { kind: 'done' },
    uploadedNumber: null,
    now: start,
    async run() {
      const service = {
        preKeyCounts: async () => world.counts,
        async uploadPreKeys(local: Local, upload: PreKeyUpload) {
          world.uploads.push({ local, upload, kept: cellsIn(core, `prekey/${local}`) });
          return local === 'PNI' && world.uploadedNumber ? world.uploadedNumber : world.uploaded;
        },
      } as unknown as SignalService;
      const upkeep = startUpkeep(world.running, service);
      const ended = await Promise.race([
        upkeep.unlinked.then(() => 'unlinked' as const),
        upkeep.idle.then(() => 'done' as const),
      ]);
      upkeep.stop();
      return ended;
    },
  };
  return world;
}
const cellsIn = (core: CoreDouble, space: string): number =>
  [...core.cells.keys()].filter((name) => name.startsWith(`${space}\u0000`)).length;

afterEach(() => void vi.useRealTimers());

describe('prekeys', () => {
  test('are left alone while there are enough', async () => {
    const world = await createWorld();
    await world.run();
    expect(world.uploads).toEqual([]);
  });

  test('are made when they run out, kept before they are handed out', async () => {
    const world = await createWorld();
    world.counts = { kind: 'counts', ec: 3, pq: 200 };
    await world.run();
    expect(world.uploads.map(({ local, upload }) => [local, upload.preKeys.length])).toEqual([
      ['ACI', 100],
      ['PNI', 100],
    ]);
    expect(world.uploads.map(({ kept }) => kept)).toEqual([200, 200]);
    expect(world.uploads[0]?.upload.pqPreKeys).toEqual([]);
  });

  test('that serve for long are replaced after a day and a half', async () => {
    const world = await createWorld();
    world.now += DAY_MS;
    await world.run();
    expect(world.uploads).toEqual([]);
    world.now += DAY_MS;
    await world.run();
    expect(world.uploads.map(({ upload }) => upload.signedPreKey !== null)).toEqual([true, true]);
  });

  test('that the server did not take go up the next time, the same ones', async () => {
    const world = await createWorld();
    world.now += 2 * DAY_MS;
    world.uploaded = { kind: 'offline' };
    await world.run();
    world.uploaded = { kind: 'done' };
    await world.run();
    expect(world.uploads.map(({ local }) => local)).toEqual(['ACI', 'PNI', 'ACI', 'PNI']);
    expect(world.uploads[2]?.upload).toBe(world.uploads[0]?.upload);
    await world.run();
    expect(world.uploads).toHaveLength(4);
  });

  test('are not handed out when core could not keep them', async () => {
    const world = await createWorld();
    world.counts = { kind: 'counts', ec: 0, pq: 0 };
    world.core.intercept(({ work }) => (work.length > 50 ? { ok: false, why: 'disk-full' } : null));
    await world.run();
    expect(world.uploads).toEqual([]);
  });

  test('are made anew over what somebody else wrote meanwhile', async () => {
    const world = await createWorld();
    world.counts = { kind: 'counts', ec: 0, pq: 0 };
    let conflicts = 2;
    world.core.intercept(({ work }) =>
      work.length > 50 && conflicts-- > 0 ? { ok: false, why: 'conflict' } : null,
    );
    await world.run();
    expect(world.uploads).toHaveLength(2);
  });

  test('are not made once my number became another one: the next connection makes them', async () => {
    const world = await createWorld();
    world.counts = { kind: 'counts', ec: 0, pq: 0 };
    const { context } = world.running;
    const work = createWork(context.view);
    const self = await readSelf(work);
    writeCell(work, SELF, { ...self, identities: { ...self.identities, pni: freshPni() } });
    await context.commit({ ...emptyCommit, work: work.writes() });
    await world.run();
    expect(world.uploads).toEqual([]);
    await renewSelf(world.running);
    await world.run();
    expect(world.uploads.map(({ local }) => local)).toEqual(['ACI', 'PNI']);
  });

  test.each(['counts', 'uploaded'] as const)(
    'tell by a no to %s that the device is none any more',
    async (what) => {
      const world = await createWorld();
      world.counts = { kind: 'counts', ec: 0, pq: 0 };
      world[what] = { kind: 'unlinked' };
      expect(await world.run()).toBe('unlinked');
    },
  );

  test('of the account that the server does not take are made anew the next time, and nothing ends', async () => {
    const world = await createWorld();
    world.now += 2 * DAY_MS;
    [world.uploaded, world.uploadedNumber] = [{ kind: 'refused' }, { kind: 'done' }];
    expect(await world.run()).toBe('done');
    world.uploaded = { kind: 'done' };
    expect(await world.run()).toBe('done');
    const [first, , second] = world.uploads;
    expect([first?.local, second?.local]).toEqual(['ACI', 'ACI']);
    expect(second?.upload.signedPreKey?.id).not.toBe(first?.upload.signedPreKey?.id);
    expect(world.running.lacksNumber).toBe(false);
  });

  test('of the number that the server does not take end nothing: the person is told, and they rest for a day', async () => {
    const world = await createWorld();
    const { running, core } = world;
    [running.connection, running.isCaughtUp] = [{} as NonNullable<Running['connection']>, true];
    world.now += 2 * DAY_MS;
    world.uploadedNumber = { kind: 'refused' };
    expect(await world.run()).toBe('done');
    expect(world.uploads.map(({ local }) => local)).toEqual(['ACI', 'PNI']);
    const lacking = { kind: 'online', lacks: 'number' };
    expect(core.statuses).toEqual([lacking]);
    expect(cellsIn(core, 'account')).toBe(1);
    // After a restart it is still known.
    world.running = await createRunning(core.context);
    [world.running.connection, world.running.isCaughtUp] = [{} as NonNullable<Running['connection']>, true];
    await world.run();
    expect(world.uploads).toHaveLength(2);
    expect(core.statuses).toEqual([lacking, lacking]);
    world.now += DAY_MS;
    world.uploadedNumber = null;
    await world.run();
    expect(world.uploads.map(({ local }) => local)).toEqual(['ACI', 'PNI', 'PNI']);
    expect(core.statuses.at(-1)).toEqual({ kind: 'online' });
  });

  test('are looked at every twelve hours', async () => {
    const world = await createWorld();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let asked = 0;
    const service = {
      preKeyCounts: async () => {
        asked += 1;
        return { kind: 'offline' };
      },
    } as unknown as SignalService;
    const upkeep = startUpkeep(world.running, service);
    await upkeep.idle;
    expect(asked).toBe(2);
    await vi.advanceTimersByTimeAsync(12 * HOUR_MS);
    await vi.waitUntil(() => asked === 4);
    upkeep.stop();
    await vi.advanceTimersByTimeAsync(24 * HOUR_MS);
    expect(asked).toBe(4);
  });
});

describe('my phone', () => {
  test('is asked once for all that it knows', async () => {
    const world = await createWorld();
    await world.run();
    await world.run();
    const errands = world.core.items().map(({ intent }) => {
      if (intent.what.kind !== 'protocol') throw new Error(intent.what.kind);
      return [intent.conversation, intent.what.op];
    });
    expect(errands).toEqual(Array.from({ length: 4 }, () => [null, 'sync-request']));
    const keys = world.core.items().map(({ intent }) => intent.what.key);
    expect(new Set(keys).size).toBe(4);
  });
});

describe('forecasts', () => {
  test('of quiet conversations are looked at once a day', async () => {
    const world = await createWorld();
    const { engine, context } = world.running;
    const friends: RawParty[] = [];
    const work = createWork(context.view);
    for (let n = 0; n < 3; n += 1) {
      const friend = createRawParty();
      const bundle = await friend.bundle();
      await engine.startSession(
        bundle,
        friend.identity.publicKey.serialize(),
        friend.service,
        work,
        world.now,
      );
      // One of them is known only by name.
      writePeer(work, friend.service, { ...unknownPeer, conversation: n > 0 });
      friends.push(friend);
    }
    world.core.put(work.writes());
    await world.run();
    const told = () => world.core.commits.flatMap(({ forecasts }) => forecasts);
    expect(new Set(told().map(({ conversation }) => conversation))).toEqual(
      new Set(friends.slice(1).map(({ service }) => conversationWith(ACCOUNT, service))),
    );
    expect(told().every(({ facts, hold }) => facts.length === 1 && hold === null)).toBe(true);
    world.now += 23 * HOUR_MS;
    await world.run();
    expect(told()).toHaveLength(2);
    world.now += 2 * HOUR_MS;
    await world.run();
    expect(told()).toHaveLength(4);
  });
});
