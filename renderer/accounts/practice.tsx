import { useState, type FormEvent, type ReactNode } from 'react';
import type { NetworkId } from '../../shared/ids.ts';
import { showSheet } from '../app/view.ts';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow } from '../flows/use-flow.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { focusAtOnce } from '../ui/focus.ts';
import { say, words } from '../words.ts';
import { AskFields } from './ask.tsx';
import { AccountPage } from './page.tsx';
import styles from './email.module.css';
import { FlowProgress } from './progress.tsx';

/** Adding an account that needs no more than an address. */
export function PracticeForm({
  network,
  onBack,
}: {
  readonly network: NetworkId;
  readonly onBack: () => void;
}): ReactNode {
  const flow = useFlow();
  const [address, setAddress] = useState('');
  const { step } = flow;
  function begin(event: FormEvent): void {
    event.preventDefault();
    if (!flow.running) flow.start({ kind: 'add-account', args: { address: address.trim() } }, network, null);
  }
  return (
    <AccountPage title={words.networkName(network)} sub={say('welcome.practice.means')} onBack={onBack}>
      {step?.kind === 'done' ? (
        <Button look="go" onClick={() => showSheet(null)}>
          {say('account.go')}
        </Button>
      ) : step?.kind === 'ask' ? (
        <AskFields
          fields={step.fields}
          why={step.why}
          onAnswer={(values) => flow.answer({ kind: 'fields', values })}
        />
      ) : (
        <form className={styles['form']} onSubmit={begin}>
          <TextField
            label={say('account.email.address')}
            name="address"
            autoComplete="off"
            required
            ref={focusAtOnce}
            value={address}
            onChange={(event) => setAddress(event.currentTarget.value)}
          />
          {step?.kind === 'failed' ? <FlowTrouble why={step.why} /> : null}
          {flow.error === null ? null : <ErrorTrouble kind={flow.error} />}
          {flow.running ? (
            <FlowProgress step={step} onStop={flow.stop} />
          ) : (
            <Button look="go" type="submit">
              {say('flow.continue')}
            </Button>
          )}
        </form>
      )}
    </AccountPage>
  );
}
