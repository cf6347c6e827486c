import { useState, type FormEvent, type ReactNode } from 'react';
import type { AccountId } from '../../shared/ids.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import { openLink } from '../app/host.ts';
import { FlowTrouble } from '../flows/trouble.tsx';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { say } from '../words.ts';
import { FlowSheet } from './flow-sheet.tsx';
import sheet from './flow-sheet.module.css';
import styles from './prove-person.module.css';

/** Where Signal lets a person show that they are one (`RECAPTCHA_PROOF_URL` of Signal's Android app). It opens in the person's own browser. */
const SIGNALS_PAGE = 'https://signalcaptchas.org/challenge/generate.html';

/** The network wants to see a person: they solve its page in their browser, and paste what that gave them. */
export function ProvePersonSheet({ account }: { readonly account: AccountId }): ReactNode {
  return (
    <FlowSheet
      account={account}
      network="signal"
      start={{ kind: 'prove-person' }}
      place="signal-person"
      words={{
        title: say('prove-person.title'),
        sub: say('prove-person.sub'),
        done: say('prove-person.done'),
        doneMeans: say('prove-person.done.means'),
      }}
    >
      {({ step, answer }) => (
        <Steps step={step} onPasted={(captcha) => answer({ kind: 'fields', values: { captcha } })} />
      )}
    </FlowSheet>
  );
}

/** What to do on Signal's page, and where to paste what it gives. */
function Steps({
  step,
  onPasted,
}: {
  readonly step: FlowStep | null;
  readonly onPasted: (captcha: string) => void;
}): ReactNode {
  const [text, setText] = useState('');
  const isAsked = step?.kind === 'ask';
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (isAsked && text.trim() !== '') onPasted(text);
  }
  return (
    <form className={sheet['parts']} onSubmit={submit}>
      <ol className={styles['how']}>
        <li>
          {say('prove-person.open')} <small>{say('prove-person.open.seen')}</small>
        </li>
        <li>{say('prove-person.copy')}</li>
        <li>{say('prove-person.paste')}</li>
      </ol>
      <Button onClick={() => openLink(SIGNALS_PAGE)}>{say('prove-person.open.act')}</Button>
      {isAsked && step.why !== null ? <FlowTrouble why={step.why} place="signal-person" /> : null}
      <TextField
        label={say('prove-person.field')}
        name="captcha"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button look="go" type="submit" disabled={!isAsked || text.trim() === ''}>
        {say('prove-person.go')}
      </Button>
    </form>
  );
}
