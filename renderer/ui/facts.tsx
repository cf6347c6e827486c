import type { ReactNode } from 'react';
import styles from './facts.module.css';

/** Names and what holds, one under the other, in Plainseal's voice. */
export function Facts({
  rows,
}: {
  readonly rows: readonly { readonly name: string; readonly value: ReactNode }[];
}): ReactNode {
  return (
    <dl className={styles['facts']}>
      {rows.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
