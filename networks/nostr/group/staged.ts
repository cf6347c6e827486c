import * as v from 'valibot';
import type { EpochId, GroupKey } from '../../../crypto/mls/cells.ts';
import type { OutboxId } from '../../../shared/ids.ts';
import type { StateKey, Work } from '../../../shared/lane/state.ts';
import { decodeCell, hexId, readCell, relayUrl, removeCell, writeCell } from '../cell.ts';
import type { EventId } from '../event.ts';
import type { PublicKey } from '../keys.ts';
import type { RelayUrl } from '../relay-url.ts';

/*
 * staged/<group>/<digest>   a commit of mine: for which item, and whom it invites
 * losses/<item>             how often its change was made in vain, since another came first
 */

/** Somebody whom a commit adds, and where the invitation goes. */
export interface Invitee {
  readonly key: PublicKey;
  readonly keyPackageEvent: EventId;
  readonly inbox: readonly RelayUrl[];
}

/** A commit of mine, from the moment it is made until its epoch is long past. */
export interface Staged {
  readonly item: OutboxId;
  /** Nobody has asked for it: new keys of mine, or somebody who leaves. */
  readonly quiet: boolean;
  /** The epoch it belongs to. */
  readonly parent: EpochId;
  readonly privileged: boolean;
  /** I lay my office down to leave. */
  readonly leaves: boolean;
  /** Who goes with it of their own will. */
  readonly left: readonly PublicKey[];
  /** `open`: nobody has taken it yet. `won`: it is on the branch that all take. `lost`: another is, or it was given back. */
  readonly state: 'open' | 'won' | 'lost';
  /** An MLSMessage, and whom it is for: sent once the commit is on the branch, and then forgotten here. */
  readonly welcome: { readonly message: Uint8Array; readonly to: readonly Invitee[] } | null;
}

const schema: v.GenericSchema<unknown, Staged> = v.object({
  item: v.pipe(
    v.string(),
    v.transform((id) => id as OutboxId),
  ),
  quiet: v.boolean(),
  parent: v.pipe(
    v.string(),
    v.transform((id) => id as EpochId),
  ),
  privileged: v.boolean(),
  leaves: v.boolean(),
  left: v.array(hexId<PublicKey>()),
  state: v.picklist(['open', 'won', 'lost']),
  welcome: v.nullable(
    v.object({
      message: v.instance(Uint8Array),
      to: v.array(
        v.object({
          key: hexId<PublicKey>(),
          keyPackageEvent: hexId<EventId>(),
          inbox: v.array(relayUrl),
        }),
      ),
    }),
  ),
});

const counted = v.object({ times: v.number() });

const keyOf = (group: GroupKey, digest: string): StateKey => ({ space: 'staged', key: `${group}/${digest}` });
const lossesOf = (item: OutboxId): StateKey => ({ space: 'losses', key: item });

/** Writes a commit of mine; null forgets it. */
export async function writeStaged(
  work: Work,
  group: GroupKey,
  digest: string,
  staged: Staged | null,
): Promise<void> {
  const before = await work.get(keyOf(group, digest));
  if (staged !== null || before !== null)
    writeCell(work, keyOf(group, digest), staged === null ? null : { ...staged });
}

/** A commit of mine by its digest. */
export const readStaged = (
  work: Pick<Work, 'get'>,
  group: GroupKey,
  digest: string,
): Promise<Staged | null> => readCell(work, keyOf(group, digest), schema);

/** How often the change of an item came too late; counts once more. */
export async function countLoss(work: Work, item: OutboxId): Promise<number> {
  const times = ((await readCell(work, lossesOf(item), counted))?.times ?? 0) + 1;
  writeCell(work, lossesOf(item), { times });
  return times;
}

/** It has come through, or is given up. */
export const forgetLosses = (work: Work, item: OutboxId): Promise<void> => removeCell(work, lossesOf(item));

/** All commits of mine that are remembered. */
export async function allStaged(
  work: Pick<Work, 'scan'>,
  group: GroupKey,
): Promise<readonly (readonly [string, Staged])[]> {
  const cells = await work.scan('staged', `${group}/`);
  return cells.map(([key, bytes]) => [key.key.slice(group.length + 1), decodeCell(bytes, key, schema)]);
}
