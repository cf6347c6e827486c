import { useEffect, useState, type FormEvent, type ReactNode } from 'react';
import type { AccountId } from '../../shared/ids.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import { openLink } from '../app/host.ts';
import { showSheet } from '../app/view.ts';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow } from '../flows/use-flow.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say } from '../words.ts';
import styles from './prove-person.module.css';

/** Where Signal lets a person show that they are one (`RECAPTCHA_PROOF_URL` of Signal's Android app). It opens in the person's own browser. */
const SIGNALS_PAGE = 'https://signalcaptchas.org/challenge/generate.html';

/** The network wants to see a person: they solve its page in their browser, and paste what that gave them. */
export function ProvePersonSheet({ account }: { readonly account: AccountId }): ReactNode {
  const flow = useFlow();
  const begin = (): void => flow.start({ kind: 'prove-person' }, 'signal', account);
  // Once, when the sheet is opened: it asks for one thing, or says that nothing is asked any more.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  useEffect(begin, []);
  const { step, error } = flow;
  const close = (): void => showSheet(null);
  if (step?.kind === 'done')
    return (
      <Sheet title={say('prove-person.done')} sub={say('prove-person.done.means')} onClose={close}>
        <Button look="go" onClick={close}>
          {say('account.go')}
        </Button>
      </Sheet>
    );
  const over = step?.kind === 'failed' || error !== null;
  return (
    <Sheet title={say('prove-person.title')} sub={say('prove-person.sub')} onClose={close}>
      {over ? (
        <div className={styles['parts']}>
          {step?.kind === 'failed' ? <FlowTrouble why={step.why} place="signal-person" /> : null}
          {error === null ? null : <ErrorTrouble kind={error} />}
          <Button look="go" onClick={begin}>
            {say('prove-person.again')}
          </Button>
        </div>
      ) : (
        <Steps step={step} onPasted={(captcha) => flow.answer({ kind: 'fields', values: { captcha } })} />
      )}
    </Sheet>
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
    <form className={styles['parts']} onSubmit={submit}>
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
