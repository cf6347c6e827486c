import { PlainsealError } from '../../../shared/errors.ts';
import { findAccount } from '../../../storage/accounts.ts';
import { findPeer } from '../../../storage/peers.ts';
import { applyTrust } from '../commit/peer-change.ts';
import { saveFile } from './saving.ts';
import { confirm, mustFind, personScope, type CallScope, type Serve } from './scope.ts';

/** Trust the person gives by hand, and my own keys outside the program. Each is asked in the shell's own window. */
export function trustCalls(of: CallScope): Serve<'trust.set' | 'key.export' | 'key.import'> {
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
    'key.export': ({ request, account: id }) =>
      of.once(
        'key.export',
        request,
        async () => {
          const { address } = mustFind(findAccount(of.db, id), 'account');
          const lane = of.lanes.must(id);
          const passphrase = await confirm(of, 'export-key', { address }, 'new-passphrase');
          const { name, bytes } = await lane.exportKey(passphrase ?? '');
          return saveFile(of, name, (target) => target.writeFile(bytes));
        },
        (saved) => saved,
      ),
    'key.import': ({ request, account: id }) =>
      of.once(
        'key.import',
        request,
        async () => {
          const { address } = mustFind(findAccount(of.db, id), 'account');
          const lane = of.lanes.must(id);
          const text = await confirm(of, 'import-key', { address }, 'key-text');
          const passphrase = await confirm(of, 'import-key', { address }, 'passphrase');
          await lane.importKey(text ?? '', passphrase ?? '');
        },
        () => true,
      ),
  };
}
