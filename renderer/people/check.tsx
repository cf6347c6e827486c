import { useEffect, useState, type ReactNode } from 'react';
import type { PeerRow } from '../../shared/contract/conversation.ts';
import type { AccountId, NetworkId } from '../../shared/ids.ts';
import type { CompareStep, FlowAnswer } from '../../shared/lane/flow.ts';
import { FlowProgress } from '../accounts/progress.tsx';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow } from '../flows/use-flow.ts';
import { Scanner } from '../scan/scanner.tsx';
import { Button } from '../ui/button.tsx';
import { Choice } from '../ui/choice.tsx';
import { QrPicture } from '../ui/qr.tsx';
import { say } from '../words.ts';
import styles from './check.module.css';
import { InviteCode } from './invite.tsx';
import { KeyGroups } from './key-groups.tsx';

const ways = ['number', 'words', 'code'] as const;
type Way = (typeof ways)[number];

/** Is it really them: the same on every network. What there is to compare the lane says; that it matches, the shell's own window asks. */
export function CheckPanel({
  row,
  account,
  network,
  onChanged,
}: {
  readonly row: PeerRow;
  readonly account: AccountId;
  readonly network: NetworkId;
  readonly onChanged: () => void;
}): ReactNode {
  const flow = useFlow();
  const { step, error } = flow;
  const isDone = step?.kind === 'done';
  useEffect(() => {
    if (isDone) onChanged();
    // Once, when it has ended well.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  }, [isDone]);
  useEffect(() => {
    // The person said no in the window, or core refused: what was put up is over.
    if (error !== null) flow.stop();
    // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  }, [error]);
  const tried = step?.kind === 'failed' || isDone;
  return (
    <section className={styles['check']}>
      <h3>{say('check.title')}</h3>
      <p className={styles['stated']}>{say('check.sub')}</p>
      {step?.kind === 'failed' ? <FlowTrouble why={step.why} /> : null}
      {error === null || error === 'refused' ? null : <ErrorTrouble kind={error} />}
      <output className={styles['told']}>
        {isDone ? say('check.done') : error === 'refused' ? say('check.not-marked') : null}
      </output>
      {step?.kind === 'compare' ? (
        <Compare step={step} network={network} onAnswer={flow.answer} />
      ) : flow.running ? (
        <FlowProgress step={step} onStop={flow.stop} />
      ) : (
        <Button
          look={row.trust.kind === 'checked' ? 'plain' : 'go'}
          onClick={() => flow.start({ kind: 'check', peer: row.id }, network, account)}
        >
          {say(tried ? 'check.again' : 'check.start')}
        </Button>
      )}
      {network === 'email' && step?.kind !== 'compare' ? <ByInvitation account={account} /> : null}
      <p className={styles['stated']}>{say('check.differ.do')}</p>
    </section>
  );
}

/** What is compared, in the way the person chose. */
function Compare({
  step,
  network,
  onAnswer,
}: {
  readonly step: CompareStep;
  readonly network: NetworkId;
  readonly onAnswer: (answer: FlowAnswer) => void;
}): ReactNode {
  const [way, setWay] = useState<Way>('number');
  useEffect(() => {
    if (step.matched) onAnswer({ kind: 'yes' });
    // Once, when the lane has found that their code fits; the shell's window asks what follows.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  }, [step.matched]);
  if (step.matched) return <output className={styles['told']}>{say('check.matched')}</output>;
  return (
    <div className={styles['compare']}>
      <Choice
        label={say('check.way')}
        value={way}
        options={ways.map((each) => ({ value: each, label: say(`check.way.${each}`) }))}
        onChange={setWay}
      />
      {way === 'code' ? (
        <Codes step={step} onCode={(code) => onAnswer({ kind: 'code', code })} />
      ) : (
        <>
          <p className={styles['stated']}>
            {way === 'number'
              ? say(`check.number.${network}`)
              : `${say('check.words.means')} ${say('check.words.public')}`}
          </p>
          {step.values.map(({ of, number, words }) => (
            <figure key={of} data-testid={`compare-${of}`}>
              <figcaption>{say(`check.of.${of}`)}</figcaption>
              {way === 'number' ? <KeyGroups identity={number} large /> : <Words words={words} />}
            </figure>
          ))}
          <div className={styles['acts']}>
            <Button look="go" onClick={() => onAnswer({ kind: 'yes' })}>
              {say('check.match')}
            </Button>
            <Button onClick={() => onAnswer({ kind: 'no' })}>{say('check.differ')}</Button>
          </div>
        </>
      )}
    </div>
  );
}

/** Words in their order; numbers in front help to find the place on a call. */
function Words({ words }: { readonly words: readonly string[] }): ReactNode {
  return (
    <ol className={styles['words']}>
      {words.map((word, at) => (
        // A word may come twice; its place tells it from the other.
        // oxlint-disable-next-line react/no-array-index-key
        <li key={at}>{word}</li>
      ))}
    </ol>
  );
}

/** My code to be scanned, and the means to scan theirs. */
function Codes({
  step,
  onCode,
}: {
  readonly step: CompareStep;
  readonly onCode: (code: Uint8Array) => void;
}): ReactNode {
  return (
    <div className={styles['codes']}>
      <figure>
        <figcaption>{say('check.code.show')}</figcaption>
        <QrPicture code={step.code} label={say('check.code.qr')} />
      </figure>
      <div>
        <h4>{say('check.code.scan')}</h4>
        <p className={styles['stated']}>{say('check.code.scan.means')}</p>
        <Scanner accepts={step.accepts} onCode={onCode} />
      </div>
    </div>
  );
}

/** Where a network has a proof to exchange: both apps do it, once the other side has followed an invitation of mine. */
function ByInvitation({ account }: { readonly account: AccountId }): ReactNode {
  const flow = useFlow();
  const { step } = flow;
  return (
    <div className={styles['invitation']}>
      {step?.kind === 'show-code' ? (
        <InviteCode text={step.text} expiresAt={step.expiresAt} />
      ) : flow.running ? (
        <FlowProgress step={step} onStop={flow.stop} />
      ) : (
        <>
          <Button onClick={() => flow.start({ kind: 'invite' }, 'email', account)}>
            {say('check.invite')}
          </Button>
          <p className={styles['stated']}>{say('check.invite.means')}</p>
        </>
      )}
      {step?.kind === 'failed' ? <FlowTrouble why={step.why} /> : null}
      {flow.error === null ? null : <ErrorTrouble kind={flow.error} />}
    </div>
  );
}
