import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import { envelopeOf } from './names.ts';
import { afterCommit, finish } from './outcome.ts';
import type { Running } from './running.ts';
import { blockRequestsOf, unblockRequestsOf } from './take-wrap.ts';
import { transact } from './turn.ts';

/** What core enqueues when the person blocks a conversation, and when they take that back. */
export const [BLOCKED, UNBLOCKED] = ['blocked', 'unblocked'] as const;

/**
 * Lets go of the invitations that a blocked conversation stands for: they take the place of nobody else's any more. With the end of the block
 * another one may come. Nobody is told.
 */
export async function performBlock(
  running: Running,
  item: OutboxItem,
  op: typeof BLOCKED | typeof UNBLOCKED,
): Promise<Performed> {
  const { conversation } = item.intent;
  if (conversation === null) return finish(running, item, { to: 'cancelled' });
  const { result } = await transact(running, async ({ work, ledger }) => {
    if (op === UNBLOCKED) await unblockRequestsOf(work, conversation);
    else
      // Core lets go of the bytes it kept of them.
      for (const id of await blockRequestsOf(work, conversation))
        ledger.inbound.push({ kind: 'consumed', envelope: envelopeOf(id) });
    ledger.outbound.push({ item: item.id, to: 'sent' });
  });
  return afterCommit(running, item, result);
}
