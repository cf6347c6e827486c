import type { ReactNode } from 'react';
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
  return (
    <span className={large ? styles['large'] : styles['key']} data-testid="key">
      {grouped(identity).map((group, index) => (
        // The groups of one key never change places.
        // oxlint-disable-next-line react/no-array-index-key
        <span key={index}>{group} </span>
      ))}
    </span>
  );
}
