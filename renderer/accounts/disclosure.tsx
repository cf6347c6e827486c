import { useState, type ReactNode } from 'react';
import type { Disclosure } from '../../shared/contract/account.ts';
import { kindOf, type ErrorKind } from '../../shared/errors.ts';
import { ErrorTrouble } from '../flows/trouble.tsx';
import { Button } from '../ui/button.tsx';
import { say, words } from '../words.ts';
import { AccountPage } from './page.tsx';
import styles from './disclosure.module.css';
import { acceptDisclosure } from './store.ts';

/** The sentences of a disclosure; one that this version cannot word is not shown, and then cannot be accepted. */
export function statementsOf(disclosure: Disclosure): readonly string[] | null {
  const said = disclosure.statements.map((code) => words.sayCode(code));
  return said.every((sentence) => sentence !== null) ? said : null;
}

/** What must be read before the first connection: what the network's servers learn. */
export function DisclosurePage({
  disclosure,
  onBack,
}: {
  readonly disclosure: Disclosure;
  readonly onBack: () => void;
}): ReactNode {
  const [error, setError] = useState<ErrorKind | null>(null);
  const statements = statementsOf(disclosure);
  const network = words.networkName(disclosure.network);
  return (
    <AccountPage title={say('disclosure.title', { network })} sub={say('disclosure.sub')} onBack={onBack}>
      <ol className={styles['statements']}>
        {statements?.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ol>
      {error === null && statements ? null : <ErrorTrouble kind={error ?? 'internal'} />}
      <div className={styles['acts']}>
        <Button
          look="go"
          disabled={!statements}
          onClick={() => {
            acceptDisclosure(disclosure).catch((failure: unknown) => setError(kindOf(failure)));
          }}
        >
          {say('disclosure.accept')}
        </Button>
        <Button look="quiet" onClick={onBack}>
          {say('app.back')}
        </Button>
      </div>
    </AccountPage>
  );
}
