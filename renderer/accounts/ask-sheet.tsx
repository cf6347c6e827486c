import { useEffect, type ReactNode } from 'react';
import type { AccountId, NetworkId } from '../../shared/ids.ts';
import type { FlowStart } from '../../shared/lane/flow.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import type { FlowPlace } from '../../shared/words/trouble.ts';
import { showSheet } from '../app/view.ts';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow, type Flow } from '../flows/use-flow.ts';
import { Button } from '../ui/button.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say } from '../words.ts';
import { AskFields } from './ask.tsx';
import styles from './ask-sheet.module.css';
import { accountName } from './name.ts';
import { FlowProgress } from './progress.tsx';
import { useAccount } from './store.ts';

/** The words of a panel. */
interface Words {
  readonly title: string;
  readonly sub: string;
  readonly done: string;
  readonly doneMeans: string;
}

/** Where an account is found, and where invitations reach it. */
export function RelaysSheet({ account }: { readonly account: AccountId }): ReactNode {
  return (
    <AskSheet
      account={account}
      network="nostr"
      start={{ kind: 'relays' }}
      placeOf={(one) => (one === undefined ? 'nostr-add' : 'nostr-relay')}
      words={{
        title: say('nostr.relays.title'),
        sub: say('nostr.relays.sub'),
        done: say('nostr.relays.done'),
        doneMeans: say('nostr.relays.done.means'),
      }}
    >
      <p>{say('nostr.relays.chats')}</p>
      <p>{say('nostr.relays.elsewhere')}</p>
    </AskSheet>
  );
}

/** The password of an account is another one now. */
export function SignInSheet({ account }: { readonly account: AccountId }): ReactNode {
  const row = useAccount(account);
  return (
    <AskSheet
      account={account}
      network="email"
      start={{ kind: 'sign-in' }}
      placeOf={() => null}
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

/** A panel in which an account's lane asks for something until it can use it. */
function AskSheet({
  account,
  network,
  start,
  placeOf,
  words,
  children,
}: {
  readonly account: AccountId;
  readonly network: NetworkId;
  readonly start: FlowStart;
  /** Where what was refused is worded; given what of it was, as it was typed. */
  readonly placeOf: (of: string | undefined) => FlowPlace | null;
  readonly words: Words;
  readonly children: ReactNode;
}): ReactNode {
  const flow = useFlow();
  const begin = (): void => flow.start(start, network, account);
  // Once, when the panel is opened.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  useEffect(begin, []);
  const close = (): void => showSheet(null);
  if (flow.step?.kind === 'done')
    return (
      <Sheet title={words.done} sub={words.doneMeans} onClose={close}>
        <Button look="go" onClick={close}>
          {say('account.go')}
        </Button>
      </Sheet>
    );
  return (
    <Sheet title={words.title} sub={words.sub} onClose={close}>
      <div className={styles['parts']}>
        <Asked flow={flow} placeOf={placeOf} onAgain={begin} />
        {children}
      </div>
    </Sheet>
  );
}

function Asked({
  flow,
  placeOf,
  onAgain,
}: {
  readonly flow: Flow;
  readonly placeOf: (of: string | undefined) => FlowPlace | null;
  readonly onAgain: () => void;
}): ReactNode {
  const { step, error } = flow;
  if (step?.kind === 'ask')
    return (
      <AskFields
        fields={step.fields}
        why={step.why}
        place={placeOf(step.of)}
        of={step.of}
        onAnswer={(values) => flow.answer({ kind: 'fields', values })}
      />
    );
  if (step?.kind !== 'failed' && error === null)
    return <FlowProgress step={step} onStop={() => showSheet(null)} />;
  return (
    <>
      {step?.kind === 'failed' ? <FlowTrouble why={step.why} place={placeOf(undefined)} /> : null}
      {error === null ? null : <ErrorTrouble kind={error} />}
      <Button look="go" onClick={onAgain}>
        {say('prove-person.again')}
      </Button>
    </>
  );
}
