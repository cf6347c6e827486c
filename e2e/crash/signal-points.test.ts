import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acknowledged, hitSomething, pointsOf, type Course } from './points.ts';
import { createRandom } from './random.ts';
import { openRig, type Rig } from './round.ts';
import { signalCourse } from './signal-points.ts';
import { createSignalWorld, type SignalWorld } from './signal-world.ts';
import { balanced, createTraffic, type Traffic } from './traffic.ts';

// The whole program as processes, with Signal's own mock server: set-up takes some seconds, and so does each restart.
const PATIENCE_MS = 120_000;

let world: SignalWorld;
let traffic: Traffic;
let course: Course;
let rig: Rig;

beforeAll(async () => {
  world = await createSignalWorld();
  traffic = createTraffic(world.conversation, world.peer);
  course = signalCourse(world.peer);
  rig = await openRig(world, traffic, pointsOf(course));
}, PATIENCE_MS);
afterAll(async () => {
  await rig?.shell.kill();
  await world?.close();
}, PATIENCE_MS);

describe('core and the Signal lane, killed while both sides talk', () => {
  // Core's own points are the same code for every network: e-mail's test kills there, and `npm run crash` at all of them.
  const points = pointsOf({ passes: acknowledged }).filter((point) => point.startsWith('lane.'));
  it.each(points)(
    'at %s: everything arrives once and in order, and the ratchets hold',
    async (point) => {
      const random = createRandom(points.indexOf(point));
      const { fault, interrupted } = await hitSomething(rig, course, point, random, true);
      expect(fault).toBeNull();
      // A kill that interrupted nothing would prove nothing.
      expect(interrupted).not.toEqual({ send: 'nothing', ingest: 'nothing' });
    },
    PATIENCE_MS,
  );

  it('nobody was sent another text under a time that was used', async () => {
    expect(world.peer.faults).toEqual([]);
    expect(balanced(await traffic.audit(rig.shell.page))).toBe(true);
  });
});
