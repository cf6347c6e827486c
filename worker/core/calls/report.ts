import type { CallArgs } from '../../../shared/contract/calls.ts';
import type { ReportContents } from '../../../shared/contract/report.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import { findPeer } from '../../../storage/peers.ts';
import { reportedMessages } from '../../../storage/queries/reported.ts';
import { digestOf, packReport } from '../report/pack.ts';
import { saveFile } from './saving.ts';
import { conversationOf, mustFind, type CallScope, type Serve } from './scope.ts';

type What = Pick<CallArgs<'report.preview'>, 'conversation' | 'of' | 'messages'>;

/** A report of somebody: a file that the person hands on. Plainseal sends it to nobody. */
export function reportCalls(of: CallScope): Serve<'report.preview' | 'report.save'> {
  function contentsOf({ conversation: id, of: somebody, messages }: What): ReportContents {
    const { conversation, account } = conversationOf(of.db, id);
    const named = somebody ?? conversation.peer;
    if (named === null) throw new PlainsealError('refused', 'a report is of one person');
    const peer = mustFind(findPeer(of.db, named), 'peer');
    const theirs = reportedMessages(of.db, { conversation: id, author: peer.id, messages });
    // Of somebody in a group by what they wrote there; their key and address are nobody's business else.
    if (named !== conversation.peer && theirs.length === 0)
      throw new PlainsealError('refused', 'they wrote none of this');
    return {
      network: conversation.network,
      protocol: conversation.protocol,
      testNetwork: account.environment === 'test',
      reported: {
        id: peer.id,
        address: peer.address,
        // Who has no key is named by their address.
        fingerprint: conversation.protocol === 'none' || peer.identity === '' ? null : peer.identity,
      },
      messages: theirs,
    };
  }

  return {
    'report.preview': (what) => {
      const contents = contentsOf(what);
      return { contents, sha256: digestOf(contents) };
    },
    'report.save': ({ request, seen, ...what }) =>
      of.once(
        'report.save',
        request,
        async () => {
          const contents = contentsOf(what);
          if (digestOf(contents) !== seen)
            throw new PlainsealError('conflict', 'the report is not the one that was shown');
          return saveFile(of, 'plainseal-report.json', (target) => target.writeFile(packReport(contents)));
        },
        (saved) => saved,
      ),
  };
}
