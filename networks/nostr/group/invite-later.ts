import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { PublicKey } from '../keys.ts';
import { peerOf } from '../names.ts';
import type { Turn } from '../turn.ts';
import { errandIntent } from './errand.ts';
import type { GroupRecord } from './record.ts';

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

/** Tells core of people who were to be in a group and will not be. */
export function sayNotAdded(
  { ledger }: Turn,
  { conversation }: GroupRecord,
  keys: readonly PublicKey[],
): void {
  for (const key of keys)
    ledger.changes.push({ kind: 'member', conversation, peer: peerOf(key), act: 'removed', by: null });
}
