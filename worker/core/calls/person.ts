import { PlainsealError } from '../../../shared/errors.ts';
import type { PeerId } from '../../../shared/ids.ts';
import { findAccount } from '../../../storage/accounts.ts';
import { directWith } from '../../../storage/conversations.ts';
import { findPeer, knownBy, withMerged } from '../../../storage/peers.ts';
import { mergePersons, peersOfPerson, takeApart } from '../../../storage/persons.ts';
import { tellsOwnDevices } from '../capabilities.ts';
import { blockPeer, unblockPeer } from '../commit/block.ts';
import { addSideIntent } from '../commit/own-intent.ts';
import type { Scope } from '../commit/scope.ts';
import { touchConversation, type Touched } from '../touched.ts';
import { mustFind, personScope, refreshLabel, type CallScope, type Serve } from './scope.ts';

type Names = 'person.get' | 'person.merge' | 'person.apart' | 'person.block' | 'person.unblock';

/** Entries of my address book: what belongs to one person, by my own word alone, and whom I blocked. */
export function personCalls(of: CallScope): Serve<Names> {
  const known = (peer: PeerId): void => {
    if (mustFind(findPeer(of.db, peer), 'peer') && knownBy(of.db, peer).length === 0)
      throw new PlainsealError('refused', 'no account knows them');
  };

  /** Their rows name the person. */
  function touchPeers(peers: readonly PeerId[], touched: Touched): void {
    for (const peer of peers) for (const { id } of directWith(of.db, peer)) touchConversation(touched, id);
  }

  function setBlocked(name: 'person.block' | 'person.unblock') {
    return ({ request, peer }: { readonly request: string; readonly peer: PeerId }) =>
      of.once(
        name,
        request,
        () => known(peer),
        (_nothing, touched) => {
          setPersonBlocked(of, peer, name === 'person.block', touched);
          return null;
        },
      );
  }

  return {
    'person.get': async ({ peer }) => {
      mustFind(findPeer(of.db, peer), 'peer');
      // Facts grow old without anybody telling: what is compared is of this moment.
      for (const each of peersOfPerson(of.db, peer))
        for (const { id } of directWith(of.db, each)) refreshLabel(of, id);
      return of.read('person.get', { peer });
    },
    'person.merge': ({ request, peer, with: other }) =>
      of.once(
        'person.merge',
        request,
        () => {
          if (peer === other) throw new PlainsealError('bad-request', 'that is the same peer');
          known(peer);
          known(other);
        },
        (_nothing, touched) => {
          mergePersons(of.db, peer, other, of.clock());
          touchPeers(peersOfPerson(of.db, peer), touched);
          return null;
        },
      ),
    'person.apart': ({ request, peer }) =>
      of.once(
        'person.apart',
        request,
        () => mustFind(findPeer(of.db, peer), 'peer'),
        (_nothing, touched) => {
          const before = peersOfPerson(of.db, peer);
          takeApart(of.db, peer);
          touchPeers(before, touched);
          return null;
        },
      ),
    'person.block': setBlocked('person.block'),
    'person.unblock': setBlocked('person.unblock'),
  };
}

/** Blocks everything of a person, or takes that back; my phone hears of it where the network has a word for it. */
export function setPersonBlocked(of: CallScope, peer: PeerId, on: boolean, touched: Touched): void {
  const scope = { db: of.db, now: of.clock(), touched };
  for (const each of withMerged(of.db, peersOfPerson(of.db, peer))) {
    if (on) blockPeer(scope, each);
    else unblockPeer(scope, each);
    for (const id of knownBy(of.db, each)) {
      const account = mustFind(findAccount(of.db, id), 'account');
      tellPhone(personScope(of, account, touched), each, on ? 'blocked' : 'accepted');
    }
  }
}

/** Tells my own devices what I answered somebody: none of them asks again, and the phone keeps the list of whom I blocked. */
export function tellPhone(scope: Scope, peer: PeerId, op: 'accepted' | 'blocked'): void {
  if (!tellsOwnDevices(scope.account.network)) return;
  const data = new TextEncoder().encode(peer);
  addSideIntent(scope, null, null, (key) => ({ kind: 'protocol', key, op, data }));
}
