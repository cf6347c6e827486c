import { useState, type ReactNode } from 'react';
import type { ContactRow } from '../../shared/contract/conversation.ts';
import { kindOf } from '../../shared/errors.ts';
import type { AccountId, PeerId } from '../../shared/ids.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import { accountName } from '../accounts/name.ts';
import { useAccounts } from '../accounts/store.ts';
import { useAnswer } from '../app/answer.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { showSheet } from '../app/view.ts';
import { Stated } from '../label/stated.tsx';
import { Button } from '../ui/button.tsx';
import { Choice } from '../ui/choice.tsx';
import { TextField } from '../ui/field.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say, words } from '../words.ts';
import { Contacts } from './contacts.tsx';
import styles from './merge.module.css';
import { usePerson } from './routes.tsx';

/** "This is the same person as …": somebody of any of my accounts, by my own word. */
export function MergeSheet({
  peer,
  account,
}: {
  readonly peer: PeerId;
  readonly account: AccountId;
}): ReactNode {
  const accounts = useAccounts((state) => state.rows) ?? [];
  const person = usePerson(peer);
  const row = useAnswer(() => call('peer.get', { peer, account }), [peer, account]);
  // Most often it is another network.
  const first = accounts.find((each) => each.id !== account) ?? accounts[0];
  const [on, setOn] = useState<AccountId | null>(null);
  const [text, setText] = useState('');
  const [picked, setPicked] = useState<ContactRow | null>(null);
  const chosen = accounts.find((each) => each.id === on) ?? first;
  const back = (): void => showSheet({ kind: 'contact', peer, account });
  if (row === null || person === null || chosen === undefined) return null;
  return (
    <Sheet title={say('merge.title')} sub={say('merge.means')} onClose={back}>
      {picked === null ? (
        <div className={styles['pick']}>
          {accounts.length > 1 ? (
            <Choice
              label={say('merge.where')}
              value={chosen.id}
              options={accounts.map((each) => ({ value: each.id, label: accountName(each) }))}
              onChange={setOn}
            />
          ) : null}
          <TextField
            label={say('merge.who')}
            name="who"
            autoComplete="off"
            spellCheck={false}
            maxLength={200}
            data-first
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Contacts
            key={chosen.id}
            account={chosen.id}
            text={text}
            without={person.routes.map((route) => route.peer)}
            disabled={false}
            none={<p className={styles['stated']}>{say('merge.nobody')}</p>}
            onPick={setPicked}
          />
        </div>
      ) : (
        <Sure peer={peer} name={row.name} other={picked} onMerged={back} onBack={() => setPicked(null)} />
      )}
    </Sheet>
  );
}

function Sure({
  peer,
  name,
  other,
  onMerged,
  onBack,
}: {
  readonly peer: PeerId;
  readonly name: string;
  readonly other: ContactRow;
  readonly onMerged: () => void;
  readonly onBack: () => void;
}): ReactNode {
  const [trouble, setTrouble] = useState<string | null>(null);
  const none = say('name.none');
  const text = say('merge.sure', {
    name: nameInSentence(name, none),
    other: nameInSentence(other.name, none),
  });
  return (
    <div className={styles['sure']}>
      <h3>
        <Stated text={text} names={[name, other.name]} />
      </h3>
      <p>{say('merge.keeps')}</p>
      <p>{say('merge.trust')}</p>
      <p>{say('merge.back')}</p>
      <div className={styles['acts']}>
        <Button
          look="go"
          onClick={() => {
            insist('person.merge', { request: newRequest(), peer, with: other.peer }).then(
              onMerged,
              (error: unknown) => setTrouble(words.error(kindOf(error)).what),
            );
          }}
        >
          {say('merge.go')}
        </Button>
        <Button onClick={onBack}>{say('merge.other')}</Button>
      </div>
      <output>{trouble}</output>
    </div>
  );
}
