import * as v from 'valibot';
import type { Millis } from '../../shared/ids.ts';
import type { Trust } from '../../shared/label/facts.ts';
import type { Change } from '../../shared/lane/change.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { readCell, relayUrl, writeCell } from './cell.ts';
import { npub } from './key-code.ts';
import type { PublicKey } from './keys.ts';
import { peerOf } from './names.ts';
import type { RelayUrl } from './relay-url.ts';

/*
 * peer/<account>   somebody I have to do with
 */

/** Somebody, beside what core keeps. */
export interface PeerRecord {
  /** I have begun to talk with them, or accepted their invitation: they may invite me further. */
  readonly accepted: boolean;
  /** Where a link said that they are found. */
  readonly hints: readonly RelayUrl[];
  /** When their key was compared; null: never. */
  readonly checkedAt: Millis | null;
}

/** Nothing is known. */
export const unknownPeer: PeerRecord = { accepted: false, hints: [], checkedAt: null };

const schema: v.GenericSchema<unknown, PeerRecord> = v.object({
  accepted: v.boolean(),
  hints: v.array(relayUrl),
  checkedAt: v.nullable(v.number()),
});
const keyOf = (key: PublicKey): StateKey => ({ space: 'peer', key });

/** What is known of somebody. */
export async function readPeer(work: Pick<Work, 'get'>, key: PublicKey): Promise<PeerRecord> {
  return (await readCell(work, keyOf(key), schema)) ?? unknownPeer;
}

/** Writes what is known of somebody. */
export async function writePeer(work: Work, key: PublicKey, peer: PeerRecord): Promise<void> {
  const before = await readPeer(work, key);
  if (JSON.stringify(before) !== JSON.stringify(peer)) writeCell(work, keyOf(key), { ...peer });
}

/** What this lane knows of whether it is really them. */
export const trustIn = ({ checkedAt }: PeerRecord): Trust =>
  checkedAt === null ? { kind: 'unchecked' } : { kind: 'checked', at: checkedAt, by: 'code' };

/** Somebody as core is told of them. What is compared is the key, as people hand it on. */
export function peerChange(key: PublicKey): Extract<Change, { readonly kind: 'peer' }> {
  const address = npub(key);
  return { kind: 'peer', peer: peerOf(key), identity: address, address, name: null };
}
