import { useEffect, useState, type ReactNode } from 'react';
import type { AccountId, Millis } from '../../shared/ids.ts';
import type { FlowBegin, FlowStep } from '../../shared/lane/flow.ts';
import { showSheet } from '../app/view.ts';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow } from '../flows/use-flow.ts';
import { Button } from '../ui/button.tsx';
import { QrPicture } from '../ui/qr.tsx';
import { say } from '../words.ts';
import { AccountPage } from './page.tsx';
import { useAccount } from './store.ts';
import styles from './signal.module.css';

/** Linking to a phone: a code to scan, which a new one follows by itself. */
export function SignalLink({ onBack }: { readonly onBack: () => void }): ReactNode {
  return (
    <Linking
      title={say('signal.title')}
      sub={say('signal.sub')}
      done={{ title: say('signal.done'), sub: say('signal.done.means') }}
      stated={[say('signal.history')]}
      start={{ kind: 'add-account', args: {} }}
      account={null}
      onBack={onBack}
    />
  );
}

/** Linking an account again that is stopped here for good: what was written stays and goes on. */
export function LinkAgain({
  account,
  onBack,
}: {
  readonly account: AccountId;
  readonly onBack: () => void;
}): ReactNode {
  const row = useAccount(account);
  return (
    <Linking
      title={say('link-again.title')}
      sub={<bdi>{row?.address}</bdi>}
      done={{ title: say('link-again.done'), sub: say('link-again.done.means') }}
      stated={[say('link-again.chats'), say('link-again.waiting')]}
      start={{ kind: 'link-again' }}
      account={account}
      onBack={onBack}
    />
  );
}

function Linking({
  title,
  sub,
  done,
  stated,
  start,
  account,
  onBack,
}: {
  readonly title: string;
  readonly sub: ReactNode;
  readonly done: { readonly title: string; readonly sub: string };
  readonly stated: readonly string[];
  readonly start: FlowBegin;
  readonly account: AccountId | null;
  readonly onBack: () => void;
}): ReactNode {
  const flow = useFlow();
  const begin = (): void => flow.start(start, 'signal', account);
  // Once, when the page is opened: there is nothing to fill in first.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  useEffect(begin, []);
  const { step } = flow;
  if (step?.kind === 'done')
    return (
      <AccountPage title={done.title} sub={done.sub} onBack={null}>
        <Button look="go" onClick={() => showSheet(null)}>
          {say('account.go')}
        </Button>
      </AccountPage>
    );
  const over = step?.kind === 'failed' || flow.error !== null;
  return (
    <AccountPage
      title={title}
      sub={sub}
      onBack={() => {
        flow.stop();
        onBack();
      }}
    >
      {over ? (
        <div className={styles['over']}>
          {step?.kind === 'failed' ? <FlowTrouble why={step.why} place="signal-link" /> : null}
          {flow.error === null ? null : <ErrorTrouble kind={flow.error} />}
          <Button look="go" onClick={begin}>
            {say('signal.again')}
          </Button>
        </div>
      ) : (
        <div className={styles['link']}>
          <Code step={step} />
          <div className={styles['how']}>
            <ol>
              <li>{say('signal.open')}</li>
              <li>{say('signal.devices')}</li>
              <li>{say('signal.scan')}</li>
            </ol>
            <NextCode at={step?.kind === 'show-code' ? step.expiresAt : null} />
            {stated.map((text) => (
              <p key={text} className={styles['stated']}>
                {text}
              </p>
            ))}
          </div>
        </div>
      )}
    </AccountPage>
  );
}

const SECOND_MS = 1_000;

/** When the next code comes, counted down; its line is there before and after, so that nothing moves. */
function NextCode({ at }: { readonly at: Millis | null }): ReactNode {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (at === null) return undefined;
    const tick = (): void => setNow(Date.now());
    tick();
    const timer = setInterval(tick, SECOND_MS);
    return () => clearInterval(timer);
  }, [at]);
  const left = at === null ? 0 : Math.max(0, Math.ceil((at - now) / SECOND_MS));
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
  return <p className={styles['next']}>{left === 0 ? '\u00a0' : say('signal.new-code', { time })}</p>;
}

/** The code, or what is going on in its place; the place never changes its size. */
function Code({ step }: { readonly step: FlowStep | null }): ReactNode {
  if (step?.kind === 'show-code')
    return (
      <div className={styles['code']} data-testid="link-code">
        <QrPicture code={step.text} label={say('signal.qr')} />
      </div>
    );
  const isLinking = step?.kind === 'progress' && step.stage !== 'connecting';
  return (
    <output className={styles['code']}>
      <span className={styles['going']}>{say(isLinking ? 'signal.scanned' : 'signal.waiting')}…</span>
    </output>
  );
}
