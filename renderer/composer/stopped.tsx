import { useState, type ReactNode } from 'react';
import type { CallArgs } from '../../shared/contract/calls.ts';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import { kindOf } from '../../shared/errors.ts';
import type { HoldReason } from '../../shared/label/facts.ts';
import { isWeak } from '../../shared/label/label.ts';
import { insist, newRequest } from '../app/core.ts';
import { showSheet } from '../app/view.ts';
import { aboutOf, Stated } from '../label/stated.tsx';
import { useMessages } from '../messages/store.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import { say, words } from '../words.ts';
import { Panel, type Act } from './panel.tsx';

type Choice = CallArgs<'hold.resolve'>['choice'];

/** In place of the composer while sending is stopped. */
export function StoppedPanel({ row }: { readonly row: ConversationRow }): ReactNode {
  const [trouble, setTrouble] = useState<string | null>(null);
  const waits = useMessages(
    (state) =>
      state.opened
        .get(row.id)
        ?.rows.some((message) => message.kind === 'message' && message.sending?.state === 'held') ?? false,
  );
  if (row.label.sending.ok) return null;
  const { why } = row.label.sending;
  const about = aboutOf(row);

  function resolve(choice: Choice): void {
    setTrouble(null);
    insist('hold.resolve', {
      request: newRequest(),
      conversation: row.id,
      choice,
      seenLabel: row.labelRevision,
    }).catch((error: unknown) => {
      const { what, todo } = words.error(kindOf(error));
      setTrouble(`${what} ${todo}`);
    });
  }

  return (
    <Panel
      kind="stopped"
      name={say('stopped.region')}
      title={<Stated text={question(why, about.name)} name={about.name} />}
      cause={<Stated text={words.stoppedCause(why, about)} name={about.name} />}
      meaning={`${words.stoppedMeaning(why)}${waits ? '' : ` ${say('stopped.nothing-waits')}`}`}
      acts={actsFor(why, row, waits, resolve)}
      trouble={trouble}
    />
  );
}

/** What the person has to decide, as a question. */
function question(why: HoldReason, name: string | null): string {
  const them = name === null ? say('name.them') : nameInSentence(name, say('name.none'));
  switch (why) {
    case 'identity-changed':
      return say('stopped.question', { name: them });
    case 'no-key':
      return say('stopped.question.no-key', { name: them });
    case 'guard':
      return say('stopped.question.guard');
    case 'clone-suspected':
      return say('stopped.question.copy');
    case 'fork':
      return say('stopped.question.group');
    case 'lane-off':
      return say('stopped.question.off');
    case 'challenge':
      return say('stopped.question.challenge');
    case 'label-fell':
      return say('stopped.question.fell');
    case 'below-floor':
      return say('stopped.question.floor');
  }
}

/** What can be done about a stop: the cautious act first and the only filled one. */
function actsFor(
  why: HoldReason,
  row: ConversationRow,
  waits: boolean,
  resolve: (choice: Choice) => void,
): readonly Act[] {
  const { peer, account } = row;
  const check: readonly Act[] =
    peer === null
      ? []
      : [
          {
            key: 'check',
            look: 'go',
            label: say('hold.check-first'),
            means: say('hold.check-first.means'),
            onAct: () => {
              resolve('check-first');
              showSheet({ kind: 'contact', peer, account });
            },
          },
        ];
  const discard: readonly Act[] = waits
    ? [
        {
          key: 'discard',
          label: say('hold.discard'),
          means: say('hold.discard.means'),
          onAct: () => resolve('discard'),
        },
      ]
    : [];
  const look: Act = {
    key: 'account',
    look: 'go',
    label: say('stopped.account'),
    means: say('stopped.account.means'),
    onAct: () => showSheet({ kind: 'account', account }),
  };
  switch (why) {
    case 'fork':
      return row.kind !== 'group'
        ? discard
        : [
            {
              key: 'anew',
              look: 'go',
              label: say('group.anew'),
              means: say('group.anew.means'),
              onAct: () => showSheet({ kind: 'new-group', like: row.id }),
            },
            ...discard,
          ];
    case 'identity-changed':
      return [
        ...check,
        {
          key: 'accept',
          label: say('hold.accept-change'),
          means: say('hold.accept-change.means'),
          onAct: () => resolve('accept-change'),
        },
        ...discard,
      ];
    case 'label-fell': {
      const worse = isWeak(row.label.readers);
      return [
        ...check,
        {
          key: 'send',
          look: worse ? 'open' : 'plain',
          label: say(worse ? 'composer.send-openly' : 'hold.send'),
          means: say('hold.send.means'),
          onAct: () => resolve('send'),
        },
        ...discard,
      ];
    }
    case 'no-key':
      return [
        {
          key: 'invite',
          look: 'go',
          label: say('stopped.invite'),
          means: say('stopped.invite.means'),
          onAct: () => showSheet({ kind: 'new-chat' }),
        },
        ...discard,
      ];
    case 'clone-suspected':
    case 'lane-off':
    case 'challenge':
      return [look, ...discard];
    case 'guard':
    // Below the floor nothing is sent at all: what was end to end never goes out in the clear.
    case 'below-floor':
      return [...check, ...discard];
  }
}
