import { PlainsealError } from '../../../shared/errors.ts';
import { findAccount } from '../../../storage/accounts.ts';
import { findPeer } from '../../../storage/peers.ts';
import { applyTrust } from '../commit/peer-change.ts';
import { confirm, mustFind, personScope, type CallScope, type Serve } from './scope.ts';

/** Trust the person gives by hand. */
export function trustCalls(of: CallScope): Serve<'trust.set'> {
  return {
    'trust.set': ({ request, peer: id, account: accountId }) =>
      of.once(
        'trust.set',
        request,
        async () => {
          const account = mustFind(findAccount(of.db, accountId), 'account');
          const peer = mustFind(findPeer(of.db, id), 'peer');
          if (peer.network !== account.network)
            throw new PlainsealError('bad-request', 'the peer is on another network');
          await confirm(of, 'mark-checked', {
            name: peer.name ?? peer.address ?? '',
            fingerprint: peer.identity,
          });
          if (findPeer(of.db, id)?.identity !== peer.identity)
            throw new PlainsealError('conflict', 'the identity changed meanwhile');
          return account;
        },
        (account, touched) => {
          const scope = personScope(of, account, touched);
          applyTrust(scope, id, { kind: 'checked', at: scope.now, by: 'number' });
          return true;
        },
      ),
  };
}
