import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { Waiting } from '../../../crypto/mls/engine.ts';
import type { Turn } from '../turn.ts';

/** What others have said of leaving a group, and waits for a commit. */
export async function departing({ running, work }: Turn, group: GroupKey): Promise<readonly Waiting[]> {
  const { me } = await running.engine.standing(group, work);
  const waiting = await running.engine.waiting(group, work);
  return waiting.filter(({ what, by }) => what === 'self-remove' && by.leaf !== me);
}
