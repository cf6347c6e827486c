import { useEffect, useState, type ReactNode } from 'react';
import type { Millis } from '../../shared/ids.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import { showSheet } from '../app/view.ts';
import { ErrorTrouble, FlowTrouble } from '../flows/trouble.tsx';
import { useFlow } from '../flows/use-flow.ts';
import { Button } from '../ui/button.tsx';
import { QrPicture } from '../ui/qr.tsx';
import { say } from '../words.ts';
import { AccountPage } from './page.tsx';
import styles from './signal.module.css';

/** Linking to a phone: a code to scan, which a new one follows by itself. */
export function SignalLink({ onBack }: { readonly onBack: () => void }): ReactNode {
  const flow = useFlow();
  const begin = (): void => flow.start({ kind: 'add-account', args: {} }, 'signal', null);
  // Once, when the page is opened: there is nothing to fill in first.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  useEffect(begin, []);
  const { step } = flow;
  if (step?.kind === 'done')
    return (
      <AccountPage title={say('signal.done')} sub={say('signal.done.means')} onBack={null}>
        <Button look="go" onClick={() => showSheet(null)}>
          {say('account.go')}
        </Button>
      </AccountPage>
    );
  const over = step?.kind === 'failed' || flow.error !== null;
  return (
    <AccountPage
      title={say('signal.title')}
      sub={say('signal.sub')}
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
            <p className={styles['stated']}>{say('signal.history')}</p>
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
