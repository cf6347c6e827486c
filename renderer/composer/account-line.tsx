import type { ReactNode } from 'react';
import type { AccountId } from '../../shared/ids.ts';
import { useAccount } from '../accounts/store.ts';
import { showSheet } from '../app/view.ts';
import { LinkButton } from '../ui/button.tsx';
import { say, words } from '../words.ts';
import styles from './composer.module.css';

/** Says when what is written goes out later, or only once the person has done something. */
export function AccountLine({ account }: { readonly account: AccountId }): ReactNode {
  const row = useAccount(account);
  if (row === null) return null;
  const { status } = row;
  if (status.kind === 'needs-person')
    return (
      <p className={styles['account']}>
        {words.statusSentence(status)}{' '}
        <LinkButton onClick={() => showSheet({ kind: 'account', account })}>
          {say('stopped.account')}
        </LinkButton>
      </p>
    );
  if (status.kind === 'offline' || status.kind === 'crashed')
    return <p className={styles['account']}>{say('app.offline')}</p>;
  if (row.keyKept === false)
    return (
      <p className={styles['account']}>
        {say('nostr.not-kept')}{' '}
        <LinkButton onClick={() => showSheet({ kind: 'account', account })}>
          {say('nostr.not-kept.do')}
        </LinkButton>
      </p>
    );
  return null;
}
