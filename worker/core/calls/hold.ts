import { assertNever } from '../../../shared/assert.ts';
import type { CallArgs } from '../../../shared/contract/calls.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import type { ConversationId, PeerId } from '../../../shared/ids.ts';
import { findConversation, neverOpen, type Conversation } from '../../../storage/conversations.ts';
import { findPeer } from '../../../storage/peers.ts';
import { hasClearConsent, keepClearConsent } from '../../../storage/settings.ts';
import { artifactsOf, forgetArtifacts } from '../../../storage/artifacts.ts';
import { heldItems, type Outgoing } from '../../../storage/outbox.ts';
import { haveLaneForget } from '../commit/forget-sent.ts';
import { goOn } from '../commit/hold.ts';
import { applyTrust } from '../commit/peer-change.ts';
import { identityChanged, relabel, releaseIfNothingHeld } from '../commit/relabel.ts';
import type { Scope } from '../commit/scope.ts';
import { cancelItem } from '../commit/group.ts';
import { mustMeetFloor } from './floor.ts';
import { mustAgreeToClear } from './send.ts';
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
        ({ accepted, agreed }, touched) => {
          const { conversation, account } = conversationOf(of.db, args.conversation);
          const scope = personScope(of, account, touched);
          if (agreed) keepClearConsent(of.db, conversation.id, scope.now);
          switch (args.choice) {
            case 'check-first':
              // Everything stays where it is until the check has ended.
              return null;
            case 'discard':
              for (const item of heldItems(of.db, conversation.id)) discard(scope, conversation, item);
              releaseIfNothingHeld(scope, conversation.id);
              return null;
            case 'accept-change':
              if (accepted) applyTrust(scope, accepted, { kind: 'unchecked' });
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

/**
 * What is asked in the shell's own window: accepting another identity (`accepted`: whose), and sending without encryption, where
 * what waits was below the floor when it was written (`agreed`).
 */
async function prepare(
  of: CallScope,
  args: Args,
): Promise<{ readonly accepted: PeerId | null; readonly agreed: boolean }> {
  const { conversation } = conversationOf(of.db, args.conversation);
  if (args.choice === 'send') {
    mustStillBe(of, args);
    return { accepted: null, agreed: await mustAgreeToClear(of, conversation) };
  }
  if (args.choice !== 'accept-change') return { accepted: null, agreed: false };
  if (!conversation.peer || conversation.hold !== 'identity-changed')
    throw new PlainsealError('conflict', 'no identity waits to be accepted');
  const peer = mustFind(findPeer(of.db, conversation.peer), 'peer');
  const row = await of.read('conversation.get', { conversation: conversation.id });
  await confirm(of, 'accept-change', { name: row?.title ?? '', fingerprint: peer.identity });
  const now = mustFind(findPeer(of.db, conversation.peer), 'peer');
  if (now.identity !== peer.identity) throw new PlainsealError('conflict', 'the identity changed again');
  return { accepted: peer.id, agreed: false };
}

/**
 * `send` goes on under exactly the label on the screen.
 * @throws PlainsealError `conflict` when that is another by now, `refused` where sending is not the person's to allow: another
 * identity is accepted or checked, the floor is lowered first, and what was end to end is never sent in the clear.
 */
function mustStillBe(of: CallScope, args: Args): void {
  const { conversation } = conversationOf(of.db, args.conversation);
  if (conversation.labelRevision !== args.seenLabel)
    throw new PlainsealError('conflict', 'the label has changed since');
  if (identityChanged(of.db, conversation))
    throw new PlainsealError('refused', 'the changed identity comes first');
  // Unless it meanwhile would be end to end again: a key was found.
  if (neverOpen(conversation))
    throw new PlainsealError('refused', 'what was end to end is not sent in the clear');
  mustMeetFloor(of.db, conversation);
}

/** What was sealed before it was held its lane may keep, for devices that ask again. */
function discard(scope: Scope, conversation: Conversation, item: Outgoing): void {
  cancelItem(scope, item);
  const { what } = item.intent;
  if (what.kind === 'content' && artifactsOf(scope.db, item.id).length > 0)
    haveLaneForget(scope, conversation, what.key);
}

/** Lets a conversation and its held items go on, under the label the person has now seen. `anew`: sealed for nobody before. */
function release(scope: Scope, id: ConversationId, anew: boolean): void {
  relabel(scope, id, null);
  const conversation = findConversation(scope.db, id);
  if (conversation?.protocol === 'none' && !hasClearConsent(scope.db, id))
    throw new PlainsealError('refused', 'sending without encryption was not agreed to');
  const label = conversation?.label;
  if (!label) throw new PlainsealError('conflict', 'nothing is known of this conversation yet');
  for (const item of heldItems(scope.db, id)) {
    if (anew) forgetArtifacts(scope.db, item.id);
    goOn(scope, { ...item, conversation: id }, label);
  }
  scope.touched.outbox = true;
}
