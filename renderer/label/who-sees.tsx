import type { ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { lookers, type Looker, type Sight } from '../../shared/label/network-facts.ts';
import {
  whoSees,
  type Basis,
  type LiveFacts,
  type SeenRow,
  type WhoSees,
} from '../../shared/label/who-sees.ts';
import { useAnswer } from '../app/answer.ts';
import { call } from '../app/core.ts';
import { useNow } from '../app/now.ts';
import { showSheet } from '../app/view.ts';
import { useChats } from '../chats/store.ts';
import { cx } from '../ui/classes.ts';
import { Sheet } from '../ui/sheet.tsx';
import { say, words } from '../words.ts';
import { networkFacts } from './network-facts.ts';
import { SightMark } from './sight-mark.tsx';
import styles from './who-sees.module.css';

/** Who can see what of a conversation: a table, what a theft opens, and how all of it is known. */
export function WhoSeesSheet({ conversation }: { readonly conversation: ConversationId }): ReactNode {
  const row = useChats((chats) => chats.rows.get(conversation));
  const now = useNow((state) => state.now);
  // Asked again when the label changes: the facts did.
  const live = useAnswer<LiveFacts>(
    () =>
      call('conversation.facts', { conversation }).catch(() =>
        // Then nothing of this conversation is known, which is what the sheet says.
        ({ forecast: [], sealedSender: null }),
      ),
    [conversation, row?.labelRevision],
  );
  if (!row) return null;
  const { network, protocol } = row.label;
  return (
    <Sheet
      title={say('facts.title')}
      sub={`${words.routeName(row.label)}. ${say('facts.asOf', { date: words.day(networkFacts.asOf) })}`}
      wide
      onClose={() => showSheet(null)}
    >
      {live === null ? null : (
        <Seen row={row} seen={whoSees({ network, protocol, facts: networkFacts, live, now })} />
      )}
    </Sheet>
  );
}

function Seen({ row, seen }: { readonly row: ConversationRow; readonly seen: WhoSees }): ReactNode {
  const { network, protocol } = row.label;
  return (
    <div className={styles['seen']} data-testid="who-sees">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls sideways is scrolled by keyboard, too */}
      <section className={styles['wide']} aria-label={say('facts.title')} tabIndex={0}>
        <table aria-label={say('facts.title')}>
          <thead>
            <tr>
              <th scope="col">{say('facts.what')}</th>
              {lookers.map((who) => (
                <th key={who} scope="col">
                  {words.lookerName(who, network, row.kind === 'group')}
                  <ColumnNote who={who} rows={seen.rows} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {seen.rows.map((each) => (
              <tr key={each.what}>
                <th scope="row">
                  {say(`facts.what.${each.what}`)}
                  <small>{noteOf(each)}</small>
                </th>
                {lookers.map((who) => (
                  <Cell key={who} what={each.what} sight={each.sees[who]} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <dl className={styles['facts']}>
        <Statement name={say('facts.really')}>{words.identitySentence(row.label)}</Statement>
        <Statement name={say('facts.past')} basis={seen.past.basis}>
          {words.pastSentence(seen.past, protocol)}
        </Statement>
        <Statement name={say('facts.later')} basis={seen.later.basis}>
          {words.laterSentence(seen.later, protocol)}
        </Statement>
        <Statement name={say('facts.quantum')} basis={seen.quantum.basis}>
          {words.quantumSentence(seen.quantum, protocol)}
        </Statement>
        <Statement name={say('facts.how')} basis={seen.engines.flatMap(({ basis }) => basis)}>
          {seen.engines.length === 0
            ? say('facts.how.none')
            : seen.engines.map((engine) => words.engineSentence(engine)).join(' ')}
        </Statement>
        {seen.permission === null ? null : (
          <Statement name={say('facts.may')} basis={seen.permission.basis}>
            {words.sayCode(seen.permission.note)}
          </Statement>
        )}
        <Statement name={say('facts.not-covered')} basis={seen.everywhere.flatMap(({ basis }) => basis)}>
          {seen.everywhere.map(({ note }) => words.sayCode(note)).join(' ')}
        </Statement>
      </dl>
      <Sources seen={seen} />
    </div>
  );
}

/** What a whole column has in common: that nobody of that kind is on the way, or that we run no servers. */
function ColumnNote({ who, rows }: { readonly who: Looker; readonly rows: readonly SeenRow[] }): ReactNode {
  const isAbsent = rows.every(({ sees }) => sees[who] === 'absent');
  if (isAbsent) return <small>{say('facts.who.absent')}</small>;
  return who === 'us' ? <small>{say('facts.who.us.means')}</small> : null;
}

function Cell({ what, sight }: { readonly what: SeenRow['what']; readonly sight: Sight }): ReactNode {
  return (
    <td className={styles[sight]}>
      <SightMark sight={sight} />
      <span className={cx(sight === 'absent' && 'seen-only-by-ear')}>{words.sightName(what, sight)}</span>
    </td>
  );
}

const noteOf = ({ note }: SeenRow): string | null =>
  note === null ? null : note.from === 'live' ? say(`facts.live.${note.id}`) : words.sayCode(note.id);

function Statement({
  name,
  basis,
  children,
}: {
  readonly name: string;
  readonly basis?: readonly Basis[];
  readonly children: ReactNode;
}): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
      {basis === undefined ? null : (
        <dd className={styles['basis']}>{[...new Set(words.basisSentences(basis))].join('. ')}</dd>
      )}
    </div>
  );
}

/** Of every line where it was read, and when. */
function Sources({ seen }: { readonly seen: WhoSees }): ReactNode {
  const lines = [
    ...seen.rows.map((row) => ({ name: say(`facts.what.${row.what}`), basis: row.basis })),
    { name: say('facts.how'), basis: seen.engines.flatMap(({ basis }) => basis) },
    ...(seen.permission ? [{ name: say('facts.may'), basis: seen.permission.basis }] : []),
    { name: say('facts.not-covered'), basis: seen.everywhere.flatMap(({ basis }) => basis) },
  ];
  return (
    <details className={styles['sources']}>
      <summary>{say('facts.sources')}</summary>
      <dl>
        {lines.map(({ name, basis }) => (
          <div key={name}>
            <dt>{name}</dt>
            {basis.length === 0 ? <dd>{say('facts.basis.none')}</dd> : null}
            {basis.map((each) => (
              <dd key={each.kind === 'live' ? each.at : each.sources.join()}>
                {words.basisSentences([each])[0]}
                {each.kind === 'live' ? null : `: ${each.sources.join('; ')}`}
              </dd>
            ))}
          </div>
        ))}
      </dl>
    </details>
  );
}
