import { useState, type ReactNode } from 'react';
import type { AccountRow } from '../../shared/contract/account.ts';
import type { AccountId } from '../../shared/ids.ts';
import { insist, newRequest } from '../app/core.ts';
import { showSheet } from '../app/view.ts';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow } from '../flows/use-flow.ts';
import { Button } from '../ui/button.tsx';
import { faultOf, say } from '../words.ts';
import { AskFields } from './ask.tsx';
import styles from './nostr.module.css';
import { AccountPage } from './page.tsx';
import { FlowProgress } from './progress.tsx';
import { useAccounts } from './store.ts';

/** An account in one step: a key that is made here, or one that the person has, which the shell's own window asks for. */
export function NostrForm({ onBack }: { readonly onBack: () => void }): ReactNode {
  const flow = useFlow();
  const { step } = flow;
  const made = useMade();
  const begin = (key: 'made' | 'brought'): void =>
    flow.start({ kind: 'add-account', args: key === 'made' ? {} : { key } }, 'nostr', null);

  if (step?.kind === 'done') return <Made account={made} />;
  if (step?.kind === 'ask')
    return (
      <AccountPage title={say('nostr.title')} sub={say('nostr.sub')} onBack={flow.stop}>
        <AskFields
          fields={step.fields}
          why={step.why}
          place="nostr-add"
          of={step.of}
          onAnswer={(values) => flow.answer({ kind: 'fields', values })}
        />
      </AccountPage>
    );
  return (
    <AccountPage title={say('nostr.title')} sub={say('nostr.sub')} onBack={flow.running ? null : onBack}>
      <KeyWarning />
      {step?.kind === 'failed' && step.why !== 'cancelled' ? (
        <FlowTrouble why={step.why} place="nostr-add" />
      ) : null}
      {flow.error === null ? null : <ErrorTrouble kind={flow.error} />}
      {flow.running ? (
        <FlowProgress step={step} onStop={flow.stop} />
      ) : (
        <div className={styles['acts']}>
          <Button look="go" onClick={() => begin('made')}>
            {say('nostr.make')}
          </Button>
          <div>
            <Button onClick={() => begin('brought')}>{say('nostr.bring')}</Button>
            <p>{say('nostr.bring.means')}</p>
          </div>
        </div>
      )}
      <p className={styles['stated']}>
        {say('nostr.conforms')} {say('nostr.untried')}
      </p>
    </AccountPage>
  );
}

/** What follows when the key is lost, and when others get it. */
function KeyWarning(): ReactNode {
  return (
    <div className={styles['key']}>
      <p>
        <strong>{say('nostr.lose')}</strong> {say('nostr.leak')}
      </p>
    </div>
  );
}

/** The account that was not there when the page was opened. */
function useMade(): AccountRow | null {
  const rows = useAccounts((state) => state.rows) ?? [];
  const [before] = useState<readonly AccountId[]>(() => rows.map(({ id }) => id));
  return rows.find(({ id, network }) => network === 'nostr' && !before.includes(id)) ?? null;
}

/** It is there (its row may come a moment later): what losing its key means is said before the first message, with the way to keep it. */
function Made({ account }: { readonly account: AccountRow | null }): ReactNode {
  const [told, setTold] = useState<string | null>(null);
  if (account?.keyKept === true)
    return (
      <AccountPage title={say('nostr.made')} sub={say('nostr.kept.means')} onBack={null}>
        <Button look="go" onClick={() => showSheet(null)}>
          {say('account.go')}
        </Button>
      </AccountPage>
    );
  return (
    <AccountPage title={say('nostr.made')} sub={say('nostr.keep')} onBack={null}>
      <KeyWarning />
      <div className={styles['acts']}>
        <div>
          <Button
            look="go"
            disabled={account === null}
            onClick={() => {
              if (account === null) return;
              setTold(null);
              revealKey(account.id).catch((error: unknown) => setTold(faultOf(error)));
            }}
          >
            {say('nostr.keep.now')}
          </Button>
          <p>{say('nostr.keep.now.means')}</p>
        </div>
        <div>
          <Button onClick={() => showSheet(null)}>{say('nostr.keep.later')}</Button>
          <p>{say('nostr.keep.later.means')}</p>
        </div>
      </div>
      <output className={styles['stated']}>{told}</output>
    </AccountPage>
  );
}

/** Has the shell's own window show an account's key. Whether it was then said to be written down. @throws PlainsealError */
export function revealKey(account: AccountId): Promise<boolean> {
  return insist('key.reveal', { request: newRequest(), account });
}
