import { useState, type FormEvent, type ReactNode } from 'react';
import { MAX_OWN_NAME, type PeerRow } from '../../shared/contract/conversation.ts';
import { kindOf } from '../../shared/errors.ts';
import type { AccountId, PeerId } from '../../shared/ids.ts';
import { plainName } from '../../shared/words/plain-name.ts';
import { useAccount } from '../accounts/store.ts';
import { useAnswer } from '../app/answer.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { openConversation, showSheet } from '../app/view.ts';
import { useChats } from '../chats/store.ts';
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
import { CheckPanel } from './check.tsx';
import styles from './contact.module.css';
import { Routes } from './routes.tsx';

/** Who somebody is: address, whether it was checked and how to do it now, the conversations with them. */
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
      <Check row={row} account={account} onChanged={() => setAgain((turn) => turn + 1)} />
      <div className={styles['floor']}>
        <FloorChoice peer={row.id} />
      </div>
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

/** Whether there is a key to compare, and the comparison. */
function Check({
  row,
  account,
  onChanged,
}: {
  readonly row: PeerRow;
  readonly account: AccountId;
  readonly onChanged: () => void;
}): ReactNode {
  const network = useAccount(account)?.network;
  if (network === undefined) return null;
  // A mail address without a key is its own identity: there is nothing to compare. On Nostr the address is the key.
  const isKey = network === 'nostr' || row.identity !== row.address;
  if (!isKey || row.identity === '') return <p className={styles['stated']}>{say('person.no-key')}</p>;
  return <CheckPanel row={row} account={account} network={network} onChanged={onChanged} />;
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
