import { X } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { AccountId, PeerId } from '../../shared/ids.ts';
import { plainName } from '../../shared/words/plain-name.ts';
import { Contacts } from '../people/contacts.tsx';
import { IconButton } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { say } from '../words.ts';
import styles from './pick.module.css';

/** Somebody picked. */
export type Picked = { readonly peer: PeerId; readonly name: string };

/** Picks people among those an account knows; who is in `without` is not offered. */
export function PickPeople({
  account,
  picked,
  without = [],
  onChange,
}: {
  readonly account: AccountId;
  readonly picked: readonly Picked[];
  readonly without?: readonly PeerId[];
  readonly onChange: (picked: readonly Picked[]) => void;
}): ReactNode {
  const [text, setText] = useState('');
  return (
    <div className={styles['pick']}>
      {picked.length === 0 ? null : (
        <ul className={styles['picked']} aria-label={say('group.new.people')} data-testid="picked">
          {picked.map(({ peer, name }) => {
            const shown = plainName(name, say('name.none'));
            return (
              <li key={peer}>
                <bdi>{shown}</bdi>
                <IconButton
                  label={say('group.new.take-out', { name: shown })}
                  onClick={() => onChange(picked.filter((each) => each.peer !== peer))}
                >
                  <X aria-hidden="true" />
                </IconButton>
              </li>
            );
          })}
        </ul>
      )}
      <TextField
        label={say('group.new.find')}
        placeholder={say('group.new.find.hint')}
        name="find"
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          // It finds, and does not send the form around it.
          if (event.key === 'Enter') event.preventDefault();
        }}
      />
      <div className={styles['found']}>
        <Contacts
          account={account}
          text={text}
          without={[...without, ...picked.map(({ peer }) => peer)]}
          disabled={false}
          none={
            <p className={styles['stated']}>
              {say('group.new.nobody')} {say('group.new.nobody.do')}
            </p>
          }
          onPick={({ peer, name }) => {
            onChange([...picked, { peer, name }]);
            setText('');
          }}
        />
      </div>
    </div>
  );
}
