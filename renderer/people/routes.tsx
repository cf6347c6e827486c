import { useState, type ReactNode } from 'react';
import type { PersonRow, RouteRow } from '../../shared/contract/person.ts';
import { kindOf } from '../../shared/errors.ts';
import type { AccountId, PeerId } from '../../shared/ids.ts';
import { plainLetters } from '../../shared/words/plain-name.ts';
import { FlowProgress } from '../accounts/progress.tsx';
import { useAnswer } from '../app/answer.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { openConversation, showSheet } from '../app/view.ts';
import { useChats } from '../chats/store.ts';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow, useOpening } from '../flows/use-flow.ts';
import { Glyph } from '../label/glyph.tsx';
import { LabelWords, shortRoute } from '../label/line.tsx';
import { Stated } from '../label/stated.tsx';
import { Button } from '../ui/button.tsx';
import { cx } from '../ui/classes.ts';
import { say, words } from '../words.ts';
import styles from './routes.module.css';

/** The person behind a peer, as core knows it now; null until it has said so, and where there is no such peer. */
export function usePerson(peer: PeerId): PersonRow | null {
  const seen = useChats((chats) => chats.rows);
  return useAnswer(() => call('person.get', { peer }), [peer, seen]);
}

/** How a way is called: network and protocol where there is a conversation, else the network. */
export const routeName = ({ conversation, network }: RouteRow): string =>
  conversation === null ? words.networkName(network) : shortRoute(conversation.label);

/** Every way to somebody, what protects most first, each with who could read it; and what belongs to one person. */
export function Routes({ peer, account }: { readonly peer: PeerId; readonly account: AccountId }): ReactNode {
  const person = usePerson(peer);
  if (person === null) return null;
  const { routes } = person;
  const many = routes.length > 1;
  return (
    <section className={styles['routes']} aria-labelledby="routes">
      <h3 id="routes">{say('routes.title')}</h3>
      {many ? <p className={styles['stated']}>{say('routes.order')}</p> : null}
      <ul>
        {routes.map((route) => (
          <Route key={`${route.account} ${route.peer}`} route={route} routes={routes} />
        ))}
      </ul>
      <div className={styles['acts']}>
        <Button onClick={() => showSheet({ kind: 'merge', peer, account })}>{say('merge.title')}</Button>
        {person.person === null ? null : (
          <Button onClick={() => showSheet({ kind: 'apart', peer, account })}>{say('apart.title')}</Button>
        )}
        <BlockButton peer={peer} account={account} routes={routes} />
      </div>
    </section>
  );
}

type OneOf = { readonly route: RouteRow; readonly routes: readonly RouteRow[] };

function Route({ route, routes }: OneOf): ReactNode {
  const { conversation, address, name, trust } = route;
  const shown = address ?? name;
  return (
    <li className={styles['route']} data-testid="route">
      <p className={styles['way']}>
        <b>{routeName(route)}</b> <bdi className="said">{plainLetters(shown)}</bdi>
      </p>
      {conversation === null ? (
        <p className={styles['stated']}>{say('routes.none')}</p>
      ) : (
        <p className={styles['label']}>
          <LabelWords kind={conversation.label.readers.kind}>
            <Stated text={words.readersSentence(conversation.label, { name })} name={name} />
          </LabelWords>
        </p>
      )}
      {routes.length > 1 ? (
        <p className={styles['trust']}>
          <Glyph kind={trust.kind} />
          {words.trustSentence(trust)}
        </p>
      ) : null}
      {route.blocked ? (
        <p className={cx(styles['stated'], styles['blocked'])}>{say('routes.blocked')}</p>
      ) : (
        <Write route={route} routes={routes} />
      )}
    </li>
  );
}

/** Goes to the conversation, or makes one. Which way it is stands on the button. */
function Write({ route, routes }: OneOf): ReactNode {
  const flow = useFlow();
  const { step } = flow;
  useOpening(step);
  const { conversation, chat, network, account } = route;
  if (conversation === null && chat === null) return null;
  const isOnlyOne = routes.filter((each) => each.network === network).length === 1;
  const over = isOnlyOne ? words.networkName(network) : routeName(route);
  if (flow.running) return <FlowProgress step={step} onStop={flow.stop} />;
  return (
    <div className={styles['write']}>
      {step?.kind === 'failed' ? (
        <FlowTrouble why={step.why} place={network === 'nostr' ? 'nostr-chat' : null} />
      ) : null}
      {flow.error === null ? null : <ErrorTrouble kind={flow.error} />}
      <Button
        small
        onClick={() => {
          if (conversation !== null) openConversation(conversation.id);
          else if (chat !== null) flow.start({ kind: 'chat', address: chat }, network, account);
        }}
      >
        {say('routes.write', { network: over })}
      </Button>
    </div>
  );
}

function BlockButton({
  peer,
  account,
  routes,
}: {
  readonly peer: PeerId;
  readonly account: AccountId;
  readonly routes: readonly RouteRow[];
}): ReactNode {
  const [trouble, setTrouble] = useState<string | null>(null);
  if (!routes.every(({ blocked }) => blocked))
    return <Button onClick={() => showSheet({ kind: 'block', peer, account })}>{say('block.person')}</Button>;
  return (
    <>
      <Button
        onClick={() => {
          insist('person.unblock', { request: newRequest(), peer }).catch((error: unknown) =>
            setTrouble(words.error(kindOf(error)).what),
          );
        }}
      >
        {say('block.undo')}
      </Button>
      {trouble === null ? null : <output>{trouble}</output>}
    </>
  );
}
