import { useState, type ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import { kindOf } from '../../shared/errors.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import { insist, newRequest } from '../app/core.ts';
import { closeConversation } from '../app/view.ts';
import { aboutOf, Stated } from '../label/stated.tsx';
import { say, words } from '../words.ts';
import { Panel } from './panel.tsx';

/** In place of the composer when somebody unknown wrote first. Until accepted nothing is fetched and nothing is told. */
export function RequestPanel({ row }: { readonly row: ConversationRow }): ReactNode {
  const [trouble, setTrouble] = useState<string | null>(null);
  const name = aboutOf(row).name ?? row.title;
  const failed = (error: unknown): void => setTrouble(words.error(kindOf(error)).what);
  return (
    <Panel
      kind="request"
      name={say('rail.requests')}
      title={
        <Stated text={say('request.title', { name: nameInSentence(name, say('name.none')) })} name={name} />
      }
      cause={say('request.fetch')}
      meaning={say('request.means')}
      trouble={trouble}
      acts={[
        {
          key: 'accept',
          look: 'go',
          label: say('request.accept'),
          means: say('request.accept.means'),
          onAct: () => {
            insist('conversation.accept', { request: newRequest(), conversation: row.id }).catch(failed);
          },
        },
        {
          key: 'block',
          label: say('request.block'),
          means: say('request.block.means'),
          onAct: () => {
            insist('conversation.block', { request: newRequest(), conversation: row.id })
              .then(closeConversation)
              .catch(failed);
          },
        },
      ]}
    />
  );
}
