import { emptyCommit } from '../../shared/lane/commit.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { StateWrite } from '../../shared/lane/state.ts';
import { SELF } from './account-record.ts';
import { commit, CONFLICT_TRIES } from './performing.ts';

const local = (space: string): readonly string[] => [`${space}/ACI`, `${space}/PNI`];

/**
 * Everything that holds a secret of the account, or words: ratchets, prekeys, what was sent, profile keys, the keys of files.
 * The account's own record comes first: without it nothing of the rest can be used.
 */
export const SECRET_SPACES: readonly string[] = [
  SELF.space,
  ...['session', 'prekey', 'signed-prekey', 'pq-prekey', 'pq-used', 'identity'].flatMap(local),
  'prekeys',
  'sent',
  'sent-at',
  'sent-times',
  'profile',
  'long-text',
  'phone',
];
/**
 * What an account that is linked again goes on with: what core was told of people, with the key each had; which message an edit and a
 * reaction of mine belong to; what was asked for again and may never come.
 */
export const TOLD_SPACES: readonly string[] = ['peer', 'revision', 'reaction', 'lost'];
const AT_ONCE = 1_000;

/**
 * Forgets every key of an account whose device the server has taken away: they open nothing any more, and a thief must not find
 * them. What was written stays; the account stays in the list and says that it is unlinked. What something else has written
 * meanwhile is looked at again; what could not be removed is tried again at the next start.
 */
export async function wipe(context: LaneContext): Promise<void> {
  for (let attempt = 0; attempt < CONFLICT_TRIES; attempt += 1) {
    const writes = await secretsOf(context);
    if (writes.length === 0) return;
    for (let at = 0; at < writes.length; at += AT_ONCE) {
      const result = await commit(context, { ...emptyCommit, work: writes.slice(at, at + AT_ONCE) });
      if (!result.ok) context.log('wipe-failed', { why: result.why, attempt });
    }
  }
  const { length: left } = await secretsOf(context);
  if (left > 0) context.log('wipe-incomplete', { left });
}

async function secretsOf({ view }: LaneContext): Promise<readonly StateWrite[]> {
  const writes: StateWrite[] = [];
  for (const space of SECRET_SPACES)
    for (const [key, { version }] of await view.scan(space, ''))
      writes.push({ key, value: null, expect: version });
  return writes;
}
