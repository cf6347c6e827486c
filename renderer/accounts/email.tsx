import { Eye, EyeOff } from 'lucide-react';
import { useState, type FormEvent, type ReactNode } from 'react';
import { showSheet } from '../app/view.ts';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow } from '../flows/use-flow.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { focusAtOnce } from '../ui/focus.ts';
import { say } from '../words.ts';
import { AskFields } from './ask.tsx';
import { AccountPage } from './page.tsx';
import styles from './email.module.css';
import { FlowProgress } from './progress.tsx';

/** Adding an e-mail account: address and password, then what the lane asks for. */
export function EmailForm({ onBack }: { readonly onBack: () => void }): ReactNode {
  const flow = useFlow();
  const [values, setValues] = useState({ address: '', password: '', name: '' });
  const { step } = flow;

  function begin(event: FormEvent): void {
    event.preventDefault();
    if (flow.running) return;
    const { address, password, name } = values;
    flow.start(
      { kind: 'add-account', args: { address: address.trim(), password, displayName: name.trim() } },
      'email',
      null,
    );
  }

  if (step?.kind === 'done')
    return (
      <AccountPage title={say('account.done')} sub={say('account.done.means')} onBack={null}>
        <Button look="go" onClick={() => showSheet(null)}>
          {say('account.go')}
        </Button>
      </AccountPage>
    );
  if (step?.kind === 'ask')
    return (
      <AccountPage
        title={say('account.servers')}
        sub={<bdi className="said">{values.address}</bdi>}
        onBack={flow.stop}
      >
        <AskFields
          fields={step.fields}
          why={step.why}
          onAnswer={(answers) => flow.answer({ kind: 'fields', values: answers })}
        />
      </AccountPage>
    );
  return (
    <AccountPage
      title={say('account.email.title')}
      sub={say('account.email.sub')}
      onBack={flow.running ? null : onBack}
    >
      <form className={styles['form']} onSubmit={begin}>
        <TextField
          label={say('account.email.address')}
          name="address"
          type="email"
          autoComplete="off"
          spellCheck={false}
          required
          ref={focusAtOnce}
          disabled={flow.running}
          value={values.address}
          onChange={(event) => setValues({ ...values, address: event.currentTarget.value })}
        />
        <PasswordField
          value={values.password}
          disabled={flow.running}
          onChange={(password) => setValues({ ...values, password })}
        />
        <TextField
          label={say('account.email.name')}
          means={say('account.email.name.means')}
          name="name"
          autoComplete="off"
          disabled={flow.running}
          value={values.name}
          onChange={(event) => setValues({ ...values, name: event.currentTarget.value })}
        />
        {step?.kind === 'failed' ? <FlowTrouble why={step.why} /> : null}
        {flow.error === null ? null : <ErrorTrouble kind={flow.error} />}
        {flow.running ? (
          <FlowProgress step={step} onStop={flow.stop} />
        ) : (
          <Button look="go" type="submit">
            {say('account.email.add')}
          </Button>
        )}
      </form>
    </AccountPage>
  );
}

/** A password that can be looked at. */
function PasswordField({
  value,
  disabled,
  onChange,
}: {
  readonly value: string;
  readonly disabled: boolean;
  readonly onChange: (value: string) => void;
}): ReactNode {
  const [shown, setShown] = useState(false);
  return (
    <TextField
      label={say('account.email.password')}
      means={say('account.email.password.means')}
      name="password"
      type={shown ? 'text' : 'password'}
      autoComplete="off"
      spellCheck={false}
      required
      disabled={disabled}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      after={
        <IconButton
          label={say(shown ? 'account.hide-password' : 'account.show-password')}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          {shown ? <EyeOff aria-hidden="true" /> : <Eye aria-hidden="true" />}
        </IconButton>
      }
    />
  );
}
