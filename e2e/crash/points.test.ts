import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashPoints } from '../../shared/lane/lane.ts';
import { emailCourse, hitSomething } from './points.ts';
import { createRandom } from './random.ts';
import { openRig, type Rig } from './round.ts';
import { sideOf } from './side.ts';
import { balanced, createTraffic, type Traffic } from './traffic.ts';
import { createWorld, meetPeer, type Acquaintance, type World } from './world.ts';

// The whole program as processes: set-up takes some seconds, and so does each restart.
const PATIENCE_MS = 120_000;

let world: World & { readonly met: Acquaintance };
let traffic: Traffic;
let rig: Rig;

beforeAll(async () => {
  world = await createWorld(meetPeer);
  traffic = createTraffic(world.met.conversation, sideOf(world.met.peer));
  rig = await openRig(world, traffic);
}, PATIENCE_MS);
afterAll(async () => {
  await rig?.shell.kill();
  await world?.close();
}, PATIENCE_MS);

describe('core, killed while both sides talk', () => {
  it.each(crashPoints)(
    'at %s: everything arrives once and in order',
    async (point) => {
      const { fault, interrupted } = await hitSomething(
        rig,
        emailCourse,
        point,
        createRandom(crashPoints.indexOf(point)),
        true,
      );
      expect(fault).toBeNull();
      // A kill that interrupted nothing would prove nothing.
      expect(interrupted).not.toEqual({ send: 'nothing', ingest: 'nothing' });
    },
    PATIENCE_MS,
  );

  it('nobody was sent other bytes under a Message-ID that went out before', async () => {
    expect(world.met.peer.faults).toEqual([]);
    expect(balanced(await traffic.audit(rig.shell.page))).toBe(true);
  });
});
