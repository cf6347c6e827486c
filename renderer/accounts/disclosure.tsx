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

/** What a disclosure says, of when it is, and first of all what changed since it was accepted. */
export function DisclosureText({ disclosure }: { readonly disclosure: Disclosure }): ReactNode {
  const { version, asOf, acceptedAt, acceptedVersion } = disclosure;
  const isOld = acceptedAt !== null && acceptedVersion !== version;
  return (
    <div className={styles['text']}>
      {isOld ? <Change disclosure={disclosure} at={acceptedAt} /> : null}
      <ol className={styles['statements']}>
        {statementsOf(disclosure)?.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ol>
      <p className={styles['version']}>{say('consent.version', { version, date: words.day(asOf) })}</p>
    </div>
  );
}

function Change({ disclosure, at }: { readonly disclosure: Disclosure; readonly at: number }): ReactNode {
  const { change } = disclosure;
  const added =
    change?.added.map((code) => words.sayCode(code)).filter((sentence) => sentence !== null) ?? [];
  const gone = change?.gone ?? [];
  return (
    <>
      <h2 className={styles['heading']}>{say('consent.changed', { date: words.date(at) })}</h2>
      <ul className={styles['change']}>
        {added.map((sentence) => (
          <li key={sentence}>
            <ins>{say('consent.added', { sentence })}</ins>
          </li>
        ))}
        {gone.map((sentence) => (
          <li key={sentence}>
            <del>{say('consent.gone', { sentence })}</del>
          </li>
        ))}
        {change === null ? <li>{say('consent.not-kept')}</li> : null}
        {change !== null && added.length + gone.length === 0 ? <li>{say('consent.same')}</li> : null}
      </ul>
      <h2 className={styles['heading']}>{say('consent.all')}</h2>
    </>
  );
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
      <DisclosureText disclosure={disclosure} />
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
