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
export function setAsideBy({ name, setAside }: Somebody): string | null {
  const why = setAside();
  return why.length === 0 ? null : `${name} set aside: ${why.join(', ')}`;
}
