import type { NostrWorld } from './nostr-world.ts';
import { EACH, type Course } from './points.ts';
import { createRandom } from './random.ts';
import { balanced, inWords, type Plan } from './traffic.ts';

/**
 * How often each point is certainly passed while a message of mine is under way: it is sealed and settled in a commit each. Nothing is
 * acknowledged to a relay: what came is known by its id.
 */
const passes: Course['passes'] = {
  'lane.before-commit': 2 * EACH + 1,
  'lane.after-commit': 2 * EACH + 1,
  'lane.before-wire-write': EACH,
  'lane.after-wire-write': EACH,
  'core.before-commit': EACH + 1,
  'core.after-commit': EACH + 1,
  'core.before-intent': EACH,
  'core.after-intent': EACH,
};

const ONE_MORE: Plan = { mine: 1, theirs: 1, files: false, spreadMs: 0, random: createRandom(0) };

/**
 * What is said on Nostr while a point is waited for. After the restart one more goes each way: a ratchet of MLS that had moved without its
 * message, or the other way about, would not open it.
 */
export const nostrCourse = ({ other }: Pick<NostrWorld, 'other'>): Course => ({
  files: false,
  passes,
  careful: {},
  async after({ traffic, shell: { page } }) {
    await traffic.talk(page, ONE_MORE);
    const books = await traffic.settle(page);
    if (!balanced(books)) return `one more each way: ${inWords(books)}`;
    const notes = other.rig.db.all<{ readonly why: string }>(
      "SELECT why FROM inbound WHERE outcome = 'quarantined'",
    );
    return notes.length === 0 ? null : `the other side set aside: ${notes.map(({ why }) => why).join(', ')}`;
  },
});
