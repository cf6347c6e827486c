import { useState, type ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import { kindOf } from '../../shared/errors.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import { insist, newRequest } from '../app/core.ts';
import { closeConversation, showSheet } from '../app/view.ts';
import { useMembers } from '../groups/members.ts';
import { aboutOf, Stated } from '../label/stated.tsx';
import { whereNotKept } from '../people/strangers.ts';
import { say, words } from '../words.ts';
import { Panel, type Act } from './panel.tsx';

/** In place of the composer when somebody unknown wrote first. Until accepted nothing is fetched and nothing is told. */
export function RequestPanel({ row }: { readonly row: ConversationRow }): ReactNode {
  return row.kind === 'group' ? <GroupRequest row={row} /> : <DirectRequest row={row} />;
}

function DirectRequest({ row }: { readonly row: ConversationRow }): ReactNode {
  const name = aboutOf(row).name ?? row.title;
  const plain = nameInSentence(name, say('name.none'));
  return (
    <Question
      row={row}
      title={<Stated text={say('request.title', { name: plain })} name={name} />}
      cause={say('request.fetch')}
      meaning={[say('request.means'), ...notKept(row)].join(' ')}
      accept={{ label: say('request.accept'), means: say('request.accept.means') }}
      block={{ label: say('request.block'), means: say('request.block.means') }}
      report={{ label: say('report.act'), means: say('report.act.means') }}
    />
  );
}

/** How much of theirs was not kept, and where it is. */
const notKept = ({ notKept: count, label }: ConversationRow): readonly string[] =>
  count === 0 ? [] : [say('strangers.one', { count }), whereNotKept(label.network)];

/** Who asks me in, and how many are in it, as far as that is known without joining. */
function GroupRequest({ row }: { readonly row: ConversationRow }): ReactNode {
  const members = useMembers(row.id);
  const by = members?.me.by ?? null;
  const name = by === null || by.me ? null : by.name;
  const count = members?.rows.length ?? 0;
  const title =
    name === null
      ? say('request.group.title')
      : say('request.group.title.by', { name: nameInSentence(name, say('name.none')) });
  const inIt = count === 0 ? say('request.group.unknown') : say('request.group.count', { count });
  return (
    <Question
      row={row}
      title={<Stated text={title} name={name} />}
      cause={say('request.group.fetch')}
      meaning={`${inIt} ${say('request.group.means')}`}
      accept={{ label: say('request.group.accept'), means: say('request.group.accept.means') }}
      block={{ label: say('request.group.block'), means: say('request.group.block.means') }}
    />
  );
}

type Answer = Pick<Act, 'label' | 'means'>;

function Question({
  row,
  title,
  cause,
  meaning,
  accept,
  block,
  report,
}: {
  readonly row: ConversationRow;
  readonly title: ReactNode;
  readonly cause: string;
  readonly meaning: string;
  readonly accept: Answer;
  readonly block: Answer;
  /** Of one person only. */
  readonly report?: Answer;
}): ReactNode {
  const [trouble, setTrouble] = useState<string | null>(null);
  const failed = (error: unknown): void => setTrouble(words.error(kindOf(error)).what);
  return (
    <Panel
      kind="request"
      name={say('rail.requests')}
      title={title}
      cause={cause}
      meaning={meaning}
      trouble={trouble}
      acts={[
        {
          key: 'accept',
          look: 'go',
          ...accept,
          onAct: () => {
            insist('conversation.accept', { request: newRequest(), conversation: row.id }).catch(failed);
          },
        },
        {
          key: 'block',
          ...block,
          onAct: () => {
            insist('conversation.block', { request: newRequest(), conversation: row.id })
              .then(closeConversation)
              .catch(failed);
          },
        },
        ...(report
          ? [
              {
                key: 'report',
                ...report,
                onAct: () => showSheet({ kind: 'report', conversation: row.id, of: null }),
              },
            ]
          : []),
      ]}
    />
  );
}
