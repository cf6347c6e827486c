import type { ReactNode } from 'react';
import { cx } from '../ui/classes.ts';
import styles from './key-groups.module.css';
import { grouped } from './key.ts';

/** A key in groups of four, to be read aloud and compared. */
export function KeyGroups({
  identity,
  large,
}: {
  readonly identity: string;
  readonly large?: boolean;
}): ReactNode {
  const groups = grouped(identity);
  return (
    <span
      className={cx(large ? styles['large'] : styles['key'], /^\d{5} /u.test(identity) && styles['digits'])}
      data-testid="key"
    >
      {groups.map((group, index) => (
        // The groups of one key never change places.
        // oxlint-disable-next-line react/no-array-index-key
        <span key={index}>{group} </span>
      ))}
    </span>
  );
}
