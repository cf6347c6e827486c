import type { ConversationId, NetworkKey } from '../../shared/ids.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import { joinGroup } from './group/join.ts';
import { groupOf, readRecord, stays } from './group/record.ts';
import { keyOfConversation } from './names.ts';
import { openDirect } from './open-direct.ts';
import { afterCommit, finish, later } from './outcome.ts';
import { takeWaiting } from './receive.ts';
import { readRequest, settleRequest } from './requests.ts';
import type { Running } from './running.ts';
import { forgetRequestsOf, requestsOf } from './take-wrap.ts';
import { transact, type Turn } from './turn.ts';

/** What core enqueues when the person accepts a request. */
export const ACCEPTED = 'accepted';

/**
 * Follows the invitations that a conversation stands for, the newest first: until now nothing was joined, fetched or answered. Where none holds any
 * more two get a group from me, and of a group it is said that I am not in it.
 */
export async function performAccepted(running: Running, item: OutboxItem): Promise<Performed> {
  const { conversation } = item.intent;
  if (conversation === null) return finish(running, item, { to: 'cancelled' });
  const other = keyOfConversation(running.context.account, conversation);
  const end = async (turn: Turn): Promise<void> => {
    await settle(turn, conversation);
    turn.ledger.outbound.push({ item: item.id, to: 'sent' });
  };
  const { result, value: waits } = await transact(running, async (turn) => {
    const stands = (await joinNewest(turn, conversation)) || (await isIn(turn, conversation));
    if (!stands && other === null) sayOver(turn, conversation);
    // They stay until there is a group: relays may not answer now.
    const after = stands || other === null ? null : await newestOf(turn, conversation);
    if (other !== null && after !== null) return { other, after };
    await end(turn);
    return null;
  });
  if (!result.ok || waits === null) return afterCommit(running, item, result);
  if ((await openDirect(running, waits.other, [], waits.after)) === 'unreachable')
    return later(running, item);
  const ended = await transact(running, end);
  return afterCommit(running, item, ended.result);
}

/** When the newest group that I am invited to in a conversation was founded, in epoch seconds; null for no invitation. */
async function newestOf({ work }: Turn, conversation: ConversationId): Promise<number | null> {
  const ids = await requestsOf(work, conversation);
  const times = await Promise.all(ids.map(async (id) => (await readRequest(work, id))?.madeAt ?? 0));
  return times.length === 0 ? null : Math.max(...times);
}

/** Whether a group is written to in a conversation, and I am in it. */
async function isIn({ work }: Turn, conversation: ConversationId): Promise<boolean> {
  const group = await groupOf(work, conversation);
  return group !== null && stays(await readRecord(work, group));
}

/** Core takes a conversation that was accepted for one that I am in. */
function sayOver({ ledger, now }: Turn, conversation: ConversationId): void {
  const key = `note|invitation-over|${conversation}|${now}` as NetworkKey;
  ledger.changes.push(
    { kind: 'conversation', id: conversation, patch: { state: 'left' } },
    { kind: 'member', conversation, peer: 'me', act: 'removed', by: null },
    { kind: 'note', conversation, key, code: 'invitation-over', at: now },
  );
}

/** Joins by the newest invitation that holds, takes in what waited for it, and lets go of the others; false where none holds. */
export async function followRequests(turn: Turn, conversation: ConversationId): Promise<boolean> {
  const joined = await joinNewest(turn, conversation);
  await settle(turn, conversation);
  return joined;
}

async function joinNewest(turn: Turn, conversation: ConversationId): Promise<boolean> {
  const { work, running } = turn;
  for (const id of (await requestsOf(work, conversation)).toReversed()) {
    const request = await readRequest(work, id);
    if (request === null) continue;
    const { from, welcome, madeAt } = request;
    const joined = await joinGroup(turn, { from, message: welcome.message, madeAt });
    running.context.log('accepted', { joined });
    if (joined) return true;
  }
  return false;
}

/** Nothing waits for the person any more; what waited for a group is taken in. */
async function settle(turn: Turn, conversation: ConversationId): Promise<void> {
  const { work } = turn;
  for (const id of await requestsOf(work, conversation)) await settleRequest(work, id);
  await forgetRequestsOf(work, conversation);
  await takeWaiting(turn);
}
