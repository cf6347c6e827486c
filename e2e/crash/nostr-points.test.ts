import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nostrCourse } from './nostr-points.ts';
import { createNostrWorld, type NostrWorld } from './nostr-world.ts';
import { hitSomething, pointsOf, type Course } from './points.ts';
import { createRandom } from './random.ts';
import { openRig, type Rig } from './round.ts';
import { balanced, createTraffic, HELLO, type Traffic } from './traffic.ts';

// The whole program as processes, with a relay in another: set-up takes some seconds, and so does each restart.
const PATIENCE_MS = 120_000;

let world: NostrWorld;
let traffic: Traffic;
let course: Course;
let rig: Rig;

beforeAll(async () => {
  world = await createNostrWorld();
  traffic = createTraffic(world.conversation, world.peer, HELLO);
  course = nostrCourse(world.other);
  rig = await openRig(world, traffic, pointsOf(course));
}, PATIENCE_MS);
afterAll(async () => {
  await rig?.shell.kill();
  await world?.close();
}, PATIENCE_MS);

describe('core and the Nostr lane, killed while both sides talk', () => {
  it(
    'at every point of the lane: everything arrives once and in order, and the ratchets hold',
    async () => {
      // Core's own points are the same code for every network: e-mail's test kills there, and `npm run crash` at all of them.
      const points = pointsOf(course).filter((point) => point.startsWith('lane.'));
      expect(points.length).toBeGreaterThan(3);
      for (const [seed, point] of points.entries()) {
        const { fault, interrupted } = await hitSomething(
          rig,
          course,
          point,
          createRandom(seed),
          seed % 2 === 1,
        );
        expect(fault, point).toBeNull();
        // A kill that interrupted nothing would prove nothing.
        expect(interrupted, point).not.toEqual({ send: 'nothing', ingest: 'nothing' });
      }
      expect(balanced(await traffic.audit(rig.shell.page))).toBe(true);
    },
    4 * PATIENCE_MS,
  );
});
