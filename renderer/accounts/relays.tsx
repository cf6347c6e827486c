import { useEffect, type ReactNode } from 'react';
import type { AccountId } from '../../shared/ids.ts';
import { showSheet } from '../app/view.ts';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow, type Flow } from '../flows/use-flow.ts';
import { Button } from '../ui/button.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say } from '../words.ts';
import { AskFields } from './ask.tsx';
import { FlowProgress } from './progress.tsx';
import styles from './relays.module.css';

/** Where an account is found, and where invitations reach it. */
export function RelaysSheet({ account }: { readonly account: AccountId }): ReactNode {
  const flow = useFlow();
  const begin = (): void => flow.start({ kind: 'relays' }, 'nostr', account);
  // Once, when the sheet is opened: it asks with the relays as they are.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  useEffect(begin, []);
  const close = (): void => showSheet(null);
  if (flow.step?.kind === 'done')
    return (
      <Sheet title={say('nostr.relays.done')} sub={say('nostr.relays.done.means')} onClose={close}>
        <Button look="go" onClick={close}>
          {say('account.go')}
        </Button>
      </Sheet>
    );
  return (
    <Sheet title={say('nostr.relays.title')} sub={say('nostr.relays.sub')} onClose={close}>
      <div className={styles['parts']}>
        <Ask flow={flow} onAgain={begin} />
        <p>{say('nostr.relays.chats')}</p>
        <p>{say('nostr.relays.elsewhere')}</p>
      </div>
    </Sheet>
  );
}

function Ask({ flow, onAgain }: { readonly flow: Flow; readonly onAgain: () => void }): ReactNode {
  const { step, error } = flow;
  if (step?.kind === 'ask')
    return (
      <AskFields
        key={step.why}
        fields={step.fields}
        why={step.why}
        place={step.of === undefined ? 'nostr-add' : 'nostr-relay'}
        of={step.of}
        onAnswer={(values) => flow.answer({ kind: 'fields', values })}
      />
    );
  if (step?.kind !== 'failed' && error === null)
    return <FlowProgress step={step} onStop={() => showSheet(null)} />;
  return (
    <>
      {step?.kind === 'failed' ? <FlowTrouble why={step.why} /> : null}
      {error === null ? null : <ErrorTrouble kind={error} />}
      <Button look="go" onClick={onAgain}>
        {say('prove-person.again')}
      </Button>
    </>
  );
}
