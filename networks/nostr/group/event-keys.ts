import type { EpochId, EpochRef, GroupKey } from '../../../crypto/mls/cells.ts';
import { GROUP_EVENT_EXPORTER, type GroupEventKey } from '../marmot/group-event.ts';
import type { Turn } from '../turn.ts';

/** More than any group keeps, of a few hundred groups. */
const MAX_KEYS = 2_000;
const { label, context, bytes } = GROUP_EVENT_EXPORTER;

/** The key under which events of an epoch travel. */
export async function eventKey(
  { running, work }: Pick<Turn, 'running' | 'work'>,
  group: GroupKey,
  epoch: EpochId,
): Promise<GroupEventKey> {
  const { eventKeys, engine } = running;
  const known = eventKeys.get(epoch);
  if (known !== undefined) return known;
  const key = await engine.exportSecret(group, label, Buffer.from(context), bytes, work, epoch);
  eventKeys.set(epoch, key);
  const [oldest] = eventKeys.keys();
  if (eventKeys.size > MAX_KEYS && oldest !== undefined) dropKey(eventKeys, oldest);
  return key;
}

function dropKey(keys: Map<EpochId, Uint8Array>, epoch: EpochId): void {
  keys.get(epoch)?.fill(0);
  keys.delete(epoch);
}

/** The keys of all epochs that are kept, the newest first. */
export async function eventKeysOf(
  turn: Pick<Turn, 'running' | 'work'>,
  group: GroupKey,
  epochs: readonly EpochRef[],
): Promise<readonly { readonly epoch: EpochRef; readonly key: GroupEventKey }[]> {
  const newest = epochs.toSorted((a, b) => Number(b.number - a.number));
  return Promise.all(newest.map(async (epoch) => ({ epoch, key: await eventKey(turn, group, epoch.id) })));
}
