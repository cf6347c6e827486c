import { useState, type FormEvent, type ReactNode } from 'react';
import type { AccountRow } from '../../shared/contract/account.ts';
import type { MemberRow } from '../../shared/contract/conversation.ts';
import { kindOf, type ErrorKind } from '../../shared/errors.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { MAX_GROUP_PEERS, MAX_GROUP_TITLE } from '../../shared/lane/intent.ts';
import { accountName } from '../accounts/name.ts';
import { useAccounts } from '../accounts/store.ts';
import { insist, newRequest } from '../app/core.ts';
import { openConversation, showSheet } from '../app/view.ts';
import { useChats } from '../chats/store.ts';
import { ErrorTrouble } from '../flows/trouble.tsx';
import { Button } from '../ui/button.tsx';
import { Choice } from '../ui/choice.tsx';
import { TextField } from '../ui/field.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say } from '../words.ts';
import { useMembers } from './members.ts';
import styles from './new.module.css';
import { PickPeople, type Picked } from './pick.tsx';

/** A new group: a name, and people of one account that has groups. `like` takes both from a group that is there. */
export function NewGroupSheet({ like }: { readonly like: ConversationId | null }): ReactNode {
  const model = useChats((chats) => (like === null ? undefined : chats.rows.get(like)));
  const members = useMembers(like);
  const accounts = (useAccounts((state) => state.rows) ?? []).filter(
    (row) => row.groups && (model === undefined || row.id === model.account),
  );
  const [chosen, setChosen] = useState<AccountRow['id'] | null>(null);
  const account = accounts.find((row) => row.id === chosen) ?? accounts[0];
  const ready = like === null || members !== null;
  return (
    <Sheet title={say('group.new')} sub={say('group.new.sub')} onClose={() => showSheet(null)}>
      {account === undefined ? (
        <p className={styles['stated']}>{say('new.no-account')}</p>
      ) : (
        <div className={styles['parts']}>
          {accounts.length > 1 ? (
            <Choice
              label={say('group.new.account')}
              value={account.id}
              options={accounts.map((row) => ({ value: row.id, label: accountName(row) }))}
              onChange={setChosen}
            />
          ) : null}
          {ready ? (
            <Form
              key={account.id}
              account={account}
              title={model?.title ?? ''}
              people={members?.rows.map(pickedFrom) ?? []}
            />
          ) : null}
        </div>
      )}
    </Sheet>
  );
}

const pickedFrom = ({ peer, name }: MemberRow): Picked => ({ peer, name });

function Form({
  account,
  title: first,
  people,
}: {
  readonly account: AccountRow;
  readonly title: string;
  readonly people: readonly Picked[];
}): ReactNode {
  const [title, setTitle] = useState(first);
  const [picked, setPicked] = useState(people);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorKind | null>(null);
  // I am one of them.
  const tooMany = picked.length > MAX_GROUP_PEERS - 1;
  const mayMake = title.trim() !== '' && picked.length > 0 && !tooMany && !busy;

  function make(event: FormEvent): void {
    event.preventDefault();
    if (!mayMake) return;
    setBusy(true);
    setError(null);
    insist('group.create', {
      request: newRequest(),
      account: account.id,
      title: title.trim(),
      members: picked.map(({ peer }) => peer),
    }).then(
      ({ conversation }) => openConversation(conversation),
      (failure: unknown) => {
        setBusy(false);
        setError(kindOf(failure));
      },
    );
  }

  return (
    <form className={styles['form']} onSubmit={make}>
      <TextField
        label={say('group.new.name')}
        means={say('group.new.name.means')}
        name="title"
        autoComplete="off"
        maxLength={MAX_GROUP_TITLE}
        data-first
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <PickPeople account={account.id} picked={picked} onChange={setPicked} />
      <output className={styles['told']}>
        {tooMany ? say('group.too-many', { count: MAX_GROUP_PEERS }) : null}
      </output>
      {error === null ? null : <ErrorTrouble kind={error} />}
      <div>
        <Button look="go" type="submit" disabled={!mayMake}>
          {say('group.new.go')}
        </Button>
      </div>
    </form>
  );
}
