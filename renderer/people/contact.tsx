import { useEffect, useState, type FormEvent, type ReactNode } from 'react';
import { MAX_OWN_NAME, type PeerRow } from '../../shared/contract/conversation.ts';
import { kindOf } from '../../shared/errors.ts';
import type { AccountId, PeerId } from '../../shared/ids.ts';
import { plainName } from '../../shared/words/plain-name.ts';
import { useAccount } from '../accounts/store.ts';
import { useAnswer } from '../app/answer.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { openConversation, showSheet } from '../app/view.ts';
import { useChats } from '../chats/store.ts';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow } from '../flows/use-flow.ts';
import { FlowProgress } from '../accounts/progress.tsx';
import { FloorChoice } from '../label/floor.tsx';
import { Glyph } from '../label/glyph.tsx';
import { RowLabel } from '../label/line.tsx';
import { aboutOf } from '../label/stated.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { Facts } from '../ui/facts.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say, words } from '../words.ts';
import { Alike, alikeOf, LikeBlockedLine } from './alike.tsx';
import { InviteCode } from './invite.tsx';
import { CompareNumber } from './compare-number.tsx';
import styles from './contact.module.css';
import { KeyGroups } from './key-groups.tsx';
import { Routes } from './routes.tsx';

/** Who somebody is: address, both keys to compare, whether it was checked and how to do it now. */
export function ContactSheet({
  peer,
  account,
}: {
  readonly peer: PeerId;
  readonly account: AccountId;
}): ReactNode {
  const [again, setAgain] = useState(0);
  const seen = useChats((chats) => chats.rows);
  // Asked again when a conversation changed: trust may have.
  const row = useAnswer(
    () => call('peer.get', { peer, account }),
    [peer, account, again, seen],
    () => showSheet(null),
  );
  const mine = useAccount(account);
  if (!row) return null;
  const alike = alikeOf(row);
  return (
    <Sheet
      title={<bdi className={styles['name']}>{plainName(row.name, say('name.none'))}</bdi>}
      sub={<Trust row={row} />}
      onClose={() => showSheet(null)}
    >
      <Facts
        rows={[
          // A key is shown once, to be compared.
          ...(row.address === null || mine?.network === 'nostr'
            ? []
            : [
                {
                  name: say(mine?.network === 'signal' ? 'person.number' : 'person.address'),
                  value: <bdi className="said">{plainName(row.address)}</bdi>,
                },
              ]),
          { name: say('person.since'), value: words.date(row.firstSeenAt) },
        ]}
      />
      {alike.length === 0 ? null : (
        <p className={styles['stated']}>
          <Alike names={alike} />
        </p>
      )}
      {row.likeBlocked === null ? null : (
        <p className={styles['stated']}>
          <LikeBlockedLine like={row.likeBlocked} />
        </p>
      )}
      {row.ownName === null ? null : <OwnName key={row.id} row={row} account={account} />}
      <Routes peer={peer} account={account} />
      <Compare row={row} account={account} onChanged={() => setAgain((turn) => turn + 1)} />
      <FloorChoice peer={row.id} />
      <Groups row={row} />
    </Sheet>
  );
}

/** What I call somebody of whom the network tells no name. */
function OwnName({ row, account }: { readonly row: PeerRow; readonly account: AccountId }): ReactNode {
  const [name, setName] = useState(row.ownName ?? '');
  const [told, setTold] = useState<string | null>(null);
  function save(event: FormEvent): void {
    event.preventDefault();
    insist('peer.name', { request: newRequest(), peer: row.id, account, name: name.trim() }).then(
      () => setTold(say('person.name.saved')),
      (error: unknown) => setTold(words.error(kindOf(error)).what),
    );
  }
  return (
    <form className={styles['own']} onSubmit={save}>
      <TextField
        label={say('person.name')}
        means={told ?? say('person.name.means')}
        name="own-name"
        autoComplete="off"
        maxLength={MAX_OWN_NAME}
        value={name}
        onChange={(event) => {
          setName(event.currentTarget.value);
          setTold(null);
        }}
      />
      <Button type="submit" disabled={name.trim() === (row.ownName ?? '')}>
        {say('person.name.save')}
      </Button>
    </form>
  );
}

function Trust({ row }: { readonly row: PeerRow }): ReactNode {
  return (
    <span
      className={row.trust.kind === 'changed' ? styles['changed'] : undefined}
      data-testid="contact-trust"
    >
      <Glyph kind={row.trust.kind} />
      {words.trustSentence(row.trust)}
    </span>
  );
}

/** Both keys, and the ways to check: compare them, or, where a network has a proof to exchange, let both apps do it. */
function Compare({
  row,
  account,
  onChanged,
}: {
  readonly row: PeerRow;
  readonly account: AccountId;
  readonly onChanged: () => void;
}): ReactNode {
  const mine = useAccount(account);
  const [told, setTold] = useState<string | null>(null);
  const flow = useFlow();
  // A mail address without a key is its own identity: there is nothing to compare. On Nostr the address is the key.
  const isKey = mine?.network === 'nostr' || row.identity !== row.address;
  const hasKey = isKey && row.identity !== '';
  if (!hasKey) return <p className={styles['stated']}>{say('person.no-key')}</p>;

  function mark(): void {
    insist('trust.set', { request: newRequest(), peer: row.id, account }).then(
      (done) => {
        setTold(say(done ? 'person.marked' : 'person.not-marked'));
        onChanged();
      },
      (error: unknown) =>
        setTold(kindOf(error) === 'refused' ? say('person.not-marked') : words.error(kindOf(error)).what),
    );
  }

  const { step } = flow;
  // Signal has one number for both keys, and no code for both apps to do it.
  if (mine?.network === 'signal') return <SafetyNumber row={row} account={account} onChanged={onChanged} />;
  return (
    <section className={styles['compare']}>
      <h3>{say('person.compare')}</h3>
      <p className={styles['stated']}>{say('person.compare.how')}</p>
      <div className={styles['keys']}>
        <figure>
          <figcaption>{say('person.theirs')}</figcaption>
          <KeyGroups identity={row.identity} large />
        </figure>
        {mine?.identity == null ? null : (
          <figure>
            <figcaption>{say('person.own')}</figcaption>
            <KeyGroups identity={mine.identity} large />
          </figure>
        )}
      </div>
      <div className={styles['acts']}>
        <div>
          <Button look={row.trust.kind === 'checked' ? 'plain' : 'go'} onClick={mark}>
            {say('person.mark')}
          </Button>
          <p>{say('person.mark.means')}</p>
        </div>
        {/* A Nostr key is compared as it is: there is no proof to exchange. */}
        {mine?.network === 'nostr' ? null : (
          <div>
            <Button
              disabled={flow.running}
              onClick={() => flow.start({ kind: 'check', peer: row.id }, mine?.network ?? 'email', account)}
            >
              {say('person.check')}
            </Button>
            <p>{say('person.check.means')}</p>
          </div>
        )}
      </div>
      <output className={styles['told']}>
        {told ?? (step?.kind === 'done' ? say('flow.checked') : null)}
      </output>
      {step?.kind === 'failed' ? <FlowTrouble why={step.why} /> : null}
      {step?.kind === 'show-code' ? <InviteCode text={step.text} expiresAt={step.expiresAt} /> : null}
      {step?.kind === 'compare' ? (
        <div className={styles['question']}>
          <p>{say('flow.compare.question')}</p>
          <KeyGroups identity={step.theirs} large />
          <Button onClick={() => flow.answer({ kind: 'yes' })}>{say('flow.yes')}</Button>
          <Button onClick={() => flow.answer({ kind: 'no' })}>{say('flow.no')}</Button>
        </div>
      ) : null}
      {flow.running && step?.kind !== 'show-code' && step?.kind !== 'compare' ? (
        <FlowProgress step={step} onStop={flow.stop} />
      ) : null}
      <p className={styles['stated']}>{say('person.differ')}</p>
    </section>
  );
}

/** Signal's way to check: the same 60 digits on both screens. */
function SafetyNumber({
  row,
  account,
  onChanged,
}: {
  readonly row: PeerRow;
  readonly account: AccountId;
  readonly onChanged: () => void;
}): ReactNode {
  const flow = useFlow();
  const { step } = flow;
  const isDone = step?.kind === 'done';
  useEffect(() => {
    if (isDone) onChanged();
    // Once, when it has ended well.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  }, [isDone]);
  return (
    <section className={styles['compare']}>
      <h3>{say('number.title')}</h3>
      {step?.kind === 'compare-number' ? (
        <CompareNumber number={step.number} onAnswer={(same) => flow.answer({ kind: same ? 'yes' : 'no' })} />
      ) : (
        <div className={styles['number']}>
          <p>{say('number.how')}</p>
          <Button
            look={row.trust.kind === 'checked' ? 'plain' : 'go'}
            disabled={flow.running}
            onClick={() => flow.start({ kind: 'check', peer: row.id }, 'signal', account)}
          >
            {say('number.show')}
          </Button>
          {step?.kind === 'failed' ? <FlowTrouble why={step.why} place="signal-number" /> : null}
        </div>
      )}
      <output className={styles['told']}>
        {isDone ? say('flow.checked') : flow.error === 'refused' ? say('person.not-marked') : null}
      </output>
      {flow.error === null || flow.error === 'refused' ? null : <ErrorTrouble kind={flow.error} />}
      <p className={styles['stated']}>{say('person.differ')}</p>
    </section>
  );
}

/** Groups that both are in. */
function Groups({ row }: { readonly row: PeerRow }): ReactNode {
  const rows = useChats((chats) => chats.rows);
  const known = row.conversations
    .map((id) => rows.get(id))
    .filter((chat) => chat !== undefined)
    .filter((chat) => chat.kind === 'group');
  if (known.length === 0) return null;
  return (
    <section>
      <h3 className={styles['heading']}>{say('person.groups')}</h3>
      <ul>
        {known.map((chat) => (
          <li key={chat.id}>
            <button type="button" className={styles['chat']} onClick={() => openConversation(chat.id)}>
              <bdi>{plainName(chat.title, say('name.none'))}</bdi>
              <RowLabel label={chat.label} about={aboutOf(chat)} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
