import { PlainsealError } from '../../../shared/errors.ts';
import type { PeerId } from '../../../shared/ids.ts';
import { isLower, type Floor } from '../../../shared/label/floor.ts';
import { belowFloor } from '../../../shared/label/rules.ts';
import { listAccounts } from '../../../storage/accounts.ts';
import { conversationsWith, type Conversation } from '../../../storage/conversations.ts';
import type { Database } from '../../../storage/database.ts';
import { floorFor, floorForAll, setFloorFor, setFloorForAll, standingOf } from '../../../storage/floors.ts';
import { findPeer } from '../../../storage/peers.ts';
import { touchConversation, type Touched } from '../touched.ts';
import { confirm, mustFind, type CallScope, type Serve } from './scope.ts';

/** Whether what is written now would go out below the floor. A conversation of which nothing is known is below any. */
export const isBelow = (db: Database, { id, label }: Conversation): boolean =>
  belowFloor({ readers: label?.readers ?? { kind: 'unknown', missing: [] } }, standingOf(db, id).least);

/** @throws PlainsealError `refused` below the floor: it is lowered first, or the conversation rises. */
export function mustMeetFloor(db: Database, conversation: Conversation): void {
  if (isBelow(db, conversation)) throw new PlainsealError('refused', 'the conversation is below its floor');
}

/** The least private that messages may go out as. Raising it is the page's to ask; lowering it is asked in the shell's own window. */
export function floorCalls(of: CallScope): Serve<'floor.get' | 'floor.set'> {
  const floorOf = (peer: PeerId | null): Floor =>
    peer === null ? floorForAll(of.db) : floorFor(of.db, mustFind(findPeer(of.db, peer), 'peer').id);

  return {
    'floor.get': ({ peer }) => floorOf(peer),
    'floor.set': ({ request, peer, floor }) =>
      of.once(
        'floor.set',
        request,
        async () => {
          const before = floorOf(peer);
          if (!isLower(floor, before)) return null;
          const change = { before, after: floor };
          if (peer === null) await confirm(of, 'lower-floor-for-all', change);
          else {
            const { name, address, identity } = mustFind(findPeer(of.db, peer), 'peer');
            await confirm(of, 'lower-floor', { name: name ?? address ?? identity, ...change });
          }
          return before;
        },
        (agreed, touched) => {
          // The person agreed to leave one floor: another may have been set while the window stood open.
          const before = floorOf(peer);
          if (isLower(floor, before) && before !== agreed)
            throw new PlainsealError('conflict', 'the floor was changed meanwhile');
          if (peer === null) setFloorForAll(of.db, floor);
          else setFloorFor(of.db, peer, floor);
          touchAll(of.db, peer, touched);
          return floor;
        },
      ),
  };
}

/** Every conversation that may stand on another floor now. */
function touchAll(db: Database, peer: PeerId | null, touched: Touched): void {
  touched.inbox = true;
  touched.settings = true;
  if (peer === null) return;
  for (const { id } of listAccounts(db))
    for (const conversation of conversationsWith(db, id, peer)) touchConversation(touched, conversation);
}
