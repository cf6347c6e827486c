import type { ReactNode } from 'react';
import type { AlikeName, ConversationRow, PeerRow } from '../../shared/contract/conversation.ts';
import type { LikeBlocked } from '../../shared/contract/person.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import { useAnswer } from '../app/answer.ts';
import { call } from '../app/core.ts';
import { Stated } from '../label/stated.tsx';
import { say, words } from '../words.ts';

/** That a name can be taken for that of somebody else: whose, and on which network. */
export function Alike({ names }: { readonly names: readonly AlikeName[] }): ReactNode {
  const [first] = names;
  if (first === undefined) return null;
  const name = nameInSentence(first.name, say('name.none'));
  return (
    <span data-testid="alike">
      <Stated
        text={say('alike.name', { name, network: words.networkName(first.network) })}
        name={first.name}
      />{' '}
      {say('alike.means')}
    </span>
  );
}

/** That this may be somebody I blocked, and why. */
export function LikeBlockedLine({ like }: { readonly like: LikeBlocked }): ReactNode {
  const name = nameInSentence(like.name, say('name.none'));
  return (
    <b data-testid="like-blocked">
      <Stated
        text={say(`like-blocked.${like.why}`, { name, network: words.networkName(like.network) })}
        name={like.name}
      />
    </b>
  );
}

/** Whose names the other side's can be taken for; none once it was checked who it is. */
export function alikeOf(row: Pick<PeerRow, 'trust' | 'alike'>): readonly AlikeName[] {
  return row.trust.kind === 'checked' ? [] : row.alike;
}

/** What to look twice at of a conversation of two. */
type Doubts = { readonly alike: readonly AlikeName[]; readonly likeBlocked: LikeBlocked | null };
const none: Doubts = { alike: [], likeBlocked: null };

/**
 * The same of a conversation of two, for where it is read. The very same name on another network is most often the same person: it is
 * told of where somebody unknown asks, and on the sheet of the person. Whom I may have blocked is told of everywhere.
 */
export function useDoubts({ peer, account, kind, state, title, label }: ConversationRow): Doubts {
  const asked = kind === 'direct' ? peer : null;
  const trust = label.identity.kind === 'one' ? label.identity.trust.kind : null;
  // Asked again when the name or what is known of the person changes; an answer about another question is not shown.
  const question = `${asked}\n${account}\n${title}\n${trust}\n${state}`;
  const answer = useAnswer(
    // Where it fails, whether there is one is not known; the sheet of the person asks again.
    () =>
      asked === null
        ? null
        : call('peer.get', { peer: asked, account }).then((row) => ({
            to: question,
            alike: alikeOf(row),
            likeBlocked: row.likeBlocked,
          })),
    [question],
  );
  const { alike, likeBlocked } = answer?.to === question ? answer : none;
  return {
    likeBlocked,
    alike:
      state === 'request'
        ? alike
        : alike.filter(({ network, isWrittenAlike }) => !isWrittenAlike || network === label.network),
  };
}
