import { assertNever } from '../../../shared/assert.ts';
import type { CallArgs } from '../../../shared/contract/calls.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import { findConversation } from '../../../storage/conversations.ts';
import { setSendState } from '../../../storage/messages.ts';
import { findPeer } from '../../../storage/peers.ts';
import { forgetArtifacts, heldItems, releaseItem } from '../../../storage/outbox.ts';
import { everywhereEndToEnd } from '../commit/outbound.ts';
import { applyTrust } from '../commit/peer-change.ts';
import { identityChanged, relabel } from '../commit/relabel.ts';
import type { Scope } from '../commit/scope.ts';
import { touchMessage } from '../touched.ts';
import { cancelItem } from '../commit/group.ts';
import { releaseIfNothingHeld } from './message.ts';
import { confirm, conversationOf, mustFind, personScope, type CallScope, type Serve } from './scope.ts';

type Args = CallArgs<'hold.resolve'>;

/** What the person decides about a conversation that was stopped. */
export function holdCalls(of: CallScope): Serve<'hold.resolve'> {
  return {
    'hold.resolve': (args) =>
      of.once(
        'hold.resolve',
        args.request,
        () => prepare(of, args),
        (prepared, touched) => {
          const { conversation, account } = conversationOf(of.db, args.conversation);
          const scope = personScope(of, account, touched);
          switch (args.choice) {
            case 'check-first':
              // Everything stays where it is until the check has ended.
              return null;
            case 'discard':
              for (const item of heldItems(of.db, conversation.id)) cancelItem(scope, item);
              releaseIfNothingHeld(scope, conversation.id);
              return null;
            case 'accept-change':
              if (prepared) applyTrust(scope, prepared, { kind: 'unchecked' });
              release(scope, conversation.id, true);
              return null;
            case 'send':
              mustStillBe(of, args);
              release(scope, conversation.id, false);
              return null;
            default:
              return assertNever(args.choice);
          }
        },
      ),
  };
}

/** Accepting another identity is asked in the shell's own window; the peer it is about is returned. */
async function prepare(of: CallScope, args: Args) {
  const { conversation } = conversationOf(of.db, args.conversation);
  if (args.choice === 'send') mustStillBe(of, args);
  if (args.choice !== 'accept-change') return null;
  if (!conversation.peer || conversation.hold !== 'identity-changed')
    throw new PlainsealError('conflict', 'no identity waits to be accepted');
  const peer = mustFind(findPeer(of.db, conversation.peer), 'peer');
  const row = await of.read('conversation.get', { conversation: conversation.id });
  await confirm(of, 'accept-change', { name: row?.title ?? '', fingerprint: peer.identity });
  const now = mustFind(findPeer(of.db, conversation.peer), 'peer');
  if (now.identity !== peer.identity) throw new PlainsealError('conflict', 'the identity changed again');
  return peer.id;
}

/**
 * `send` goes on under exactly the label on the screen.
 * @throws PlainsealError `conflict` when that is another by now, `refused` where sending is not the person's to allow: another
 * identity is accepted or checked, and what was end to end is never sent in the clear.
 */
function mustStillBe(of: CallScope, args: Args): void {
  const { conversation } = conversationOf(of.db, args.conversation);
  if (conversation.labelRevision !== args.seenLabel)
    throw new PlainsealError('conflict', 'the label has changed since');
  if (identityChanged(of.db, conversation))
    throw new PlainsealError('refused', 'the changed identity comes first');
  // Unless it meanwhile would be end to end again: a key was found.
  if (conversation.hold === 'below-floor' && !everywhereEndToEnd(conversation.forecast))
    throw new PlainsealError('refused', 'what was end to end is not sent in the clear');
}

/** Lets a conversation and its held items go on, under the label the person has now seen. `anew`: sealed for nobody before. */
function release(scope: Scope, id: ConversationId, anew: boolean): void {
  relabel(scope, id, null);
  const label = findConversation(scope.db, id)?.label;
  if (!label) throw new PlainsealError('conflict', 'nothing is known of this conversation yet');
  for (const item of heldItems(scope.db, id)) {
    if (anew) forgetArtifacts(scope.db, item.id);
    releaseItem(scope.db, item.id, label);
    if (item.message === null) continue;
    setSendState(scope.db, item.message, 'queued', scope.now);
    touchMessage(scope.touched, id, item.message);
  }
  scope.touched.outbox = true;
}
