import { PlainsealError } from '../../../shared/errors.ts';
import type { CallArgs, CallResults } from '../../../shared/contract/calls.ts';
import type { Scope } from '../commit/scope.ts';
import type { Account } from '../../../storage/accounts.ts';
import { deleteMessage, findMessage, setSendState, type Message } from '../../../storage/messages.ts';
import { artifactsOf, isUnwritten } from '../../../storage/artifacts.ts';
import { findOutgoing, retryItem, type Outgoing } from '../../../storage/outbox.ts';
import { setReaction } from '../../../storage/reactions.ts';
import { capabilities, goesOnceSealed, hasOneReaction } from '../capabilities.ts';
import { cancelItem } from '../commit/group.ts';
import { haveLaneForget } from '../commit/forget-sent.ts';
import { addSideIntent } from '../commit/own-intent.ts';
import { releaseIfNothingHeld } from '../commit/relabel.ts';
import { touchMessage } from '../touched.ts';
import { mustMeetFloor } from './floor.ts';
import { mustBeOpen, mustBeSeen } from './send.ts';
import { conversationOf, messageOf, mustFind, personScope, type CallScope, type Serve } from './scope.ts';

type Names =
  | 'message.page'
  | 'message.rows'
  | 'message.details'
  | 'message.cancel'
  | 'message.retry'
  | 'message.react'
  | 'message.delete';

/** Messages of a conversation and what is done with them. */
export function messageCalls(of: CallScope): Serve<Names> {
  const itemOf = (message: Message): Outgoing | null =>
    message.outbox ? findOutgoing(of.db, message.outbox) : null;

  /** Whether nothing of it has left, so that it can be taken back. While a sealed item is performed nobody knows. */
  const isStillHere = ({ network }: Account, { id, state }: Outgoing): boolean =>
    state === 'queued' ||
    state === 'held' ||
    (state === 'sealed' && !goesOnceSealed(network) && !of.outbox.isBusy(id) && isUnwritten(of.db, id));

  /** Whether it was let go before anything of it had left: nobody else has what is deleted. */
  const wasTakenBack = ({ network }: Account, item: Outgoing | null): boolean =>
    item?.state === 'cancelled' &&
    (artifactsOf(of.db, item.id).length === 0 || (!goesOnceSealed(network) && isUnwritten(of.db, item.id)));

  return {
    'message.page': async (args) => {
      const { seq } = of.news;
      return { ...(await of.read('message.page', args)), seq };
    },
    'message.rows': (args) => readRows(of, args),
    'message.details': async (args) => mustFind(await of.read('message.details', args), 'message'),
    'message.cancel': async ({ request, id }) => {
      const cancelled = await of.once(
        'message.cancel',
        request,
        () => messageOf(of.db, id),
        (message, touched) => {
          const item = itemOf(message);
          const { conversation, account } = conversationOf(of.db, message.conversation);
          if (item === null || !isStillHere(account, item)) return false;
          const scope = personScope(of, account, touched);
          cancelItem(scope, item);
          // What its lane sealed it keeps for devices that ask again: whoever guesses the time of it is not given what was taken back.
          if (artifactsOf(of.db, item.id).length > 0) haveLaneForget(scope, conversation, message.key);
          releaseIfNothingHeld(scope, message.conversation);
          return true;
        },
      );
      const { outbox } = messageOf(of.db, id);
      if (cancelled && outbox) of.outbox.abort(outbox);
      return cancelled;
    },
    'message.retry': ({ request, id }) =>
      of.once(
        'message.retry',
        request,
        () => messageOf(of.db, id),
        (message, touched) => {
          const item = itemOf(message);
          if (item?.state !== 'failed') return false;
          mustBeOpen(conversationOf(of.db, message.conversation).conversation);
          setSendState(of.db, message.id, retryItem(of.db, item.id), of.clock());
          touchMessage(touched, message.conversation, message.id);
          touched.outbox = true;
          return true;
        },
      ),
    'message.react': ({ request, id, emoji: wanted, seenLabel }) =>
      of.once(
        'message.react',
        request,
        () => messageOf(of.db, id),
        (found, touched, begin) => {
          const message = mustFind(findMessage(of.db, found.id), 'message');
          const { conversation, account } = conversationOf(of.db, message.conversation);
          mustBeOpen(conversation);
          if (message.deleted) throw new PlainsealError('not-found', 'the message was deleted');
          if (capabilities(conversation).reaction !== 'yes')
            throw new PlainsealError('refused', 'this network has no reactions');
          const seen = mustBeSeen(of, conversation, seenLabel);
          mustMeetFloor(of.db, conversation);
          const scope = personScope(of, account, touched);
          const emoji = hasOneReaction(conversation.network) ? wanted.slice(-1) : wanted;
          const what = { kind: 'reaction', target: message.key, emoji } as const;
          const at = addSideIntent(scope, conversation.id, seen, (key) => ({ ...what, key }), begin);
          setReaction(of.db, message.id, { by: 'me', emoji, at, evidence: null });
          touchMessage(touched, conversation.id, message.id);
          return null;
        },
        of.writeWithSeal,
      ),
    'message.delete': async ({ request, id }) => {
      await of.once(
        'message.delete',
        request,
        () => messageOf(of.db, id),
        (found, touched) => {
          const message = mustFind(findMessage(of.db, found.id), 'message');
          if (message.deleted) return null;
          const { conversation, account } = conversationOf(of.db, message.conversation);
          const scope = personScope(of, account, touched);
          const item = itemOf(message);
          if (item !== null && (item.state === 'failed' || isStillHere(account, item))) {
            cancelItem(scope, item);
            releaseIfNothingHeld(scope, message.conversation);
          } else if (message.author === null && !wasTakenBack(account, item))
            deleteForAll(scope, conversation, message);
          if (message.author === null) haveLaneForget(scope, conversation, message.key);
          deleteMessage(of.db, message.id);
          touchMessage(touched, conversation.id, message.id);
          return null;
        },
      );
      const { outbox } = messageOf(of.db, id);
      if (outbox) of.outbox.abort(outbox);
      of.wipe();
      return null;
    },
  };
}

/** Rows that are read on core's own connection at most. */
const FEW_ROWS = 16;

/**
 * Rows by their ids: what news of a message names. The few of one message were just written, and this connection still has their pages open,
 * which the reader would have to open again, after a way to its thread and back.
 */
async function readRows(of: CallScope, args: CallArgs<'message.rows'>): Promise<CallResults['message.rows']> {
  return args.ids.length > FEW_ROWS ? of.read('message.rows', args) : of.readHere('message.rows', args);
}

function deleteForAll(
  scope: Scope,
  conversation: ReturnType<typeof conversationOf>['conversation'],
  message: Message,
): void {
  const able = capabilities(conversation)['delete-for-all'] === 'yes';
  if (!able || conversation.state !== 'active' || !conversation.label) return;
  addSideIntent(scope, conversation.id, conversation.label, (key) => ({
    kind: 'delete',
    key,
    target: message.key,
  }));
}
