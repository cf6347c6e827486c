import { useState, type ReactNode } from 'react';
import type { CallArgs } from '../../shared/contract/calls.ts';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import { kindOf } from '../../shared/errors.ts';
import type { HoldReason } from '../../shared/label/facts.ts';
import { isWeak } from '../../shared/label/label.ts';
import { belowFloor } from '../../shared/label/rules.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { showSheet } from '../app/view.ts';
import { useFlow, type Flow } from '../flows/use-flow.ts';
import { showFloor } from '../label/floor.tsx';
import { aboutOf, Stated } from '../label/stated.tsx';
import type { SaidRow } from '../messages/state.ts';
import { useMessages } from '../messages/store.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import { say, words } from '../words.ts';
import { Panel, type Act } from './panel.tsx';

type Choice = CallArgs<'hold.resolve'>['choice'];

/** In place of the composer while sending is stopped. */
export function StoppedPanel({ row }: { readonly row: ConversationRow }): ReactNode {
  const [trouble, setTrouble] = useState<string | null>(null);
  const again = useFlow();
  const waits: Waits = {
    said: useHeld(row, ({ sending }) => sending?.state === 'held'),
    asked: useHeld(row, ({ asked }) => asked === 'held'),
  };
  if (row.label.sending.ok) return null;
  const about = aboutOf(row);
  const { why } = row.label.sending;
  // Whatever it was stopped for first: what is below the floor now does not go out before the floor is lowered.
  const below = (why === 'below-floor' || why === 'label-fell') && belowFloor(row.label, row.floor.least);

  const failed = (error: unknown): void => setTrouble(troubleOf(words.error(kindOf(error))));

  /** Writing to somebody anew is what it takes: where the two of us have no group that works, there is a new one. */
  function startAgain(): void {
    setTrouble(null);
    const { peer, account, label } = row;
    if (peer === null) return;
    call('person.get', { peer }).then(({ routes }) => {
      const way = routes.find((route) => route.peer === peer && route.account === account);
      if (way && way.chat !== null) again.start({ kind: 'chat', address: way.chat }, label.network, account);
    }, failed);
  }

  function resolve(choice: Choice): void {
    setTrouble(null);
    insist('hold.resolve', {
      request: newRequest(),
      conversation: row.id,
      choice,
      seenLabel: row.labelRevision,
    }).catch(failed);
  }

  return (
    <Panel
      kind="stopped"
      name={say('stopped.region')}
      title={<Stated text={below ? say('floor.question') : question(why, about.name)} name={about.name} />}
      cause={
        <Stated
          text={below ? words.floorCause(row.floor, about) : words.stoppedCause(why, about)}
          name={about.name}
        />
      }
      meaning={`${below ? say('floor.stopped.meaning') : words.stoppedMeaning(why, about)}${waits.said || waits.asked ? '' : ` ${say('stopped.nothing-waits')}`}`}
      acts={again.running ? [] : actsFor(why, row, waits, below, resolve, startAgain)}
      trouble={trouble ?? stateOf(again)}
    />
  );
}

/** What waits in a conversation that is stopped: something I said, and that others are asked to delete something. */
type Waits = { readonly said: boolean; readonly asked: boolean };

function useHeld({ id }: ConversationRow, isHeld: (message: SaidRow) => boolean): boolean {
  return useMessages(
    ({ opened }) =>
      opened.get(id)?.rows.some((message) => message.kind === 'message' && isHeld(message)) ?? false,
  );
}

/** How far a flow is that has a conversation of two go on, or why it could not; null when it has not begun. */
function stateOf({ running, step, error }: Pick<Flow, 'running' | 'step' | 'error'>): string | null {
  if (running) return say('flow.progress');
  if (error !== null) return troubleOf(words.error(error));
  return step?.kind === 'failed' ? troubleOf(words.flowFailure(step.why, 'nostr-chat')) : null;
}

const troubleOf = ({ what, means, todo }: { what: string; means?: string; todo: string }): string =>
  [what, means, todo].filter(Boolean).join(' ');

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
      return say(name === null ? 'stopped.question.group' : 'stopped.question.fork');
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
  waits: Waits,
  below: boolean,
  resolve: (choice: Choice) => void,
  startAgain: () => void,
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
  const discardMeans = [
    ...(waits.said ? [say('hold.discard.means')] : []),
    ...(waits.asked ? [say('hold.discard.means.asked')] : []),
  ];
  const discard: readonly Act[] =
    discardMeans.length > 0
      ? [
          {
            key: 'discard',
            label: say('hold.discard'),
            means: discardMeans.join(' '),
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
  const linkAgain: Act = {
    key: 'link-again',
    look: 'go',
    label: say('account.link-again'),
    means: say('account.link-again.means'),
    onAct: () => showSheet({ kind: 'link-again', account }),
  };
  const send: Act = {
    key: 'send',
    look: isWeak(row.label.readers) ? 'open' : 'plain',
    label: say(isWeak(row.label.readers) ? 'composer.send-openly' : 'hold.send'),
    means: say(waits.asked && !waits.said ? 'hold.send.means.asked' : 'hold.send.means'),
    onAct: () => resolve('send'),
  };
  if (below)
    return [
      // Where there is no key there is nothing to check.
      ...(row.label.protocol === 'none' ? [] : check),
      {
        key: 'floor',
        label: say('floor.show'),
        means: say('floor.show.means'),
        onAct: () => showFloor(row),
      },
      ...discard,
    ];
  switch (why) {
    case 'fork':
      return row.kind !== 'group'
        ? [
            {
              key: 'again',
              look: 'go',
              label: say('stopped.fork.again'),
              means: say('stopped.fork.again.means'),
              onAct: startAgain,
            },
            ...discard,
          ]
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
    case 'label-fell':
      return [...check, send, ...discard];
    case 'no-key':
      // Signal has no invitations: its server gives out keys, and may have others by now.
      if (row.label.network === 'signal')
        return [
          {
            key: 'again',
            look: 'go',
            label: say('stopped.no-key.again'),
            means: say('stopped.no-key.again.means'),
            onAct: () => resolve('send'),
          },
          ...discard,
        ];
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
      return [...(row.label.network === 'signal' ? [linkAgain] : [look]), ...discard];
    case 'challenge':
      return [
        {
          key: 'prove-person',
          look: 'go',
          label: say('prove-person.act'),
          means: say('prove-person.act.means'),
          onAct: () => showSheet({ kind: 'prove-person', account }),
        },
        ...discard,
      ];
    case 'lane-off':
      return [look, ...discard];
    case 'guard':
      return [...check, ...discard];
    // What was end to end never goes out in the clear. Below no floor any more, the rest does when its sender says so.
    case 'below-floor':
      return row.neverOpen ? [...check, ...discard] : [...check, send, ...discard];
  }
}
