import { PlainsealError } from '../../../shared/errors.ts';
import { findAccount } from '../../../storage/accounts.ts';
import { findPeer } from '../../../storage/peers.ts';
import { markChecked } from '../commit/peer-change.ts';
import type { Compared } from '../lanes/flows.ts';
import type { Touched } from '../touched.ts';
import { confirm, mustFind, personScope, type CallScope, type Serve } from './scope.ts';

/** Conversations between the person and a lane. */
export function flowCalls(of: CallScope): Serve<'flow.start' | 'flow.answer' | 'flow.cancel'> {
  return {
    'flow.start': ({ request, account, network, start }) =>
      of.once(
        'flow.start',
        request,
        async () => ({ flow: await of.flows.start({ account, network, start }) }),
        (started) => started,
      ),
    'flow.answer': async ({ flow, answer }) => {
      const compared = answer.kind === 'yes' ? of.flows.comparing(flow) : null;
      if (compared) {
        await confirmMatch(of, compared);
        // Before the lane hears of it: what the person said holds for the key they saw, whatever the lane makes of it.
        of.write((touched) => mark(of, compared, touched));
      }
      await of.flows.answer(flow, answer);
      return null;
    },
    'flow.cancel': async ({ flow }) => {
      await of.flows.cancel(flow);
      return null;
    },
  };
}

/** The page may show keys and say that a code fits; that they match is said in the shell's own window. */
async function confirmMatch(of: CallScope, { peer: id, theirs, number, matched }: Compared): Promise<void> {
  const peer = findPeer(of.db, id);
  // A lane may hold another key than the one core knows and the person is about to be asked about.
  if (peer?.identity !== theirs)
    throw new PlainsealError('conflict', 'what was compared was made from another key');
  await confirm(of, matched ? 'mark-scanned' : 'mark-checked', {
    name: peer.name ?? peer.address ?? '',
    fingerprint: number,
  });
}

function mark(of: CallScope, { account: id, peer, theirs, matched }: Compared, touched: Touched): void {
  const account = mustFind(findAccount(of.db, id), 'account');
  if (findPeer(of.db, peer)?.identity !== theirs)
    throw new PlainsealError('conflict', 'the identity changed meanwhile');
  const scope = personScope(of, account, touched);
  markChecked(scope, peer, { kind: 'checked', at: scope.now, by: matched ? 'code' : 'number' });
}
