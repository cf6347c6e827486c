import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { PublicKey } from '../keys.ts';
import { peerOf } from '../names.ts';
import type { Turn } from '../turn.ts';
import { errandIntent } from './errand.ts';
import { readRecord } from './record.ts';
import type { Staged } from './staged.ts';
import { faceNow } from './view.ts';

/**
 * Has people added in commits of their own, so many in each: a welcome holds the whole group and something for each whom it is for, and relays
 * take only so much of it.
 */
export function inviteLater(
  { ledger, now }: Turn,
  group: GroupKey,
  keys: readonly PublicKey[],
  size: number,
): void {
  for (let from = 0; from < keys.length; from += size)
    ledger.enqueue.push(errandIntent({ op: 'invite', group, keys: keys.slice(from, from + size) }, now));
}

/** Tells core of people who were to be in a group and will not be; nothing of whom others have added meanwhile. */
export async function sayNotAdded(turn: Turn, group: GroupKey, keys: readonly PublicKey[]): Promise<void> {
  const record = await readRecord(turn.work, group);
  if (record === null || keys.length === 0) return;
  const { conversation } = record;
  const { members } = await faceNow(turn, group);
  for (const key of keys.filter((one) => !members.includes(one)))
    turn.ledger.changes.push({
      kind: 'member',
      conversation,
      peer: peerOf(key),
      act: 'removed',
      by: null,
    });
}

/**
 * Tells core of those whom a commit of mine was to add, and nobody waits for, once it is given up. What a person has asked for says so by its
 * own failure.
 */
export async function sayGivenUp(
  turn: Turn,
  group: GroupKey,
  { quiet, welcome }: Pick<Staged, 'quiet' | 'welcome'>,
): Promise<void> {
  if (quiet && welcome !== null)
    await sayNotAdded(
      turn,
      group,
      welcome.to.map(({ key }) => key),
    );
}
