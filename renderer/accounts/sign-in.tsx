import type { ReactNode } from 'react';
import type { AccountId } from '../../shared/ids.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import { say } from '../words.ts';
import { AskSheet } from './flow-sheet.tsx';
import { accountName } from './name.ts';
import { useAccount } from './store.ts';

/** The password of an account is another one now. */
export function SignInSheet({ account }: { readonly account: AccountId }): ReactNode {
  const row = useAccount(account);
  return (
    <AskSheet
      account={account}
      network="email"
      start={{ kind: 'sign-in' }}
      place={null}
      words={{
        title: say('account.sign-in.title'),
        sub: say('account.sign-in.sub', { account: row === null ? '' : nameInSentence(accountName(row)) }),
        done: say('account.sign-in.done'),
        doneMeans: say('account.sign-in.done.means'),
      }}
    >
      <p>{say('account.email.password.means')}</p>
    </AskSheet>
  );
}
