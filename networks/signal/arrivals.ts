import type { ConversationId, NetworkKey } from '../../shared/ids.ts';
import { idSchema } from '../../shared/contract/content.ts';
import { kindOf } from '../../shared/errors.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { newNetworkKey } from '../../shared/lane/network-key.ts';
import type { StateKey } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { list, shape } from '../../shared/shape.ts';
import { decodeCell, writeCell } from './cell.ts';
import { commitOf, createLedger, type Ledger } from './ledger.ts';
import { commit, CONFLICT_TRIES } from './performing.ts';
import type { Receiving, Reception } from './receiving.ts';

/*
 * arrived/<conversation>|<message key>   messages that came while catching up; their authors are told once all of them are here
 */

const SPACE = 'arrived';
/** Messages one receipt names at most. */
const MOST_TOLD = 500;
/** Records told of in one commit at most. */
const AT_ONCE = 1_000;
const schema = shape<readonly NetworkKey[]>(list(idSchema<NetworkKey>()));

/**
 * The authors of what arrived are told: one receipt per conversation, and while catching up one for many batches, for a receipt
 * costs as much as a message. Core lets it go where the other side is a stranger.
 */
export function noteArrivals({ work, ledger, reception }: Receiving): void {
  for (const [conversation, came] of ledger.arrived) {
    const [first] = came;
    // A record for each batch: one for all would be written anew with every batch.
    if (reception.isCatchingUp() && first !== undefined)
      writeCell(work, { space: SPACE, key: `${conversation}|${first}` }, came);
    else tell(ledger, conversation, came, reception.stamp);
  }
}

/** What was gathered while catching up goes out. What core cannot commit waits for the next time. */
export async function tellArrivals(context: LaneContext, { stamp }: Pick<Reception, 'stamp'>): Promise<void> {
  for (let conflicts = 0; conflicts < CONFLICT_TRIES;) {
    const work = createWork(context.view);
    const ledger = createLedger();
    const cells = (await work.scan(SPACE, '')).slice(0, AT_ONCE);
    if (cells.length === 0) return;
    const came = new Map<ConversationId, NetworkKey[]>();
    for (const [key, bytes] of cells) {
      const conversation = key.key.slice(0, key.key.lastIndexOf('|')) as ConversationId;
      came.set(conversation, [...(came.get(conversation) ?? []), ...keysIn(bytes, key)]);
      writeCell(work, key, null);
    }
    for (const [conversation, of] of came)
      for (let at = 0; at < of.length; at += MOST_TOLD)
        tell(ledger, conversation, of.slice(at, at + MOST_TOLD), stamp);
    const result = await commit(context, commitOf(work, ledger, []));
    if (!result.ok && result.why !== 'conflict') return;
    if (!result.ok) conflicts += 1;
  }
}

/** One that does not read tells nobody: a receipt less is not worth stopping everything for. */
function keysIn(bytes: Uint8Array, key: StateKey): readonly NetworkKey[] {
  try {
    return decodeCell(bytes, key, schema);
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error;
    return [];
  }
}

function tell(
  ledger: Ledger,
  conversation: ConversationId,
  of: readonly NetworkKey[],
  stamp: Reception['stamp'],
): void {
  const sentAt = stamp();
  const key = newNetworkKey('signal', sentAt);
  ledger.enqueue.push({
    conversation,
    sentAt,
    what: { kind: 'receipt', key, of, as: 'delivered', tell: true },
  });
}
