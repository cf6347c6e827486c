import type { ConversationId, NetworkKey } from '../../shared/ids.ts';
import { idSchema } from '../../shared/contract/content.ts';
import { kindOf } from '../../shared/errors.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { newNetworkKey } from '../../shared/lane/network-key.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { list, shape } from '../../shared/shape.ts';
import { readCell, writeCell } from './cell.ts';
import { commitOf, createLedger, type Ledger } from './ledger.ts';
import { commit, CONFLICT_TRIES } from './performing.ts';
import type { Receiving, Reception } from './receiving.ts';

/*
 * arrived/<conversation>   messages that came while catching up; their authors are told once all of them are here
 */

const SPACE = 'arrived';
/** Messages one receipt names at most while more of them may come: the record is written anew with every batch. */
const MOST_GATHERED = 500;
const schema = shape<readonly NetworkKey[]>(list(idSchema<NetworkKey>()));
const keyOf = (conversation: ConversationId): StateKey => ({ space: SPACE, key: conversation });

/** One that does not read is begun anew: a receipt less is not worth stopping a conversation for. */
async function readArrived(work: Pick<Work, 'get'>, key: StateKey): Promise<readonly NetworkKey[]> {
  try {
    return (await readCell(work, key, schema)) ?? [];
  } catch (error) {
    if (kindOf(error) !== 'corrupt') throw error;
    return [];
  }
}

/**
 * The authors of what arrived are told: one receipt per conversation, and while catching up one for many batches, for a receipt
 * costs as much as a message. Core lets it go where the other side is a stranger.
 */
export async function noteArrivals({ work, ledger, reception }: Receiving): Promise<void> {
  for (const [conversation, came] of ledger.arrived) {
    const key = keyOf(conversation);
    const waiting = await readArrived(work, key);
    const of = [...waiting, ...came];
    const isGathering = reception.isCatchingUp() && of.length < MOST_GATHERED;
    if (isGathering || waiting.length > 0) writeCell(work, key, isGathering ? of : null);
    if (!isGathering) tell(ledger, conversation, of, reception.stamp);
  }
}

/** What was gathered while catching up goes out. What core cannot commit waits for the next time. */
export async function tellArrivals(context: LaneContext, { stamp }: Pick<Reception, 'stamp'>): Promise<void> {
  for (let attempt = 0; attempt < CONFLICT_TRIES; attempt += 1) {
    const work = createWork(context.view);
    const ledger = createLedger();
    for (const [key] of await work.scan(SPACE, '')) {
      const of = await readArrived(work, key);
      writeCell(work, key, null);
      if (of.length > 0) tell(ledger, key.key as ConversationId, of, stamp);
    }
    if (work.writes().length === 0) return;
    const result = await commit(context, commitOf(work, ledger, []));
    if (result.ok || result.why !== 'conflict') return;
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
