import type { ReactNode } from 'react';
import type { FlowStep } from '../../shared/lane/flow.ts';
import { Button } from '../ui/button.tsx';
import { say } from '../words.ts';
import styles from './email.module.css';

/** Stages that lanes name and this page words; any other is "Working on it". */
const stages = ['servers', 'connecting', 'login', 'key', 'saving', 'asking', 'waiting', 'key-asked'] as const;

/** What a flow is doing, with the way out. */
export function FlowProgress({
  step,
  onStop,
}: {
  readonly step: FlowStep | null;
  readonly onStop: () => void;
}): ReactNode {
  const stage = step?.kind === 'progress' ? stages.find((known) => known === step.stage) : undefined;
  return (
    <output className={styles['progress']}>
      <span>{say(`flow.stage.${stage ?? 'working'}`)}…</span>
      <Button look="quiet" small onClick={onStop}>
        {say('app.cancel')}
      </Button>
    </output>
  );
}
