import type { ReactNode } from 'react';
import type { AccountId } from '../../shared/ids.ts';
import { useAccount } from '../accounts/store.ts';
import { showSheet } from '../app/view.ts';
import { LinkButton } from '../ui/button.tsx';
import { say, words } from '../words.ts';
import styles from './composer.module.css';

/** Says when what is written goes out later, or only once the person has done something. */
export function AccountLine({ account }: { readonly account: AccountId }): ReactNode {
  const status = useAccount(account)?.status;
  if (status === undefined) return null;
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
  return null;
}
