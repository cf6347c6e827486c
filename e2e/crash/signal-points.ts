import { EACH, type Course } from './points.ts';
import type { SignalPeer } from './signal-peer.ts';
import { createRandom } from './random.ts';
import { balanced, inWords, type Plan } from './traffic.ts';

/** How often each point is certainly passed while a message of mine is under way; what my phone is told of it comes on top. */
export const signalPasses: Course['passes'] = {
  'lane.before-commit': 2 * EACH + 1,
  'lane.after-commit': 2 * EACH + 1,
  'lane.before-wire-write': EACH,
  'lane.after-wire-write': EACH,
  'lane.before-acknowledge': 1,
  'lane.after-acknowledge': 1,
  'core.before-commit': EACH + 1,
  'core.after-commit': EACH + 1,
  'core.before-intent': EACH,
  'core.after-intent': EACH,
};

const ONE_MORE: Plan = { mine: 1, theirs: 1, files: false, spreadMs: 0, random: createRandom(0) };

/**
 * What is said on Signal while a point is waited for. After the restart one more goes each way: a ratchet that had moved without its
 * message, or the other way about, would not open it.
 */
export const signalCourse = (peer: SignalPeer): Course => ({
  files: false,
  passes: signalPasses,
  careful: { 'lane.before-acknowledge': EACH, 'lane.after-acknowledge': EACH },
  async after({ traffic, shell: { page } }) {
    await traffic.talk(page, ONE_MORE);
    const books = await traffic.settle(page);
    if (!balanced(books)) return `one more each way: ${inWords(books)}`;
    const requests = await peer.retryRequests();
    return requests === 0 ? null : `asked ${requests} times to seal a message again`;
  },
});
