import { useState, type FormEvent, type ReactNode } from 'react';
import type { FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import type { FlowPlace } from '../../shared/words/trouble.ts';
import { plainName } from '../../shared/words/plain-name.ts';
import { FlowTrouble } from '../flows/trouble.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { focusAtOnce } from '../ui/focus.ts';
import { say } from '../words.ts';
import styles from './email.module.css';

/** Longest answer to a field, in UTF-16 units: no address, password or list of relays is as long. */
const MAX_ANSWER = 1_000;

const known = [
  'address',
  'password',
  'name',
  'imapHost',
  'imapPort',
  'imapSecurity',
  'imapUser',
  'smtpHost',
  'smtpPort',
  'smtpSecurity',
  'smtpUser',
  'relays',
] as const;

/** What a field a lane asks for is called; one this page does not know keeps the lane's own name. */
function fieldName(name: string): string {
  const word = known.find((each) => each === name);
  return word ? say(`account.field.${word}`) : plainName(name);
}

/** The fields a lane asks for, with the reason it asks. */
export function AskFields({
  fields,
  why,
  place = null,
  of,
  onAnswer,
}: {
  readonly fields: Extract<FlowStep, { kind: 'ask' }>['fields'];
  readonly why: FlowFailure | null;
  readonly place?: FlowPlace | null;
  /** What the reason is of, as it was typed. */
  readonly of?: string | undefined;
  readonly onAnswer: (values: Readonly<Record<string, string>>) => void;
}): ReactNode {
  const [values, setValues] = useState<Readonly<Record<string, string>>>(
    Object.fromEntries(fields.map(({ name, value }) => [name, value])),
  );
  function submit(event: FormEvent): void {
    event.preventDefault();
    onAnswer(values);
    // What is secret is sent once and gone, also where it was refused.
    const secret = fields.filter((field) => field.secret).map(({ name }) => [name, ''] as const);
    setValues({ ...values, ...Object.fromEntries(secret) });
  }
  return (
    <form className={styles['form']} onSubmit={submit}>
      {why === null ? null : <FlowTrouble why={why} place={place} of={of} />}
      <div className={styles['pair']}>
        {fields.map(({ name, secret }, index) => (
          <TextField
            key={name}
            className={/port|security/iu.test(name) ? styles['narrow'] : undefined}
            label={fieldName(name)}
            name={name}
            type={secret ? 'password' : 'text'}
            autoComplete="off"
            spellCheck={false}
            maxLength={MAX_ANSWER}
            ref={index === 0 ? focusAtOnce : undefined}
            inputMode={/port/iu.test(name) ? 'numeric' : undefined}
            value={values[name] ?? ''}
            onChange={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
          />
        ))}
      </div>
      <Button look="go" type="submit">
        {say('flow.continue')}
      </Button>
    </form>
  );
}
