import type { ConversationId } from '../../shared/ids.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import { joinGroup } from './group/join.ts';
import { afterCommit, finish } from './outcome.ts';
import { takeWaiting } from './receive.ts';
import { readRequest, settleRequest } from './requests.ts';
import type { Running } from './running.ts';
import { forgetRequestsOf, requestsOf } from './take-wrap.ts';
import { transact, type Turn } from './turn.ts';

/** What core enqueues when the person accepts a request. */
export const ACCEPTED = 'accepted';

/** Follows the invitations that a conversation stands for, the newest first: until now nothing was joined, fetched or answered. */
export async function performAccepted(running: Running, item: OutboxItem): Promise<Performed> {
  const { conversation } = item.intent;
  if (conversation === null) return finish(running, item, { to: 'cancelled' });
  const { result } = await transact(running, async (turn) => {
    await followRequests(turn, conversation);
    turn.ledger.outbound.push({ item: item.id, to: 'sent' });
  });
  return afterCommit(running, item, result);
}

/** Joins by the newest invitation that holds, takes in what waited for it, and lets go of the others; false where none holds. */
export async function followRequests(turn: Turn, conversation: ConversationId): Promise<boolean> {
  const { work, running } = turn;
  let joined = false;
  for (const id of (await requestsOf(work, conversation)).toReversed()) {
    const request = await readRequest(work, id);
    if (request !== null && !joined) {
      const { from, welcome, madeAt } = request;
      joined = await joinGroup(turn, { from, message: welcome.message, madeAt });
      running.context.log('accepted', { joined });
    }
    await settleRequest(work, id);
  }
  await forgetRequestsOf(work, conversation);
  await takeWaiting(turn);
  return joined;
}
