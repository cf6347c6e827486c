import { useEffect, type ReactNode } from 'react';
import type { AccountId, NetworkId } from '../../shared/ids.ts';
import type { FlowStart } from '../../shared/lane/flow.ts';
import type { FlowPlace } from '../../shared/words/trouble.ts';
import { showSheet } from '../app/view.ts';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow, type Flow } from '../flows/use-flow.ts';
import { Button } from '../ui/button.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say } from '../words.ts';
import { AskFields } from './ask.tsx';
import styles from './flow-sheet.module.css';
import { FlowProgress } from './progress.tsx';

/** What a panel is of, and its words. */
interface Props {
  readonly account: AccountId;
  readonly network: NetworkId;
  readonly start: FlowStart;
  /** Where its failures are worded. */
  readonly place: FlowPlace | null;
  readonly words: {
    readonly title: string;
    readonly sub: string;
    readonly done: string;
    readonly doneMeans: string;
  };
}

/** A panel in which an account's lane and the person talk: begun when it is opened, and again where it failed. `children`: what is between. */
export function FlowSheet({
  account,
  network,
  start,
  place,
  words,
  children,
}: Props & { readonly children: (flow: Flow) => ReactNode }): ReactNode {
  const flow = useFlow();
  const { step, error } = flow;
  const begin = (): void => flow.start(start, network, account);
  // Once, when the panel is opened.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  useEffect(begin, []);
  const close = (): void => showSheet(null);
  if (step?.kind === 'done')
    return (
      <Sheet title={words.done} sub={words.doneMeans} onClose={close}>
        <Button look="go" onClick={close}>
          {say('account.go')}
        </Button>
      </Sheet>
    );
  return (
    <Sheet title={words.title} sub={words.sub} onClose={close}>
      {step?.kind === 'failed' || error !== null ? (
        <div className={styles['parts']}>
          {step?.kind === 'failed' ? <FlowTrouble why={step.why} place={place} /> : null}
          {error === null ? null : <ErrorTrouble kind={error} />}
          <Button look="go" onClick={begin}>
            {say('app.retry')}
          </Button>
        </div>
      ) : (
        children(flow)
      )}
    </Sheet>
  );
}

/** One in which the lane asks for something until it can use it. `children`: what is to be known of that. */
export function AskSheet({ children, ...props }: Props & { readonly children: ReactNode }): ReactNode {
  return (
    <FlowSheet {...props}>
      {({ step, answer }) => (
        <div className={styles['parts']}>
          {step?.kind === 'ask' ? (
            <AskFields
              fields={step.fields}
              why={step.why}
              place={props.place}
              of={step.of}
              onAnswer={(values) => answer({ kind: 'fields', values })}
            />
          ) : (
            <FlowProgress step={step} onStop={() => showSheet(null)} />
          )}
          {children}
        </div>
      )}
    </FlowSheet>
  );
}
