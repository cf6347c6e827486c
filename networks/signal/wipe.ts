import { ABSENT, type StateWrite } from '../../shared/lane/state.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { SELF } from './account-record.ts';
import { commit } from './performing.ts';
import type { Running } from './running.ts';

/** Everything that holds a secret of the account: ratchets, prekeys, what was sent, profile keys. */
const SPACES = [
  ...['session', 'identity', 'prekey', 'signed-prekey', 'pq-prekey', 'pq-used'].flatMap((space) => [
    `${space}/ACI`,
    `${space}/PNI`,
  ]),
  'prekeys',
  'sent',
  'profile',
  'long-text',
];
const AT_ONCE = 1_000;

/**
 * Forgets every key of an account whose device the server has taken away: they open nothing any more, and a thief must not find
 * them. What was written stays; the account stays in the list and says that it is unlinked.
 */
export async function wipe({ context }: Pick<Running, 'context'>): Promise<void> {
  const writes: StateWrite[] = [];
  const self = await context.view.get(SELF);
  // First of all: without it nothing of the rest can be used.
  if (self) writes.push({ key: SELF, value: null, expect: self.version });
  for (const space of SPACES)
    for (const [key, { version }] of await context.view.scan(space, ''))
      writes.push({ key, value: null, expect: version ?? ABSENT });
  for (let at = 0; at < writes.length; at += AT_ONCE) {
    const result = await commit(context, { ...emptyCommit, work: writes.slice(at, at + AT_ONCE) });
    if (!result.ok) context.log('wipe-failed', { why: result.why });
  }
}
