import { PlainsealError } from '../../../shared/errors.ts';
import type { NetworkKey } from '../../../shared/ids.ts';
import { patchConversation } from '../../../storage/conversations.ts';
import { capabilities } from '../capabilities.ts';
import { addSideIntent } from '../commit/own-intent.ts';
import { putNote } from '../commit/peer-change.ts';
import { touchConversation } from '../touched.ts';
import { mustMeetFloor } from './floor.ts';
import { mustBeOpen, NO_TIMER } from './send.ts';
import { conversationOf, personScope, type CallScope, type Serve } from './scope.ts';

/** Disappearing messages. */
export function timerCalls(of: CallScope): Serve<'conversation.timer'> {
  return {
    'conversation.timer': ({ request, conversation: id, ms }) =>
      of.once(
        'conversation.timer',
        request,
        () => conversationOf(of.db, id),
        (_found, touched) => {
          const { conversation, account } = conversationOf(of.db, id);
          mustBeOpen(conversation);
          if (capabilities(conversation).timer !== 'yes')
            throw new PlainsealError('refused', 'this network has no timer');
          const before = conversation.timer ?? NO_TIMER;
          if (before.ms === ms) return null;
          // Like a reaction it is not worth holding: the person looks at the label first.
          if (!conversation.label || conversation.hold)
            throw new PlainsealError('refused', 'the conversation is stopped');
          mustMeetFloor(of.db, conversation);
          const scope = personScope(of, account, touched);
          const timer = { ms, version: before.version + 1 };
          const at = addSideIntent(scope, id, conversation.label, (key) => ({
            kind: 'timer',
            key,
            timer,
          }));
          patchConversation(of.db, id, { timer });
          const key = `note|timer-changed|${id}|${timer.version}|${at}` as NetworkKey;
          putNote(scope, { conversation: id, key, code: 'timer-changed', quoted: null });
          touchConversation(touched, id);
          return null;
        },
      ),
  };
}
