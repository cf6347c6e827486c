import { PlainsealError } from '../../../shared/errors.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import type { Content } from '../../../shared/contract/content.ts';
import type { HoldReason } from '../../../shared/label/facts.ts';
import type { Label } from '../../../shared/label/label.ts';
import { worse } from '../../../shared/label/rules.ts';
import type { Timer } from '../../../shared/lane/intent.ts';
import {
  bumpConversation,
  findConversation,
  setDraft,
  type Conversation,
} from '../../../storage/conversations.ts';
import { addMessage, messageId } from '../../../storage/messages.ts';
import { addIntent, type Outgoing } from '../../../storage/outbox.ts';
import { hasClearConsent, keepClearConsent } from '../../../storage/settings.ts';
import { capabilities } from '../capabilities.ts';
import { newItem } from '../commit/own-intent.ts';
import { isPassing, relabel } from '../commit/relabel.ts';
import type { Scope } from '../commit/scope.ts';
import type { Begin } from '../once.ts';
import { touchMessage } from '../touched.ts';
import { isBelow } from './floor.ts';
import { confirm, conversationOf, mustFind, personScope, type CallScope, type Serve } from './scope.ts';

/** The timer of a conversation in which nobody ever set one; the first change of it is version 2. */
export const NO_TIMER: Timer = { ms: null, version: 1 };

/** Longest text that no network puts anywhere but into the message itself (Signal: 2048 bytes), in UTF-16 units of three bytes at most. */
const AT_ONCE_UNITS = 600;

/**
 * The label a sender saw, and whether what they saw still holds. A revision that was never shown proves nothing: then the
 * message waits until its sender has looked.
 */
export function compareSeen(
  of: CallScope,
  conversation: Conversation,
  revision: number,
): { readonly seen: Label; readonly fell: boolean } | null {
  const now = conversation.label;
  if (!now) return null;
  if (revision === conversation.labelRevision) return { seen: now, fell: false };
  const seen = of.seen.find(conversation.id, revision);
  if (!seen) return { seen: now, fell: true };
  return { seen, fell: worse(now, seen) };
}

/**
 * The label its sender saw, for what is not worth holding: the person looks at the label first.
 * @throws PlainsealError `refused` where it fell, was never shown, or the conversation is stopped.
 */
export function mustBeSeen(of: CallScope, conversation: Conversation, revision: number): Label {
  const compared = compareSeen(of, conversation, revision);
  if (!compared || compared.fell || conversation.hold)
    throw new PlainsealError('refused', 'the conversation is stopped');
  return compared.seen;
}

/** @throws PlainsealError `refused` where nobody may write: a request that was not accepted, a group that was left, a block. */
export function mustBeOpen(conversation: Conversation): void {
  if (conversation.state !== 'active')
    throw new PlainsealError('refused', 'this conversation takes no messages');
}

/** Sending without encryption is agreed to once per conversation, in the shell's own window. */
export async function mustAgreeToClear(of: CallScope, conversation: Conversation): Promise<boolean> {
  if (conversation.protocol !== 'none' || hasClearConsent(of.db, conversation.id)) return false;
  const row = await of.read('conversation.get', { conversation: conversation.id });
  await confirm(of, 'send-without-encryption', { name: row?.title ?? '' });
  return true;
}

/** `message.send`: the intent is durable before the page is answered. */
export function sendCalls(of: CallScope): Serve<'message.send'> {
  function check(content: Content): void {
    if (content.text.trim() === '' && content.files.length === 0)
      throw new PlainsealError('bad-request', 'a message says something');
    for (const file of content.files)
      if (of.files.get(file)?.state !== 'here') throw new PlainsealError('not-found', 'a file is not here');
  }

  return {
    'message.send': async ({ request, conversation: id, content, seenLabel }) => {
      const answer = await of.once(
        'message.send',
        request,
        async () => {
          check(content);
          const found = conversationOf(of.db, id);
          mustBeOpen(found.conversation);
          // What waits below the floor goes nowhere yet: whether it may go openly is asked when it is to.
          const asks = found.conversation.protocol === 'none' && !isBelow(of.db, found.conversation);
          const agreed = asks && (await mustAgreeToClear(of, found.conversation));
          await of.crash('core.before-intent');
          return { account: found.account, agreed };
        },
        ({ account, agreed }, touched, begin) => {
          const scope = personScope(of, account, touched);
          if (agreed) keepClearConsent(of.db, id, scope.now);
          return writeIntent(of, scope, { id, content, seenLabel }, begin);
        },
        of.writeWithSeal,
      );
      await of.crash('core.after-intent');
      return answer;
    },
  };
}

function writeIntent(
  of: CallScope,
  scope: Scope,
  send: { readonly id: ConversationId; readonly content: Content; readonly seenLabel: number },
  begin: Begin,
) {
  const conversation = mustFind(findConversation(scope.db, send.id), 'conversation');
  mustBeOpen(conversation);
  const compared = compareSeen(of, conversation, send.seenLabel);
  const below = isBelow(scope.db, conversation);
  if (!below && conversation.protocol === 'none' && !hasClearConsent(scope.db, send.id))
    throw new PlainsealError('refused', 'sending without encryption was not agreed to');
  const fell = !compared || compared.fell;
  const hold = holdOfNew(conversation.hold, below ? 'below-floor' : fell ? 'label-fell' : null);
  const { content } = send;
  const item = newItem(scope, send.id, compared?.seen ?? null, hold, (key) => ({
    kind: 'content',
    key,
    content,
    ...timerOf(conversation),
  }));
  if (hold === null && isSaidAtOnce(content)) begin(item);
  const message = addOwnMessage(scope, conversation, content, item);
  addIntent(scope.db, { ...item, message });
  setDraft(scope.db, send.id, null);
  scope.touched.outbox = true;
  touchMessage(scope.touched, send.id, message);
  if (hold === null) return { kind: 'queued', id: messageId(message) } as const;
  relabel(scope, send.id, hold);
  const label = mustFind(findConversation(scope.db, send.id)?.label ?? null, 'label');
  return { kind: 'held', id: messageId(message), why: hold, label } as const;
}

/**
 * Why a new message is held. What the lane ends by itself comes after what only the person ends, or it would go out unseen then. Where the network
 * wants to see a person nothing is wrong with the message: it waits for its turn.
 */
function holdOfNew(stopped: HoldReason | null, own: HoldReason | null): HoldReason | null {
  if (!isPassing(stopped)) return stopped ?? own;
  return own ?? (stopped === 'challenge' ? null : stopped);
}

/** Whether a lane only seals it: what is long, or has files, may be put on a server first, for which its intent has to stand. */
const isSaidAtOnce = ({ text, files }: Content): boolean =>
  text.length <= AT_ONCE_UNITS && files.length === 0;

/** A message carries the timer under which it was written. */
function timerOf(conversation: Conversation): { readonly timer?: Timer } {
  const able = capabilities(conversation).timer === 'yes';
  return able ? { timer: conversation.timer ?? NO_TIMER } : {};
}

function addOwnMessage(scope: Scope, conversation: Conversation, content: Content, item: Outgoing): number {
  const { sentAt, what } = item.intent;
  const stay = timerOf(conversation).timer?.ms ?? null;
  const id = addMessage(
    scope.db,
    {
      conversation: conversation.id,
      account: item.account,
      key: what.key,
      author: null,
      sentAt,
      content,
      evidence: null,
      label: conversation.label && { ...conversation.label, sending: { ok: true } },
      sending: { outbox: item.id, state: item.hold === null ? 'queued' : 'held' },
      expires: stay === null ? null : { afterMs: stay, startedAt: null },
    },
    scope.now,
  );
  if (id === null) throw new PlainsealError('conflict', 'a network key was used twice');
  bumpConversation(scope.db, conversation.id, { message: id, at: scope.now, unread: false });
  return id;
}
