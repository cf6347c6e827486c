import { PlainsealError } from '../../../shared/errors.ts';
import { conversationsWith } from '../../../storage/conversations.ts';
import { findAccount } from '../../../storage/accounts.ts';
import { findPeer, namePeer, knowsPeer } from '../../../storage/peers.ts';
import { tellsNames } from '../../../storage/queries/people.ts';
import { touchConversation } from '../touched.ts';
import { mustFind, type CallScope, type Serve } from './scope.ts';

/** What the person calls somebody of whom the network tells no name. It is told to nobody. */
export function nameCalls(of: CallScope): Serve<'peer.name'> {
  return {
    'peer.name': ({ request, peer: id, account, name }) =>
      of.once(
        'peer.name',
        request,
        () => {
          mustFind(findAccount(of.db, account), 'account');
          const peer = mustFind(findPeer(of.db, id), 'peer');
          if (tellsNames(peer.network)) throw new PlainsealError('refused', 'they name themselves');
          if (!knowsPeer(of.db, account, id))
            throw new PlainsealError('refused', 'this account does not know them');
        },
        (_nothing, touched) => {
          const given = name.trim();
          namePeer(of.db, id, given === '' ? null : given);
          for (const conversation of conversationsWith(of.db, account, id))
            touchConversation(touched, conversation);
          return null;
        },
      ),
  };
}
