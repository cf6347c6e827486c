import type { Somebody } from '../../worker/sample/nostr-world.ts';
import { everywhere, oneMore, type Course } from './points.ts';

/** What is said on Nostr while a point is waited for. Nothing is acknowledged to a relay: what came is known by its id. */
export const nostrCourse = (other: Somebody): Course => ({
  files: false,
  passes: everywhere,
  careful: {},
  after: async (rig) => (await oneMore(rig)) ?? setAsideBy(other),
});

/** What somebody could not take in, in words. */
export function setAsideBy({ name, rig }: Somebody): string | null {
  const notes = rig.db.all<{ readonly why: string }>("SELECT why FROM inbound WHERE outcome = 'quarantined'");
  return notes.length === 0 ? null : `${name} set aside: ${notes.map(({ why }) => why).join(', ')}`;
}
