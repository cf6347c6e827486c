import type { ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { say } from '../words.ts';
import styles from './compare-number.module.css';

/** One number that both sides see: the same on both screens means that nobody is in between. */
export function CompareNumber({
  number,
  onAnswer,
}: {
  /** Groups of digits with spaces between. */
  readonly number: string;
  readonly onAnswer: (same: boolean) => void;
}): ReactNode {
  const groups = number.split(' ');
  return (
    <div className={styles['question']}>
      <p>{say('number.how')}</p>
      <p>{say('number.where')}</p>
      <output
        className={styles['number']}
        aria-label={`${say('number.label')}: ${number}`}
        data-testid="safety-number"
      >
        {groups.map((group, at) => (
          // Its place is all that tells one group from another.
          // oxlint-disable-next-line react/no-array-index-key
          <span key={at}>{group}</span>
        ))}
      </output>
      <div className={styles['acts']}>
        <Button look="go" onClick={() => onAnswer(true)}>
          {say('number.match')}
        </Button>
        <Button onClick={() => onAnswer(false)}>{say('number.differ')}</Button>
      </div>
    </div>
  );
}
